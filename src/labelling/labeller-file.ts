/** The file of a labeller: its network, calibration and accuracy, as safetensors with JSON in the metadata. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { describeMismatch, InputError, rethrowAs } from "../errors.js";
import { decodeSafetensors, encodeSafetensors, type NamedTensors } from "../interop/safetensors.js";
import { parseJson } from "../json.js";
import type { Parameters } from "../nn/parameters.js";
import type { ClassifierShape } from "../scoring/classifier.js";
import { uploadClassifier } from "../scoring/classifier-file.js";

const FORMAT = "elegant-faces labeller 1";
const MOST_LAYERS = 16;

/** The labeller that ships with the package. */
export const SHIPPED_LABELLER = fileURLToPath(
  new URL("../../../assets/celeba-hq-attributes-64.safetensors", import.meta.url),
);
export const SHIPPED_TERMS =
  "trained on CelebA-HQ, for non-commercial research only. The MIT licence does not cover it (assets/celeba-hq-attributes-64.md)";

const shareSchema = z.number().min(0).max(1);
const recordSchema = z.object({
  shape: z.object({
    size: z.number().int().min(8).max(512),
    layers: z
      .array(z.object({ channels: z.number().int().min(1).max(4096), stride: z.union([z.literal(1), z.literal(2)]) }))
      .min(1)
      .max(MOST_LAYERS)
      .readonly(),
  }),
  seed: z.number().int(),
  passes: z.number().int(),
  updates: z.number().int(),
  /** Numbers of images that the network learned from, that the calibration was fitted to, and that it was tested on. */
  training: z.number().int(),
  calibration: z.number().int(),
  heldOut: z.number().int(),
  attributes: z
    .array(
      z.object({
        name: z.string().min(1),
        factor: z.number(),
        offset: z.number(),
        accuracy: shareSchema.nullable(),
        balanced: shareSchema.nullable(),
        majority: shareSchema.nullable(),
      }),
    )
    .min(1),
  confidences: z.array(z.object({ confidence: shareSchema, open: shareSchema, accuracy: shareSchema.nullable() })),
});
export type LabellerRecord = z.infer<typeof recordSchema>;

/** A labeller on the current device. */
export interface Labeller {
  readonly shape: ClassifierShape;
  readonly parameters: Parameters;
  readonly record: LabellerRecord;
}

/** The bytes of a labeller's file. Its numbers are float16. */
export function encodeLabeller(tensors: NamedTensors, record: LabellerRecord): Uint8Array {
  return encodeSafetensors(tensors, { format: FORMAT, record: JSON.stringify(record) }, { dtype: "F16" });
}

/** The tensors as a file gives them back: rounded to float16. */
export function asStored(tensors: NamedTensors): NamedTensors {
  return decodeSafetensors(encodeSafetensors(tensors, {}, { dtype: "F16" }), "labeller").tensors;
}

export interface LabellerFile {
  readonly tensors: NamedTensors;
  readonly record: LabellerRecord;
}

/** Reads the file of a labeller. @throws InputError if it is not one */
export async function readLabeller(path: string): Promise<LabellerFile> {
  const bytes = await readFile(path).catch(rethrowAs(`Reading the model ${path}`));
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  const record = metadata.format === FORMAT ? parseJson(recordSchema, metadata.record ?? "") : null;
  if (record !== null) return { tensors, record };
  const received = metadata.format === undefined ? "a safetensors file without a format" : `'${metadata.format}'`;
  const remedy = "Make one with 'elegant label --train-on', or omit --model.";
  throw new InputError(describeMismatch(path, `a labeller ('${FORMAT}')`, received, remedy));
}

/** Puts a labeller on the current device. @param path for messages @throws InputError if tensors are missing or do not fit */
export function uploadLabeller({ tensors, record }: LabellerFile, path: string): Labeller {
  const parameters = uploadClassifier(record.shape, tensors, record.attributes.length);
  if (parameters !== null) return { shape: record.shape, parameters, record };
  const remedy = "The file is damaged: train it again, or get it again.";
  throw new InputError(describeMismatch(path, "the tensors that its metadata describe", "others", remedy));
}
