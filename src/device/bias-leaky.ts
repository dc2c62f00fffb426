/** Bias and LeakyReLU, differentiable twice. */
import * as tf from "@tensorflow/tfjs-core";
import { suspendTape } from "./tape.js";

/** v = x + bias; v > 0 ? v : slope v. @param x [N, H, W, C] */
export function biasLeaky(x: tf.Tensor4D, bias: tf.Tensor1D, slope: number): tf.Tensor4D {
  return tf.tidy(() => {
    const v = tf.add(x, bias);
    const factor = suspendTape(() => tf.add(tf.mul(tf.cast(tf.greater(v, 0), "float32"), 1 - slope), slope));
    return tf.mul(v, factor) as tf.Tensor4D;
  });
}
