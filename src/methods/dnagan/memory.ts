/** How much memory an update of DNA-GAN needs. */
import { countValues } from "../common.js";
import type { MemoryNeeds } from "../method.js";
import type { DnaganConfig } from "./config.js";
import { discriminatorSpecs, generatorSpecs } from "./parameters.js";

/**
 * Estimates the memory of an update, which computes the whole batch at the same time. The factors were fitted to the
 * heap's size after two updates (bench/batch-memory.ts): over 8 rows of 64 to 256 px, width 16 to 128, 2 to 16 pairs, the
 * estimate was 0.4 % too low to 0.8 % too high.
 */
export function memoryNeeds(config: DnaganConfig): MemoryNeeds {
  const { size, width, attributes } = config;
  const all = countValues(generatorSpecs(config)) + countValues(discriminatorSpecs(config));
  return {
    isDivisible: false,
    updateBytes: (pairs) => {
      const perPixel = 19.7 * width + 84 + 8 * attributes.length;
      return 4 * (4.4 * all + perPixel * size ** 2 * pairs);
    },
    // The output of the discriminator's first layer.
    largestTensorBytes: (pairs) => 4 * pairs * Math.max((size / 2) ** 2 * width, size ** 2 * (3 + attributes.length)),
  };
}
