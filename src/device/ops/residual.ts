/**
 * The decoder's last step as two differentiable operations: the residual 2 tanh(x + bias), and the image with that residual.
 * The `wasm` device has kernels for both; other devices compose them from stock operations, the reference implementation.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel } from "./kernel.js";

export const RESIDUAL = "ElegantResidual";
export const RESIDUAL_GRADIENT = "ElegantResidualGradient";
export const CLIPPED_SUM = "ElegantClippedSum";
export const CLIPPED_SUM_GRADIENT = "ElegantClippedSumGradient";

/**
 * R = 2 tanh(x + bias)
 * @param x [N, S, S, 3]
 * @returns [N, S, S, 3] in [-2, 2]
 */
export function residualOutput(x: tf.Tensor4D, bias: tf.Tensor1D): tf.Tensor4D {
  if (hasKernel(RESIDUAL)) return tf.engine().runKernel(RESIDUAL, { x, bias } as tf.NamedTensorMap) as tf.Tensor4D;
  return tf.tidy(() => tf.mul(tf.tanh(tf.add(x, bias)), 2) as tf.Tensor4D);
}

/**
 * Adds a residual to an image and clips to [-1, 1]. Only the residual has a gradient: images are data.
 * @param image    [N / k, S, S, 3] in [-1, 1], repeated k times along the batch
 * @param residual [N, S, S, 3]
 */
export function applyResidual(image: tf.Tensor4D, residual: tf.Tensor4D): tf.Tensor4D {
  if (hasKernel(CLIPPED_SUM)) {
    return tf.engine().runKernel(CLIPPED_SUM, { image, residual } as tf.NamedTensorMap) as tf.Tensor4D;
  }
  return tf.tidy(() => {
    const repeats = residual.shape[0] / image.shape[0];
    const images = repeats === 1 ? image : (tf.concat(Array<tf.Tensor4D>(repeats).fill(image), 0) as tf.Tensor4D);
    return tf.clipByValue(tf.add(images, residual), -1, 1);
  });
}

tf.registerGradient({
  kernelName: RESIDUAL,
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [residual] = saved;
    const inputs: tf.NamedTensorMap = { residual, dy: dy as tf.Tensor };
    const [dx, dbias] = tf.engine().runKernel(RESIDUAL_GRADIENT, inputs) as tf.Tensor[];
    return { x: () => dx, bias: () => dbias };
  },
});

tf.registerGradient({
  kernelName: CLIPPED_SUM,
  inputsToSave: ["image", "residual"],
  gradFunc: (dy, saved) => {
    const [image, residual] = saved;
    const inputs: tf.NamedTensorMap = { image, residual, dy: dy as tf.Tensor };
    return { residual: () => tf.engine().runKernel(CLIPPED_SUM_GRADIENT, inputs) as tf.Tensor };
  },
});
