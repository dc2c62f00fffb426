/** How much memory an update of CycleGAN needs. */
import { countValues } from "../common.js";
import type { MemoryNeeds } from "../method.js";
import type { CycleganConfig } from "./config.js";
import { bothDiscriminatorsSpecs, bothGeneratorsSpecs } from "./parameters.js";
import { poolSpecs } from "./pool.js";

/**
 * Estimates the memory of an update with `part` pairs at a time. The factors were fitted to the heap's size after two
 * updates (bench/batch-memory.ts): over 9 rows of 64 to 256 px, width 16 to 64, 1 to 4 pairs, whole and in parts, the
 * estimate was 1.6 % too low to 2.0 % too high.
 */
export function memoryNeeds(config: CycleganConfig, averages: boolean): MemoryNeeds {
  const { size, width } = config;
  const generators = countValues(bothGeneratorsSpecs(config));
  const all = generators + countValues(bothDiscriminatorsSpecs(config));
  return {
    isDivisible: true,
    updateBytes: (part, whole) => {
      const perPixel = 275 * width + 426;
      // Parameters, two moments, gradients and packed filters; the pools, and what changes in them.
      let values = 6.65 * all + 1.66 * countValues(poolSpecs(config));
      if (!whole) values += 1.66 * all; // the sums, in addition to the gradients of a part
      if (averages) values += generators;
      return 4 * (values + perPixel * size ** 2 * part);
    },
    // The output of a generator's first layer.
    largestTensorBytes: (part) => 4 * part * size ** 2 * width,
  };
}
