/** A residual times its mask. */
import * as tf from "@tensorflow/tfjs-core";

/** @param residual [N, S, S, 3] @param mask [N, S, S, 1] */
export function maskProduct(residual: tf.Tensor4D, mask: tf.Tensor4D): tf.Tensor4D {
  return tf.mul(residual, mask);
}
