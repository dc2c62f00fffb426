/** How much memory an update of UNIT needs. */
import { countValues } from "../common.js";
import type { MemoryNeeds } from "../method.js";
import type { UnitConfig } from "./config.js";
import { discriminatorSpecs, generatorSpecs } from "./parameters.js";

/** Estimates the memory of an update with `part` pairs at a time. */
export function memoryNeeds(config: UnitConfig, averages: boolean): MemoryNeeds {
  const { size, width } = config;
  const generator = countValues(generatorSpecs(config));
  const discriminator = countValues(discriminatorSpecs(config));
  return {
    updateBytes: (part, whole) => {
      const perPixel = 100 * width + 100;
      let values = 6.5 * generator + 5 * discriminator;
      if (!whole) values += 1.3 * (generator + discriminator); // the sums, in addition to the gradients of a part
      if (averages) values += generator;
      return 4 * (values + perPixel * size ** 2 * part);
    },
    // The first layer's output for the images of both domains, which both decoders make.
    largestTensorBytes: (part) => 4 * 2 * part * size ** 2 * width,
  };
}
