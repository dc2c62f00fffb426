/**
 * Bias and LeakyReLU as one operation that is differentiable twice, as R1 needs it. On the `wasm` device two kernels compute
 * it and its gradient; elsewhere it is composed from stock operations, which are the reference implementation.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel, registerFused } from "./fused.js";
import { stepFactor, suspendTape } from "./tape.js";

const BIAS_LEAKY = "ElegantBiasLeaky";
const LEAKY_SCALE = "ElegantLeakyScale";
/** Values of one block, a multiple of four. */
const BLOCK_VALUES = 32768;

/**
 * y = v > 0 ? v : slope * v with v = x + bias.
 *
 * The gradient multiplies by a constant, 1 where v > 0 and `slope` elsewhere. So the second gradient is exact except at v = 0,
 * where LeakyReLU has none. TensorFlow.js's own leakyRelu has no second gradient: it has none of comparisons.
 *
 * @param x     [N, H, W, C]
 * @param bias  [C]
 * @param slope positive
 * @returns [N, H, W, C]
 */
export function biasLeaky(x: tf.Tensor4D, bias: tf.Tensor1D, slope: number): tf.Tensor4D {
  if (hasKernel(BIAS_LEAKY)) return tf.engine().runKernel(BIAS_LEAKY, { x, bias }, { slope }) as tf.Tensor4D;
  return tf.tidy(() => {
    const v = tf.add(x, bias);
    return tf.mul(v, stepFactor(v, 0, 1, slope)) as tf.Tensor4D;
  });
}

/** dy * (y > 0 ? 1 : slope), with y as a constant: no gradient flows to it. */
function leakyScale(dy: tf.Tensor, y: tf.Tensor, slope: number): tf.Tensor {
  const constant = suspendTape(() => tf.clone(y));
  return tf.engine().runKernel(LEAKY_SCALE, { dy, y: constant }, { slope }) as tf.Tensor;
}

/** Registers the kernels and gradients with TensorFlow.js. */
export function registerBiasLeaky(): void {
  registerFused<{ x: tf.TensorInfo; bias: tf.TensorInfo }>(BIAS_LEAKY, (backend, { x, bias }, attrs) => {
    const channels = x.shape[x.shape.length - 1];
    const pixels = tf.util.sizeFromShape(x.shape) / channels;
    const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / channels));
    const y = backend.allocate(x.shape);
    const pointers = [backend.pointerOf(x), backend.pointerOf(bias), y.pointer];
    const values = [...pointers, pixels, channels, attrs.slope as number, blockRows];
    backend.team.run("biasLeaky", values, Math.ceil(pixels / blockRows));
    return y.info;
  });
  registerFused<{ dy: tf.TensorInfo; y: tf.TensorInfo }>(LEAKY_SCALE, (backend, { dy, y }, attrs) => {
    const dx = backend.allocate(y.shape);
    const count = tf.util.sizeFromShape(y.shape);
    const pointers = [backend.pointerOf(dy), backend.pointerOf(y), dx.pointer];
    const values = [...pointers, attrs.slope as number, count, BLOCK_VALUES];
    backend.team.run("leakyScale", values, Math.ceil(count / BLOCK_VALUES));
    return dx.info;
  });
  tf.registerGradient({
    kernelName: BIAS_LEAKY,
    outputsToSave: [true],
    gradFunc: (dy, [y], attrs) => {
      const dx = leakyScale(dy as tf.Tensor, y, (attrs as { slope: number }).slope);
      return { x: () => dx, bias: () => tf.sum(dx, [0, 1, 2]) };
    },
  });
  tf.registerGradient({
    kernelName: LEAKY_SCALE,
    inputsToSave: ["y"],
    gradFunc: (dy, [y], attrs) => ({
      dy: () => leakyScale(dy as tf.Tensor, y, (attrs as { slope: number }).slope),
    }),
  });
}
