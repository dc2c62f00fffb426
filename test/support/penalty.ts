/** The gradient penalty that the tests compute: its discriminator, inputs and value. */
import * as tf from "@tensorflow/tfjs-core";
import { field } from "../../src/golden/formula.js";
import type { NamedTensors } from "../../src/interop/safetensors.js";
import { createConfig, OFFICIAL_NETWORK } from "../../src/methods/elegant/config.js";
import { gradientPenalty } from "../../src/methods/elegant/losses.js";
import { discriminate } from "../../src/methods/elegant/networks.js";
import { networkSpecs } from "../../src/methods/elegant/parameters.js";
import type { Parameters } from "../../src/nn/parameters.js";

export const SEED = 5;

export const GAMMA = 10;

const config = createConfig({ ...OFFICIAL_NETWORK, size: 64, width: 4, attributes: ["a", "b", "c"] });

export const specs = networkSpecs("D1", config);

const values = (name: string, length: number): Float32Array => {
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

function inputs(): { pictures: tf.Tensor4D; labels: tf.Tensor2D } {
  const pictures = tf.transpose(tf.tensor4d(values("pictures", 4 * 3 * 64 * 64), [4, 3, 64, 64]), [0, 2, 3, 1]);
  const labels = tf.tensor2d(
    values("labels", 12).map((v) => (v > 0 ? 1 : 0)),
    [4, 3],
  );
  return { pictures: pictures as tf.Tensor4D, labels };
}

/** Returns the penalty of four pictures, with the factor GAMMA. */
export function penaltyOf(parameters: Parameters): tf.Scalar {
  const { pictures, labels } = inputs();
  const score = (x: tf.Tensor4D) => ({
    logits: discriminate(parameters, config, "D1", x, labels, true),
    weights: null,
  });
  return gradientPenalty(score, pictures, GAMMA);
}
