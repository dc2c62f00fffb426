/** Stores the trained classifier: with the run whose edits it judges, or in the cache if there is no run's folder. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { cacheFolder, readCached, writeCached } from "../cache.js";
import { writeFileAtomic } from "../files.js";
import { decodeSafetensors, encodeSafetensors, type NamedTensors } from "../interop/safetensors.js";
import type { Parameters } from "../nn/parameters.js";
import { type ClassifierShape, classifierSpecs, JUDGE } from "./classifier.js";

/** Version of the network and its training. A file of another version is made again. */
const FORMAT = "elegant-faces classifier 1";
const FILE = "classifier.safetensors";

const recordSchema = z.object({
  /** Key that changes with the images, their labels, the attributes and the seed. */
  key: z.string(),
  seed: z.number().int(),
  updates: z.number().int(),
  training: z.number().int(),
  heldOut: z.number().int(),
  attributes: z.array(z.object({ name: z.string(), accuracy: z.number().nullable() })),
});
export type ClassifierRecord = z.infer<typeof recordSchema>;

export interface StoredClassifier {
  readonly parameters: Parameters;
  readonly record: ClassifierRecord;
}

/**
 * @param files names of the training and held-out images
 * @param labels [files, attributes]
 */
export function classifierKey(
  files: readonly string[],
  labels: Int8Array,
  attributes: readonly string[],
  seed: number,
): string {
  const hash = createHash("sha256").update(JSON.stringify([FORMAT, seed, attributes, files]));
  return hash.update(labels).digest("hex").slice(0, 32);
}

/** Path of the classifier with this key. @param folder the run's folder, or null */
export function classifierPath(folder: string | null, key: string): string {
  return join(folder ?? cacheFolder(), folder === null ? cachedName(key) : FILE);
}

const cachedName = (key: string): string => `classifier-${key}.safetensors`;

/** Loads the stored classifier to the current device; null if there is none with this key. */
export async function loadClassifier(folder: string | null, key: string): Promise<StoredClassifier | null> {
  const path = classifierPath(folder, key);
  const bytes = folder === null ? await readCached(cachedName(key)) : await readFile(path).catch(() => null);
  if (bytes === null) return null;
  try {
    const { tensors, metadata } = decodeSafetensors(bytes, path);
    if (metadata.format !== FORMAT) return null;
    const record = recordSchema.parse(JSON.parse(metadata.record ?? ""));
    if (record.key !== key) return null;
    const parameters = uploadClassifier(JUDGE, tensors, record.attributes.length);
    return parameters === null ? null : { parameters, record };
  } catch {
    return null; // a damaged file is made again
  }
}

/** Puts the tensors of a file on the current device; null if they are not those of this network. */
export function uploadClassifier(shape: ClassifierShape, tensors: NamedTensors, count: number): Parameters | null {
  const specs = classifierSpecs(shape, count);
  const fits = specs.every(({ name, shape }) => tensors.get(name)?.shape.join() === shape.join());
  if (!fits) return null;
  const parameters = new Map<string, tf.Variable>();
  for (const { name, shape } of specs) {
    const { data } = tensors.get(name)!;
    parameters.set(
      name,
      tf.tidy(() => tf.variable(tf.tensor(data.slice(), [...shape]), false)),
    );
  }
  return parameters;
}

/** Reads parameters back from the device, for a file. */
export async function downloadClassifier(parameters: Parameters): Promise<NamedTensors> {
  const tensors: NamedTensors = new Map();
  for (const [name, variable] of parameters) {
    tensors.set(name, { shape: variable.shape, data: ((await variable.data()) as Float32Array).slice() });
  }
  return tensors;
}

/** Stores a classifier. @throws InputError or RetryableError if the run's folder cannot be written */
export async function saveClassifier(folder: string | null, { parameters, record }: StoredClassifier): Promise<void> {
  const tensors = await downloadClassifier(parameters);
  const bytes = encodeSafetensors(tensors, { format: FORMAT, record: JSON.stringify(record) });
  if (folder === null) await writeCached(cachedName(record.key), () => bytes);
  else await writeFileAtomic(classifierPath(folder, record.key), bytes);
}
