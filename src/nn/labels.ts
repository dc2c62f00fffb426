/** Labels as inputs of convolutions, and rows of labels. */
import * as tf from "@tensorflow/tfjs-core";

/** Puts labels next to the colours, as planes: [N, S, S, 3] and [N, c] -> [N, S, S, 3 + c]. */
export function withLabels(images: tf.Tensor4D, labels: tf.Tensor2D): tf.Tensor4D {
  const [n, height, width] = images.shape;
  const c = labels.shape[1];
  const planes = tf.broadcastTo(tf.reshape(labels, [n, 1, 1, c]), [n, height, width, c]);
  return tf.concat([images, planes], 3) as tf.Tensor4D;
}

/** Returns 1 where a label is known (0 or 1) and 0 where it is open (0.5), in the shape of the labels. */
export function knownLabels(labels: tf.Tensor2D): tf.Tensor2D {
  return tf.abs(tf.sub(tf.mul(labels, 2), 1));
}

/** Makes a row with 1 at one attribute and 0 elsewhere. Not tf.oneHot, which refuses a single attribute. */
export function attributeRow(attribute: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i === attribute ? 1 : 0));
}
