/** How much memory an update of StarGAN needs. */
import { countValues } from "../common.js";
import type { MemoryNeeds } from "../method.js";
import type { StarganConfig } from "./config.js";
import { discriminatorSpecs, generatorSpecs } from "./parameters.js";

/**
 * Estimates the memory of an update with `part` pairs at a time. The tensors between the layers grow with the images'
 * area and the width; parameters are held with their moments, gradients and packed filters. The factors were fitted to
 * the heap's size after two updates (bench/batch-memory.ts): over 12 rows of 64 to 256 px, width 16 to 64, 2 to 16
 * pairs, whole and in parts, the estimate was 1.0 % too low to 2.7 % too high.
 */
export function memoryNeeds(config: StarganConfig, averages: boolean): MemoryNeeds {
  const { size, width, attributes } = config;
  const generator = countValues(generatorSpecs(config));
  const discriminator = countValues(discriminatorSpecs(config));
  return {
    isDivisible: true,
    updateBytes: (part, whole) => {
      const perPixel = 117 * width + 101 + 18 * attributes.length;
      let values = 6.5 * generator + 7.6 * discriminator;
      if (!whole) values += 1.3 * (generator + discriminator); // the sums, in addition to the gradients of a part
      if (averages) values += generator;
      return 4 * (values + perPixel * size ** 2 * part);
    },
    // The output of the first layer of the generator, for both images of each pair.
    largestTensorBytes: (part) => 4 * 2 * part * size ** 2 * Math.max(width, 3 + attributes.length),
  };
}
