/** How much memory an update of UNIT needs. */
import { countValues } from "../common.js";
import type { MemoryNeeds } from "../method.js";
import type { UnitConfig } from "./config.js";
import { discriminatorSpecs, generatorSpecs } from "./parameters.js";

/**
 * Estimates the memory of an update with `part` pairs at a time. The factors were fitted to the heap's size after two
 * updates (bench/batch-memory.ts): over 9 rows of 64 to 256 px, width 16 to 64, 1 to 4 pairs, whole and in parts, the
 * estimate was 1.2 % too low to 0.8 % too high.
 */
export function memoryNeeds(config: UnitConfig, averages: boolean): MemoryNeeds {
  const { size, width } = config;
  const generator = countValues(generatorSpecs(config));
  const all = generator + countValues(discriminatorSpecs(config));
  return {
    isDivisible: true,
    updateBytes: (part, whole) => {
      const perPixel = 155 * width + 138;
      let values = 5.62 * all; // parameters, two moments, gradients, packed filters
      if (!whole) values += 2 * all; // the sums, in addition to the gradients of a part
      if (averages) values += generator;
      return 4 * (values + perPixel * size ** 2 * part);
    },
    // The first layer's output for the images of both domains, which both decoders make.
    largestTensorBytes: (part) => 4 * 2 * part * size ** 2 * width,
  };
}
