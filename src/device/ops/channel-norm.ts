/**
 * The published Normalization with bias, activation and skip around it, as one differentiable operation.
 * The `wasm` and `webgpu` devices have kernels for it and its gradient; other devices compose it from stock operations, which
 * are the reference implementation.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel } from "./kernel.js";
import { stepFactor } from "./tape.js";

export const CHANNEL_NORM = "ElegantChannelNorm";
export const CHANNEL_NORM_GRADIENT = "ElegantChannelNormGradient";
const EPSILON = 1e-12;

export interface ChannelNormInputs {
  /** [N, H, W, C] */
  readonly x: tf.Tensor4D;
  /** [C] */
  readonly bias: tf.Tensor1D;
  /** Scalars of the layer, [1]. */
  readonly alpha: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
  /** [N / k, H, W, C], added after the activation; repeated k times along the batch. */
  readonly skip?: tf.Tensor4D;
}

/**
 * v = x + bias; t = alpha * v / max(||v||_2 over channels, 1e-12) + beta; y = (t > 0 ? t : slope * t) + skip.
 * @param slope 0.2 for LeakyReLU, 0 for ReLU
 */
export function channelNorm(inputs: ChannelNormInputs, slope: number): tf.Tensor4D {
  const { x, bias, alpha, beta, skip } = inputs;
  if (hasKernel(CHANNEL_NORM)) {
    const named: tf.NamedTensorMap = skip === undefined ? { x, bias, alpha, beta } : { x, bias, alpha, beta, skip };
    const attrs = { slope, repeats: skip === undefined ? 1 : x.shape[0] / skip.shape[0] };
    return tf.engine().runKernel(CHANNEL_NORM, named, attrs) as tf.Tensor4D;
  }
  return tf.tidy(() => {
    const v = tf.add(x, bias);
    const length = tf.sqrt(tf.sum(tf.square(v), -1, true));
    const t = tf.add(tf.mul(alpha, tf.div(v, tf.maximum(length, EPSILON))), beta);
    const y = slope === 0 ? tf.relu(t) : tf.leakyRelu(t, slope);
    if (skip === undefined) return y as tf.Tensor4D;
    const repeats = x.shape[0] / skip.shape[0];
    return tf.add(y, repeats === 1 ? skip : tf.concat(Array<tf.Tensor4D>(repeats).fill(skip), 0)) as tf.Tensor4D;
  });
}

/**
 * The same without a skip, and differentiable twice. The kernel has no second gradient, and TensorFlow.js has none for comparisons,
 * which the gradients of maximum and leakyRelu contain. Here comparisons only make factors that no gradient flows through. This is
 * exact except at the kinks themselves.
 */
export function channelNormTwice({ x, bias, alpha, beta }: ChannelNormInputs, slope: number): tf.Tensor4D {
  return tf.tidy(() => {
    const v = tf.add(x, bias);
    const squares = tf.sum(tf.square(v), -1, true);
    // max(||v||, 1e-12), squared: `counts` is 1 where the length is above the bound.
    const counts = stepFactor(squares, EPSILON ** 2, 1, 0);
    const floor = tf.mul(tf.sub(1, counts), EPSILON ** 2);
    const length = tf.sqrt(tf.add(tf.mul(squares, counts), floor));
    const t = tf.add(tf.mul(alpha, tf.div(v, length)), beta);
    return tf.mul(t, stepFactor(t, 0, 1, slope)) as tf.Tensor4D;
  });
}

tf.registerGradient({
  kernelName: CHANNEL_NORM,
  inputsToSave: ["x", "bias", "alpha", "beta"],
  gradFunc: (dy, saved, attrs) => {
    const [x, bias, alpha, beta] = saved;
    const upstream = dy as tf.Tensor;
    // One pass computes all four gradients; TensorFlow.js asks for those that it needs.
    const inputs: tf.NamedTensorMap = { x, bias, alpha, beta, dy: upstream };
    const [dx, sums] = tf.engine().runKernel(CHANNEL_NORM_GRADIENT, inputs, attrs) as tf.Tensor[];
    const channels = bias.size;
    const repeats = (attrs as { repeats: number }).repeats;
    return {
      x: () => dx,
      bias: () => tf.slice(sums, 0, channels),
      alpha: () => tf.slice(sums, channels, 1),
      beta: () => tf.slice(sums, channels + 1, 1),
      skip: () => (repeats === 1 ? tf.clone(upstream) : tf.addN(tf.split(upstream, repeats, 0))),
    };
  },
});
