/** What a labeller's network says about images, before calibration. */
import * as tf from "@tensorflow/tfjs-core";
import { mirror } from "../image/floats.js";
import type { Parameters } from "../nn/parameters.js";
import { type ClassifierShape, classify } from "../scoring/classifier.js";

/** Number of images that are computed together. It never depends on the machine, since on some devices it changes last bits. */
export const BATCH = 64;

/**
 * The mean of the network's answers for each image and its mirror image: positive if it finds the attribute.
 * @param images [n, size, size, 3] in [-1, 1]; at most BATCH of them
 * @returns [n, attributes]
 */
export async function answersFor(
  shape: ClassifierShape,
  parameters: Parameters,
  images: Float32Array,
): Promise<Float32Array> {
  const { size } = shape;
  const length = size * size * 3;
  const n = images.length / length;
  const mirrored = images.slice();
  for (let at = 0; at < mirrored.length; at += length) mirror(mirrored.subarray(at, at + length), size);
  const mean = tf.tidy(() => {
    const [own, other] = [images, mirrored].map((pictures) =>
      classify(shape, parameters, tf.tensor4d(pictures, [n, size, size, 3])),
    );
    return tf.mul(tf.add(own, other), 0.5);
  });
  const answers = ((await mean.data()) as Float32Array).slice();
  mean.dispose();
  return answers;
}

/**
 * Answers for images in memory.
 * @param levels RGB, 0 to 255: [n, size, size, 3]
 * @returns [n, attributes]
 */
export async function answersForLevels(
  shape: ClassifierShape,
  parameters: Parameters,
  levels: Uint8ClampedArray,
): Promise<Float32Array> {
  const step = BATCH * shape.size * shape.size * 3;
  const parts: Float32Array[] = [];
  for (let from = 0; from < levels.length; from += step) {
    const images = Float32Array.from(levels.subarray(from, from + step), (level) => level / 127.5 - 1);
    parts.push(await answersFor(shape, parameters, images));
  }
  return Float32Array.from(parts.flatMap((part) => [...part]));
}
