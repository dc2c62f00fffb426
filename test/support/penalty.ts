/** The discriminator whose gradient penalty the tests compute. */
import * as tf from "@tensorflow/tfjs-core";
import { field } from "../../src/golden/formula.js";
import type { NamedTensors } from "../../src/interop/safetensors.js";
import { createConfig, OFFICIAL_NETWORK } from "../../src/methods/elegant/config.js";
import { networkSpecs } from "../../src/methods/elegant/parameters.js";

export const SEED = 5;

export const GAMMA = 10;

export const config = createConfig({ ...OFFICIAL_NETWORK, size: 64, width: 4, attributes: ["a", "b", "c"] });

export const specs = networkSpecs("D1", config);

export const values = (name: string, length: number): Float32Array => {
  const at = field(name, SEED);
  return Float32Array.from({ length }, (_, i) => at(i));
};

/** Returns the weights of r1.py. */
export function weights(): NamedTensors {
  return new Map(
    specs.map(({ name, shape, kind }) => {
      const data = values(name, tf.util.sizeFromShape([...shape])).map((v) => v * 0.2 + (kind === "alpha" ? 1 : 0));
      return [name, { shape, data }];
    }),
  );
}
