/** A residual times its mask. */
import * as tf from "@tensorflow/tfjs-core";

/**
 * Each pixel's three values times its one. Both factors have gradients, the mask's being a sum over the three channels.
 * @param residual [N, S, S, 3]
 * @param mask     [N, S, S, 1]
 * @returns [N, S, S, 3]
 */
export function maskProduct(residual: tf.Tensor4D, mask: tf.Tensor4D): tf.Tensor4D {
  return tf.mul(residual, mask);
}
