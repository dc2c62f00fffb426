/** How much memory an update of DNA-GAN needs. */
import { countValues } from "../common.js";
import type { MemoryNeeds } from "../method.js";
import type { DnaganConfig } from "./config.js";
import { discriminatorSpecs, generatorSpecs } from "./parameters.js";

/** Estimates the memory of an update, which computes the whole batch at the same time. */
export function memoryNeeds(config: DnaganConfig): MemoryNeeds {
  const { size, width, attributes } = config;
  const all = countValues(generatorSpecs(config)) + countValues(discriminatorSpecs(config));
  return {
    isDivisible: false,
    updateBytes: (pairs) => {
      const perPixel = 40 * width + 100 + 8 * attributes.length;
      return 4 * (6 * all + perPixel * size ** 2 * pairs);
    },
    // The output of the discriminator's first layer.
    largestTensorBytes: (pairs) => 4 * pairs * Math.max((size / 2) ** 2 * width, size ** 2 * (3 + attributes.length)),
  };
}
