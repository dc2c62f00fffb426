/**
 * One update of TensorFlow 1's RMSProp without momentum (tf.train.RMSPropOptimizer), and the clipping that keeps the
 * critic of a Wasserstein GAN bounded (Arjovsky et al. 2017). Epsilon is added under the root. The `wasm` and `webgpu`
 * devices have a kernel for it; other devices compose it from stock operations, which are the reference implementation.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { RmspropSettings } from "../../types.js";
import { hasKernel } from "./kernel.js";

export const RMSPROP = "ElegantRmsprop";

/** The largest float32. A limit of this size clips nothing; WebGPU's programs must not be given infinity. */
const NO_LIMIT = (2 - 2 ** -23) * 2 ** 127;

/** Float32 tensors of one shape. The kernel changes all but the gradient in place, and has no outputs. */
export interface RmspropInputs {
  readonly parameter: tf.TensorInfo;
  readonly second: tf.TensorInfo;
  readonly gradient: tf.TensorInfo;
}

/** The kernel's attributes. */
export interface RmspropScalars {
  /** Learning rate, decay, 1 - decay, decay^step + epsilon, limit. */
  readonly scalars: readonly number[];
}

/**
 * Updates parameter and moment in place:
 * ms = decay ms + (1 - decay) g^2; p -= lr g / sqrt(ms + epsilon); then p is clipped.
 *
 * TensorFlow's ms starts at 1, but our moments start at 0. The recursion is linear, so `second` holds ms - decay^step,
 * and the update adds decay^step back. This is exact up to rounding.
 *
 * @param second starts at 0
 * @param step   counted from 1
 * @param limit  largest absolute value of the updated parameter; null clips nothing
 */
export function rmspropUpdate(
  parameter: tf.Variable,
  second: tf.Variable,
  gradient: tf.Tensor,
  step: number,
  learningRate: number,
  { decay, epsilon }: RmspropSettings,
  limit: number | null,
): void {
  const offset = decay ** step + epsilon;
  if (hasKernel(RMSPROP)) {
    const scalars = [learningRate, decay, 1 - decay, offset, limit ?? NO_LIMIT];
    tf.engine().runKernel(RMSPROP, { parameter, second, gradient }, { scalars });
    return;
  }
  tf.tidy(() => {
    const v = tf.add(tf.mul(second, decay), tf.mul(tf.square(gradient), 1 - decay));
    const moved = tf.sub(parameter, tf.div(tf.mul(gradient, learningRate), tf.sqrt(tf.add(v, offset))));
    second.assign(v);
    parameter.assign(limit === null ? moved : tf.clipByValue(moved, -limit, limit));
  });
}
