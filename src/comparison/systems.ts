/** Opens the trained models of a system for editing, and measures what is not a quality: parameters and time. */
import * as tf from "@tensorflow/tfjs-core";
import { PICTURES_AT_ONCE } from "../editing/faces.js";
import { editSide } from "../editing/side.js";
import type { TrainedSystem } from "../metrics/table.js";
import type { Generator } from "../models/generator.js";
import { openGenerator } from "../models/open.js";
import type { PlannedSystem } from "./plan.js";

const ROUNDS = 5;

/** A system whose models are on the device. */
export interface OpenedSystem extends TrainedSystem {
  readonly generators: readonly Generator[];
  /** Values of the parameters that edit, of all models together. */
  readonly parameters: number;
  dispose(): void;
}

/** Puts a system's models on the current device. @throws InputError if one cannot be read */
export async function openSystem({ name, models }: PlannedSystem): Promise<OpenedSystem> {
  const generators: Generator[] = [];
  for (const { folder } of models) generators.push(await openGenerator(folder));
  const parameters = generators
    .flatMap((generator) => [...generator.parameters.values()])
    .reduce((sum, { size }) => sum + size, 0);
  return {
    name,
    generators,
    parameters,
    generatorOf: (attribute) => {
      const found = generators.find(({ config }) => config.attributes.includes(attribute));
      if (found === undefined) throw new Error(`comparison: no model of ${name} for ${attribute}`);
      return found;
    },
    dispose: () => {
      for (const generator of generators) generator.dispose();
    },
  };
}

/** Measures the seconds that adding an attribute takes for each image of a batch: the median of some rounds. */
export async function secondsOfEdit({ generators: [generator] }: OpenedSystem): Promise<number> {
  const { size, attributes } = generator.config;
  const n = PICTURES_AT_ONCE;
  const [images, references] = [1, 2].map(
    (seed) => tf.randomUniform([n, size, size, 3], -1, 1, "float32", seed) as tf.Tensor4D,
  );
  const labels = Array.from({ length: n }, () => attributes.map(() => 0));
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const began = performance.now();
    const edited = editSide(generator, images, { attribute: attributes[0], value: 1, references, labels });
    await edited.data();
    edited.dispose();
    times.push((performance.now() - began) / 1000 / n);
  }
  tf.dispose([images, references]);
  return times.slice(1).sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]; // The first round loads kernels.
}
