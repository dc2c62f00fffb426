/**
 * Bias and LeakyReLU as one operation that is differentiable twice, as R1 needs it. On the `wasm` device two kernels compute
 * it and its gradient. Other devices compose it from stock operations, which are the reference implementation.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel } from "./kernel.js";
import { stepFactor, suspendTape } from "./tape.js";

export const BIAS_LEAKY = "ElegantBiasLeaky";
export const LEAKY_SCALE = "ElegantLeakyScale";

/**
 * y = v > 0 ? v : slope * v with v = x + bias.
 *
 * The gradient multiplies by a constant: 1 where v > 0, `slope` elsewhere. So the second gradient is exact except at v = 0, where
 * LeakyReLU has none. TensorFlow.js's own leakyRelu has no second gradient, because comparisons have no gradient.
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

/** Computes dy * (y > 0 ? 1 : slope). No gradient flows to y. */
function leakyScale(dy: tf.Tensor, y: tf.Tensor, slope: number): tf.Tensor {
  const constant = suspendTape(() => tf.clone(y));
  return tf.engine().runKernel(LEAKY_SCALE, { dy, y: constant }, { slope }) as tf.Tensor;
}

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
