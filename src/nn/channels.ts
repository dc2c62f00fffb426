/** Parts of a code's channels. */
import * as tf from "@tensorflow/tfjs-core";

/** Returns the channels [begin, end) of [N, h, w, C]. */
export function takeChannels(code: tf.Tensor4D, begin: number, end: number): tf.Tensor4D {
  return tf.slice(code, [0, 0, 0, begin], [-1, -1, -1, end - begin]);
}

/** Returns the code with `part`, [N, h, w, c], in place of its channels [begin, begin + c). */
export function replaceChannels(code: tf.Tensor4D, begin: number, part: tf.Tensor4D): tf.Tensor4D {
  const channels = code.shape[3];
  const end = begin + part.shape[3];
  const parts = [part];
  if (begin > 0) parts.unshift(takeChannels(code, 0, begin));
  if (end < channels) parts.push(takeChannels(code, end, channels));
  return tf.concat(parts, 3);
}
