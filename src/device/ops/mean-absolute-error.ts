/**
 * The mean absolute difference of two tensors as one differentiable operation. The `wasm` device has kernels for it and
 * its gradient; other devices compose it from stock operations, which are the reference implementation.
 */
import * as tf from "@tensorflow/tfjs-core";
import { hasKernel } from "./kernel.js";
import { suspendTape } from "./tape.js";

export const MEAN_ABSOLUTE_ERROR = "ElegantMeanAbsoluteError";
export const MEAN_ABSOLUTE_ERROR_GRADIENT = "ElegantMeanAbsoluteErrorGradient";

/**
 * Computes |x| with the slope 0 at 0, as PyTorch does. TensorFlow.js has the slope -1 there, and differences are
 * exactly 0 wherever an edit changes nothing.
 */
export function absolute(x: tf.Tensor): tf.Tensor {
  const sign = suspendTape(() => tf.sub(tf.step(x, 0), tf.step(tf.neg(x), 0)));
  return tf.mul(x, sign);
}

/**
 * Computes the mean of |a - b|. Its slope is 0 where both are equal. It has a first gradient only.
 * @param b of the shape of `a`
 */
export function meanAbsoluteError(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  tf.util.assertShapesMatch(a.shape, b.shape, "meanAbsoluteError: ");
  if (hasKernel(MEAN_ABSOLUTE_ERROR)) return tf.engine().runKernel(MEAN_ABSOLUTE_ERROR, { a, b }) as tf.Scalar;
  return tf.tidy(() => tf.mean(absolute(tf.sub(a, b))));
}

tf.registerGradient({
  kernelName: MEAN_ABSOLUTE_ERROR,
  inputsToSave: ["a", "b"],
  gradFunc: (dy, saved) => {
    const [a, b] = saved;
    const slope = (of: tf.Tensor, other: tf.Tensor): tf.Tensor => {
      const inputs: tf.NamedTensorMap = { a: of, b: other, dy: dy as tf.Tensor };
      return tf.engine().runKernel(MEAN_ABSOLUTE_ERROR_GRADIENT, inputs) as tf.Tensor;
    };
    // The gradient of b is that of a with both exchanged. TensorFlow.js asks for those that it needs.
    return { a: () => slope(a, b), b: () => slope(b, a) };
  },
});
