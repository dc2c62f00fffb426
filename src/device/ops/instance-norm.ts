/**
 * Instance normalization with an activation, as one differentiable operation. The `wasm` and `webgpu` devices have
 * kernels for it and its gradient; other devices compose it from stock operations, which are the reference
 * implementation.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel } from "./kernel.js";
import { stepFactor } from "./tape.js";

export const INSTANCE_NORM = "ElegantInstanceNorm";
export const INSTANCE_NORM_GRADIENT = "ElegantInstanceNormGradient";

export interface InstanceNormInputs {
  /** [N, H, W, C] */
  readonly x: tf.Tensor4D;
  /** [C]; without it, all 1. */
  readonly weight?: tf.Tensor1D;
  /** [C]; without it, all 0. */
  readonly bias?: tf.Tensor1D;
}

export interface InstanceNormAttributes {
  readonly epsilon: number;
  readonly slope: number;
}

/**
 * u = (x - mean) / sqrt(variance + epsilon) of each picture and channel over H and W, with the biased variance;
 * t = weight * u + bias; y = t > 0 ? t : slope * t (Ulyanov et al. 2016). It has a first gradient only.
 *
 * @param slope   0 for ReLU, above 0 for LeakyReLU, 1 for no activation
 * @param epsilon PyTorch's InstanceNorm2d has 1e-5
 * @returns [N, H, W, C]
 */
export function instanceNorm(inputs: InstanceNormInputs, slope: number, epsilon = 1e-5): tf.Tensor4D {
  return tf.tidy(() => {
    const { x } = inputs;
    const { weight = tf.ones([x.shape[3]]), bias = tf.zeros([x.shape[3]]) } = inputs;
    if (hasKernel(INSTANCE_NORM)) {
      const named = { x, weight, bias } as tf.NamedTensorMap;
      const [y] = tf.engine().runKernel(INSTANCE_NORM, named, { epsilon, slope }) as tf.Tensor4D[];
      return y;
    }
    const { mean, variance } = tf.moments(x, [1, 2], true);
    const u = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)));
    const t = tf.add(tf.mul(u, weight), bias);
    return tf.mul(t, stepFactor(t, 0, 1, slope)) as tf.Tensor4D;
  });
}

/**
 * Batch normalization with the statistics of the batch itself (Ioffe and Szegedy 2015): those of each channel over N, H
 * and W. It is instance normalization of a single picture that holds the pixels of all.
 *
 * @param slope   as for instanceNorm()
 * @param epsilon tf.layers.batch_normalization has 1e-3
 * @returns [N, H, W, C]
 */
export function batchNorm({ x, ...affine }: InstanceNormInputs, slope: number, epsilon: number): tf.Tensor4D {
  const [n, height, width, channels] = x.shape;
  const joined = tf.reshape(x, [1, n * height, width, channels]) as tf.Tensor4D;
  return tf.reshape(instanceNorm({ x: joined, ...affine }, slope, epsilon), x.shape);
}

tf.registerGradient({
  kernelName: INSTANCE_NORM,
  inputsToSave: ["x", "weight", "bias"],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    const [dy] = dys as tf.Tensor[];
    const [x, weight, bias, stats] = saved;
    const inputs: tf.NamedTensorMap = { x, weight, bias, stats, dy };
    const [dx, sums] = tf.engine().runKernel(INSTANCE_NORM_GRADIENT, inputs, attrs) as tf.Tensor[];
    const channels = x.shape[3] as number;
    return {
      x: () => dx,
      weight: () => tf.slice(sums, 0, channels),
      bias: () => tf.slice(sums, channels, channels),
    };
  },
});
