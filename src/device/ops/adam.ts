/**
 * One update of PyTorch's Adam with coupled weight decay (Kingma and Ba, 2015; torch.optim.Adam): the gradient gets
 * decay * p added, and epsilon is added after the bias correction of the second moment. The `wasm` and `webgpu` devices have a
 * kernel for it; other devices compose it from stock operations, which are the reference implementation.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { AdamSettings } from "../../types.js";
import { hasKernel } from "./kernel.js";

export const ADAM = "ElegantAdam";

/** Float32 tensors of one shape. The kernel changes all but the gradient in place, and has no outputs. */
export interface AdamInputs {
  readonly parameter: tf.TensorInfo;
  readonly first: tf.TensorInfo;
  readonly second: tf.TensorInfo;
  readonly gradient: tf.TensorInfo;
}

/** The kernel's attributes. */
export interface AdamScalars {
  /** Step size, beta1, beta2, 1 - beta1, 1 - beta2, epsilon, root of the second correction, weight decay. */
  readonly scalars: readonly number[];
}

/**
 * Updates parameter, first and second moment in place.
 * @param step counted from 1
 */
export function adamUpdate(
  parameter: tf.Variable,
  first: tf.Variable,
  second: tf.Variable,
  gradient: tf.Tensor,
  step: number,
  learningRate: number,
  settings: AdamSettings,
): void {
  const { beta1, beta2, epsilon, weightDecay } = settings;
  const stepSize = learningRate / (1 - beta1 ** step);
  const rootCorrection2 = Math.sqrt(1 - beta2 ** step);
  if (hasKernel(ADAM)) {
    const scalars = [stepSize, beta1, beta2, 1 - beta1, 1 - beta2, epsilon, rootCorrection2, weightDecay];
    tf.engine().runKernel(ADAM, { parameter, first, second, gradient }, { scalars });
    return;
  }
  tf.tidy(() => {
    const g = tf.add(gradient, tf.mul(parameter, weightDecay));
    const m = tf.add(tf.mul(first, beta1), tf.mul(g, 1 - beta1));
    const v = tf.add(tf.mul(second, beta2), tf.mul(tf.square(g), 1 - beta2));
    const denominator = tf.add(tf.div(tf.sqrt(v), rootCorrection2), epsilon);
    first.assign(m);
    second.assign(v);
    parameter.assign(tf.sub(parameter, tf.mul(tf.div(m, denominator), stepSize)));
  });
}
