/**
 * The decoder's last step as two differentiable operations: the residual 2 tanh(x + bias), and the picture it makes.
 * Kernels of ours on the `wasm` device, stock operations elsewhere.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, registerFused, withPartialSums } from "./fused.js";

const RESIDUAL = "ElegantResidual";
const RESIDUAL_GRADIENT = "ElegantResidualGradient";
const CLIPPED_SUM = "ElegantClippedSum";
const CLIPPED_SUM_GRADIENT = "ElegantClippedSumGradient";
/** Pixels, and values, of one block; multiples of four. */
const BLOCK_PIXELS = 4096;
const BLOCK_VALUES = 16384;

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
 * Picture plus residual, clipped to [-1, 1]. Differentiable in the residual only: pictures are data.
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

/** Registers the kernels and gradients with TensorFlow.js. */
export function registerResidual(): void {
  registerFused<{ x: tf.TensorInfo; bias: tf.TensorInfo }>(RESIDUAL, (backend, { x, bias }) => {
    const y = backend.allocate(x.shape);
    const pixels = tf.util.sizeFromShape(x.shape) / 3;
    const values = [backend.pointerOf(x), backend.pointerOf(bias), y.pointer, pixels, BLOCK_PIXELS];
    backend.team.run("residualOutput", values, Math.ceil(pixels / BLOCK_PIXELS));
    return y.info;
  });
  registerFused<{ residual: tf.TensorInfo; dy: tf.TensorInfo }>(RESIDUAL_GRADIENT, (backend, { residual, dy }) => {
    const dx = backend.allocate(residual.shape);
    const pixels = tf.util.sizeFromShape(residual.shape) / 3;
    const blocks = Math.ceil(pixels / BLOCK_PIXELS);
    const sums = withPartialSums(backend, blocks, 3, (partial) => {
      const values = [backend.pointerOf(residual), backend.pointerOf(dy), dx.pointer, partial, pixels, BLOCK_PIXELS];
      backend.team.run("residualGradient", values, blocks);
    });
    return [dx.info, sums];
  });
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
  registerFused<{ image: tf.TensorInfo; residual: tf.TensorInfo }>(CLIPPED_SUM, (backend, { image, residual }) => {
    const y = backend.allocate(residual.shape);
    const [imageValues, count] = [image, residual].map((t) => tf.util.sizeFromShape(t.shape));
    const pointers = [backend.pointerOf(image), backend.pointerOf(residual), y.pointer];
    backend.team.run("clippedSum", [...pointers, imageValues, count, BLOCK_VALUES], Math.ceil(count / BLOCK_VALUES));
    return y.info;
  });
  registerFused<{ image: tf.TensorInfo; residual: tf.TensorInfo; dy: tf.TensorInfo }>(
    CLIPPED_SUM_GRADIENT,
    (backend, { image, residual, dy }) => {
      const dx = backend.allocate(residual.shape);
      const [imageValues, count] = [image, residual].map((t) => tf.util.sizeFromShape(t.shape));
      const pointers = [...[image, residual, dy].map((t) => backend.pointerOf(t)), dx.pointer];
      const values = [...pointers, imageValues, count, BLOCK_VALUES];
      backend.team.run("clippedSumGradient", values, Math.ceil(count / BLOCK_VALUES));
      return dx.info;
    },
  );
  tf.registerGradient({
    kernelName: CLIPPED_SUM,
    inputsToSave: ["image", "residual"],
    gradFunc: (dy, saved) => {
      const [image, residual] = saved;
      const inputs: tf.NamedTensorMap = { image, residual, dy: dy as tf.Tensor };
      return { residual: () => tf.engine().runKernel(CLIPPED_SUM_GRADIENT, inputs) as tf.Tensor };
    },
  });
}
