/** How much memory an update of ELEGANT needs. */
import { countValues } from "../common.js";
import type { MemoryNeeds } from "../method.js";
import type { ModelConfig } from "./config.js";
import { DISCRIMINATORS, GENERATOR, parameterSpecs } from "./parameters.js";
import type { MethodSettings } from "./presets.js";

/** Facts on which the memory of an update depends, apart from the number of pairs computed at the same time. */
export interface UpdateFacts extends Pick<MethodSettings, "r1" | "ema" | "slice" | "cycle"> {
  readonly config: ModelConfig;
}

/**
 * Estimates how many bytes of tensors an update holds at the same time, parameters included, if it computes `part`
 * pairs at a time.
 *
 * Tensors between the layers grow with the pairs, the picture's area and the width. Tensors with the shape of pictures
 * or of planes of labels do not grow with the width. Counting layer by layer would depend on when TensorFlow.js frees
 * memory, so the factors were fitted to the heap's size after two updates (bench/batch-memory.ts): 64 to 256 px, width
 * 16 to 128, 1 to 16 pairs, whole and in parts, with and without R1 and resizing. Over 19 rows the estimate was 3.1 %
 * too low to 4.4 % too high, and 9 % too low at width 8, where an update needs 30 MiB. For `modern` it was 6.2 % too
 * low to 5.6 % too high over 14 rows of 64 to 256 px, width 8 to 64, 1 to 16 pairs. Four blocks, the mask and the
 * difference of edits change less. With a cycle loss it was 0.2 % too low to 1.6 % too high over 5 rows of 64 and 128
 * px, width 16 and 32.
 * @param whole whether the batch is one part; the discriminators then learn while the generator's tape is held
 */
export function updateBytes({ config, r1, ema, slice, cycle }: UpdateFacts, part: number, whole: boolean): number {
  const { width, attributes, size, upsampling, discriminatorNorm } = config;
  const generator = countValues(parameterSpecs(config, GENERATOR));
  const discriminators = countValues(parameterSpecs(config, DISCRIMINATORS));
  const all = generator + discriminators;
  // Values for each pixel of a pair: between the layers, pictures, labels.
  let perPixel = 20.7 * width + 166 + 21 * attributes.length;
  // Parameters, two moments, gradients, packed filters.
  let values = 4.2 * all;
  if (!whole) {
    perPixel -= 3.2 * width;
    values += 2.5 * all; // the sums, in addition to the gradients of a part
  }
  // The penalty ends before the encoder sees C and D, and the memory that it frees is used again.
  let larger = slice > 0 ? 4.4 * width : 0;
  if (r1 > 0 && discriminatorNorm === "unit-length") {
    larger = Math.max(larger, (whole ? 35.5 : 30) * width);
    values += 2.8 * discriminators;
  }
  perPixel += larger;
  if (upsampling === "resize") values += 11 * generator; // filters over a box, in steps
  if (ema > 0) values += generator;
  if (cycle > 0) {
    // The generator's second tape.
    perPixel += 10.4 * width + 137;
    if (upsampling === "resize") values += 13.7 * generator;
  }
  return 4 * (values + perPixel * size ** 2 * part);
}

/**
 * Returns the bytes of an update's largest tensor. These are the outputs of a block of half the picture's side
 * (the decoder's and the first discriminator's) for A, B, C and D. With many attributes it is that discriminator's
 * input: images and, without heads, planes of labels.
 */
export function largestTensorBytes({ width, attributes, size, condition }: ModelConfig, part: number): number {
  const planes = condition === "planes" ? attributes.length : 0;
  return 4 * 4 * part * Math.max((size / 2) ** 2 * width, size ** 2 * (3 + planes));
}

/** Returns the estimates in the form that the training loop needs. */
export function memoryNeeds(facts: UpdateFacts): MemoryNeeds {
  return {
    isDivisible: true,
    updateBytes: (part, whole) => updateBytes(facts, part, whole),
    largestTensorBytes: (part) => largestTensorBytes(facts.config, part),
  };
}
