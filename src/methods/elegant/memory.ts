/** How much memory an update of ELEGANT takes. */
import type { MemoryNeeds } from "../method.js";
import type { ModelConfig } from "./config.js";
import { DISCRIMINATORS, GENERATOR, type Network, parameterSpecs } from "./parameters.js";
import type { MethodSettings } from "./presets.js";

/** What the memory of an update depends on, beside the pairs computed at once. */
export interface UpdateFacts extends Pick<MethodSettings, "r1" | "ema" | "slice"> {
  readonly config: ModelConfig;
}

/** Values of all parameters of some networks. */
function countParameters(config: ModelConfig, networks: readonly Network[]): number {
  return parameterSpecs(config, networks).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/**
 * About how many bytes of tensors there are at once in an update that computes `part` pairs at a time, parameters included.
 *
 * What lies between the layers grows with the pairs, the picture's area and the width; what has the shape of pictures or of
 * planes of labels with the area alone. Counting layer by layer would depend on when TensorFlow.js frees what, so the
 * factors were fitted to what the heap had taken after two updates (bench/batch-memory.ts): 64 to 256 px, width 16 to 128, 1 to 16
 * pairs, whole and in parts, with and without R1 and resizing. Over 19 of them the estimate was 3.1 % too low to 4.4 % too
 * high, and 9 % too low at width 8, where an update takes 30 MiB. For `modern` it was 6.2 % too low to 5.6 % too high over 14 rows of
 * 64 to 256 px, width 8 to 64, 1 to 16 pairs. Four blocks, the mask and the difference of edits change less than that.
 * @param whole the batch is one part: the discriminators then learn while the generator's tape is held
 */
export function updateBytes({ config, r1, ema, slice }: UpdateFacts, part: number, whole: boolean): number {
  const { width, attributes, size, upsampling, discriminatorNorm } = config;
  const generator = countParameters(config, GENERATOR);
  const discriminators = countParameters(config, DISCRIMINATORS);
  const all = generator + discriminators;
  // Values for each pixel of a pair: between the layers, pictures, labels.
  let perPixel = 20.7 * width + 166 + 21 * attributes.length;
  // Parameters, two moments, gradients, packed filters.
  let values = 4.2 * all;
  if (!whole) {
    perPixel -= 3.2 * width;
    values += 2.5 * all; // the sums beside the gradients of a part
  }
  // The penalty is over before the encoder looks at C and D, and what it leaves free is used again.
  let larger = slice > 0 ? 4.4 * width : 0;
  if (r1 > 0 && discriminatorNorm === "unit-length") {
    larger = Math.max(larger, (whole ? 35.5 : 30) * width);
    values += 2.8 * discriminators;
  }
  perPixel += larger;
  if (upsampling === "resize") values += 11 * generator; // filters over a box, in steps
  if (ema > 0) values += generator;
  return 4 * (values + perPixel * size ** 2 * part);
}

/**
 * Bytes of the largest tensor of an update: the outputs of a block of half the picture's side (the decoder's and the first
 * discriminator's) for A, B, C and D, or with many attributes what that discriminator is given, pictures and, without heads, planes
 * of labels.
 */
export function largestTensorBytes({ width, attributes, size, condition }: ModelConfig, part: number): number {
  const planes = condition === "planes" ? attributes.length : 0;
  return 4 * 4 * part * Math.max((size / 2) ** 2 * width, size ** 2 * (3 + planes));
}

/** The estimates as the training loop asks for them. */
export function memoryNeeds(facts: UpdateFacts): MemoryNeeds {
  return {
    updateBytes: (part, whole) => updateBytes(facts, part, whole),
    largestTensorBytes: (part) => largestTensorBytes(facts.config, part),
  };
}
