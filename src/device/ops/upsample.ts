/** Bilinear enlargement as two products of matrices, which have gradients on every device. */
import * as tf from "@tensorflow/tfjs-core";

/** The share of each of `side` values in each of the `factor * side` enlarged ones: [factor * side, side]; rows sum to 1. */
function interpolationWeights(side: number, factor: number): Float32Array {
  const weights = new Float32Array(factor * side * side);
  const inside = (place: number): number => Math.min(side - 1, Math.max(0, place));
  for (let i = 0; i < factor * side; i++) {
    // 0.5 is the centre of the first pixel. Beyond the outermost centres, the outermost value counts.
    const place = (i + 0.5) / factor - 0.5;
    const low = Math.floor(place);
    weights[i * side + inside(low)] += 1 - (place - low);
    weights[i * side + inside(low + 1)] += place - low;
  }
  return weights;
}

/**
 * Enlarges bilinearly, like PyTorch's interpolate(mode="bilinear", align_corners=False). TensorFlow.js's resizeBilinear gives
 * the same values, but its gradient assumes other centres of pixels.
 *
 * @param x      [N, s, s, 1]
 * @param factor a whole number
 * @returns [N, factor s, factor s, 1]
 */
export function upsampleBilinear(x: tf.Tensor4D, factor: number): tf.Tensor4D {
  const [n, side] = x.shape;
  const large = factor * side;
  return tf.tidy(() => {
    const weights = tf.tensor3d(interpolationWeights(side, factor), [1, large, side]);
    const tall = tf.matMul(weights, tf.reshape(x, [n, side, side])); // [N, factor s, s]
    const across = tf.matMul(tf.reshape(tall, [n * large, side]), tf.reshape(weights, [large, side]), false, true);
    return tf.reshape(across, [n, large, large, 1]);
  });
}
