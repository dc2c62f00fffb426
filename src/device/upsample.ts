/** Bilinear enlargement by two products of matrices. */
import * as tf from "@tensorflow/tfjs-core";

function weightsOf(side: number, factor: number): tf.Tensor2D {
  const weights = new Float32Array(side * factor * side);
  for (let i = 0; i < side * factor; i++) {
    const at = (i + 0.5) / factor - 0.5;
    const low = Math.floor(at);
    const clamp = (x: number): number => Math.min(side - 1, Math.max(0, x));
    weights[i * side + clamp(low)] += 1 - (at - low);
    weights[i * side + clamp(low + 1)] += at - low;
  }
  return tf.tensor2d(weights, [side * factor, side]);
}

/** @param x [N, s, s, 1] @returns [N, factor s, factor s, 1] */
export function upsampleBilinear(x: tf.Tensor4D, factor: number): tf.Tensor4D {
  return tf.tidy(() => {
    const [n, side] = x.shape;
    const large = side * factor;
    const weights = weightsOf(side, factor);
    const across = tf.matMul(tf.reshape(x, [n * side, side]), weights, false, true); // [N * rows, columns]
    const turned = tf.transpose(tf.reshape(across, [n, side, large]), [0, 2, 1]);
    const down = tf.matMul(tf.reshape(turned, [n * large, side]), weights, false, true); // [N * columns, rows]
    return tf.reshape(tf.transpose(tf.reshape(down, [n, large, large]), [0, 2, 1]), [n, large, large, 1]);
  });
}
