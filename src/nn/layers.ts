/** Layers of networks as functions of (parameters, tensor), which find their parameters by PyTorch's names. */
import * as tf from "@tensorflow/tfjs-core";
import { type Parameters, parameter } from "./parameters.js";

/** Slopes below zero for instanceNorm(). */
export const RELU = 0;
export const NO_ACTIVATION = 1;

/** Returns the filters `name.weight`, [k, k, in, out]; those of a transposed convolution are [k, k, out, in]. */
export function filterOf(parameters: Parameters, name: string): tf.Tensor4D {
  return parameter(parameters, `${name}.weight`) as unknown as tf.Tensor4D;
}

/** Returns the values `name.bias`, one per channel. */
export function biasOf(parameters: Parameters, name: string): tf.Tensor1D {
  return parameter(parameters, `${name}.bias`) as unknown as tf.Tensor1D;
}

/**
 * Convolves without a bias.
 * @param x   [N, H, W, in]
 * @param pad zeros on each side
 * @returns [N, (H + 2 pad - k) / stride + 1, ..., out], rounded down
 */
export function convolve(
  parameters: Parameters,
  name: string,
  x: tf.Tensor4D,
  stride: number,
  pad: number,
): tf.Tensor4D {
  return tf.conv2d(x, filterOf(parameters, name), stride, pad);
}

/**
 * Doubles the side by a transposed convolution with stride 2 and padding 1, without a bias. In PyTorch, filters of side
 * 3 need an output padding of 1 for this, and filters of side 4 need none.
 * @param x [N, S, S, in]
 * @returns [N, 2 S, 2 S, out]
 */
export function convolveDoubling(parameters: Parameters, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const filters = filterOf(parameters, name);
  const [n, side] = x.shape;
  return tf.conv2dTranspose(x, filters, [n, 2 * side, 2 * side, filters.shape[2]], 2, 1);
}
