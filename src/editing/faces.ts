/** Encodes faces once and renders them with any latent. All editing modes are built on these functions. */
import * as tf from "@tensorflow/tfjs-core";
import { describeMismatch, InputError } from "../errors.js";
import { fromFloats, toFloats } from "../image/floats.js";
import type { ExemplarEdits, Faces } from "../methods/method.js";
import type { Generator } from "../models/generator.js";
import type { RgbaImage } from "../types.js";

export type { Faces } from "../methods/method.js";

/** Largest number of images in the decoder at the same time: about 30 MB each at 256 pixels and width 64. */
export const PICTURES_AT_ONCE = 8;

/**
 * How a model edits by references.
 * @throws InputError for a method that edits without them; it says which command edits by label
 */
export function exemplarOf({ model, source }: Pick<Generator, "model" | "source">): ExemplarEdits {
  if (model.exemplar !== null) return model.exemplar;
  const remedy = "This model edits by label: use elegant edit --set NAME=1 (or NAME=0) instead.";
  throw new InputError(describeMismatch(source, "a model that edits by references", `one of ${model.method}`, remedy));
}

/** Encodes images. The result owns `images`. @param images [N, S, S, 3] in [-1, 1] */
export function encodeFaces(generator: Generator, images: tf.Tensor4D): Faces {
  const [latent, ...skips] = tf.tidy(() => {
    const encoded = exemplarOf(generator).encode(generator.parameters, images);
    return [encoded.latent, ...encoded.skips];
  });
  return { images, latent, skips };
}

/** Encodes images of any size as one batch. */
export async function encodePictures(generator: Generator, pictures: readonly RgbaImage[]): Promise<Faces> {
  return encodeFaces(generator, await toTensor(pictures, generator.config.size));
}

export function disposeFaces({ images, latent, skips }: Faces): void {
  tf.dispose([images, latent, ...skips]);
}

/**
 * Decodes faces with edited latents. The decoder's second input and its skips are always the face's own.
 * @param faces   one for all latents, or one per latent
 * @param latents [K, S/32, S/32, 8 W]; with four blocks, [K, S/16, S/16, 8 W]
 * @param known   the result of prepareFace() for a single face, if the caller has it
 * @returns [K, S, S, 3] in [-1, 1]
 */
export function render(
  generator: Generator,
  faces: Faces,
  latents: tf.Tensor4D,
  known?: tf.Tensor4D | null,
): tf.Tensor4D {
  const { parameters } = generator;
  const edits = exemplarOf(generator);
  const [total] = latents.shape;
  const single = faces.latent.shape[0] === 1;
  return tf.tidy(() => {
    const parts: tf.Tensor4D[] = [];
    // What a single face needs is the same for all parts.
    const prepared = single && known === undefined ? edits.prepare(parameters, faces) : known;
    for (let first = 0; first < total; first += PICTURES_AT_ONCE) {
      const n = Math.min(PICTURES_AT_ONCE, total - first);
      const take = (batch: tf.Tensor4D): tf.Tensor4D => tf.slice(batch, [first, 0, 0, 0], [n, -1, -1, -1]);
      // A single face's image and skips are repeated by the layers that add them.
      const own = (batch: tf.Tensor4D): tf.Tensor4D => (single ? batch : take(batch));
      // Each part frees its activations before the next one starts.
      const part = tf.tidy(() => {
        const some = { images: own(faces.images), latent: own(faces.latent), skips: faces.skips.map(own) };
        return edits.apply(parameters, some, take(latents), prepared); // [n, S, S, 3]
      });
      parts.push(part);
    }
    return tf.concat(parts, 0);
  });
}

/**
 * Computes the part of render() that depends on a single face alone and not on the latent. Callers that render a face many times,
 * as a slider does, keep it and save half of the time. @returns a tensor to dispose; null if there is nothing to keep
 */
export function prepareFace(generator: Generator, face: Faces): tf.Tensor4D | null {
  const [prepared = null] = tf.tidy(() => {
    const found = exemplarOf(generator).prepare(generator.parameters, face);
    return found === null ? [] : [found];
  });
  return prepared;
}

/**
 * Decodes faces with their own latents: the model's output without an edit.
 * @returns [N, S, S, 3] in [-1, 1]; if edits are differences, the images themselves
 */
export function reconstruct(generator: Generator, faces: Faces): tf.Tensor4D {
  return exemplarOf(generator).isExact ? tf.clone(faces.images) : render(generator, faces, faces.latent);
}

/**
 * Weighted sums of latents: out[k] = sum over l of weights[k][l] * latents[l]. A weight of 1 with all others 0 gives a
 * bit-identical copy of that latent.
 * @param latents L of [1, h, w, C]
 * @param weights [K][L]
 * @returns [K, h, w, C]
 */
export function mixLatents(latents: readonly tf.Tensor4D[], weights: readonly (readonly number[])[]): tf.Tensor4D {
  return tf.tidy(() => {
    const [, ...shape] = latents[0].shape;
    const stacked = tf.reshape(tf.concat([...latents], 0), [latents.length, -1]); // [L, h * w * C]
    const mixed = tf.matMul(tf.tensor2d(weights.flat(), [weights.length, latents.length]), stacked);
    return tf.reshape(mixed, [weights.length, ...shape]);
  });
}

/** Uploads images to the current device: [N, S, S, 3] in [-1, 1]. Images of another size are resized. */
export async function toTensor(pictures: readonly RgbaImage[], size: number): Promise<tf.Tensor4D> {
  return uploadFloats(await toFloats(pictures, size), size);
}

/** @param floats [N, size, size, 3] in [-1, 1], copied */
export function uploadFloats(floats: Float32Array, size: number): tf.Tensor4D {
  return tf.tensor4d(floats.slice(), [floats.length / (size * size * 3), size, size, 3]);
}

/** Downloads [N, S, S, 3] in [-1, 1] as 8-bit images, rounded and clipped. It disposes nothing. */
export async function toPictures(images: tf.Tensor4D): Promise<RgbaImage[]> {
  const [n, size] = images.shape;
  const floats = (await images.data()) as Float32Array;
  const length = size * size * 3;
  return Array.from({ length: n }, (_, i) => fromFloats(floats.subarray(i * length, (i + 1) * length), size));
}
