/**
 * Reads the weights of the face networks that come with @vladmandic/face-api. They are stored as bytes, each tensor with
 * a scale and a smallest value.
 */
import { z } from "zod";
import { readAsset } from "#platform";
import { describeMismatch, InputError, rethrowAs } from "../errors.js";
import { parseJson } from "../json.js";

/** A tensor's values, in the order of its shape. */
export interface Weights {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Gives the tensor of a name. @throws InputError if there is none */
export type WeightSource = (name: string) => Weights;

const manifestSchema = z.array(
  z.object({
    weights: z.array(
      z.object({
        name: z.string(),
        shape: z.array(z.number().int().positive()),
        dtype: z.enum(["float32", "int32"]),
        quantization: z.object({ scale: z.number(), min: z.number(), dtype: z.literal("uint8") }).optional(),
      }),
    ),
  }),
);

/** Reads a network. @param name of its files, such as "tiny_face_detector_model" @throws InputError if they are missing or damaged */
export async function readWeights(name: string): Promise<WeightSource> {
  const read = (file: string): Promise<Uint8Array<ArrayBuffer>> =>
    readAsset(`@vladmandic/face-api/model/${file}`).catch(
      rethrowAs("Reading the weights of the face networks (npm ci brings them)"),
    );
  const manifest = parseJson(manifestSchema, new TextDecoder().decode(await read(`${name}-weights_manifest.json`)));
  const remedy = "Install the package again (npm ci).";
  if (manifest === null) {
    throw new InputError(describeMismatch(name, "a list of weights", "something else", remedy));
  }
  const bytes = await read(`${name}.bin`);
  const tensors = new Map<string, Weights>();
  let at = 0;
  for (const { name: tensor, shape, quantization } of manifest.flatMap(({ weights }) => weights)) {
    const count = shape.reduce((product, side) => product * side, 1);
    const length = quantization === undefined ? count * 4 : count;
    if (at + length > bytes.length) {
      throw new InputError(describeMismatch(`${name}.bin`, `${at + length} bytes or more`, `${bytes.length}`, remedy));
    }
    const stored = new Uint8Array(bytes.subarray(at, at + length)); // a copy, because floats need an aligned start
    const values =
      quantization === undefined
        ? new Float32Array(stored.buffer)
        : Float32Array.from(stored, (value) => value * quantization.scale + quantization.min);
    tensors.set(tensor, { shape, values });
    at += length;
  }
  return (wanted) => {
    const found = tensors.get(wanted);
    if (found === undefined) throw new InputError(describeMismatch(name, `the tensor '${wanted}'`, "none", remedy));
    return found;
  };
}
