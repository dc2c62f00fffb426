/** Shows how an exchange works: the slices of the latents that change places, the mask, and the change of the image. */
import * as tf from "@tensorflow/tfjs-core";
import { attributeIndex } from "../methods/attributes.js";
import type { Generator } from "../models/generator.js";
import { changePicture } from "../sheet/change.js";
import type { RgbaImage } from "../types.js";
import { exemplarOf, type Faces, reconstruct, render, toPictures } from "./faces.js";
import { type Edit, exchangeMany } from "./swap.js";

/** The steps of one edit as images. */
export interface Explanation {
  /** The mean activation of the attribute's slice at each place of the latent, [h, w], light for strong: the input's
   * slice, and the reference's, which takes its place. */
  readonly ownSlice: RgbaImage;
  readonly referenceSlice: RgbaImage;
  /** Where the network may change the image, light for all of it; null for a network without a mask. */
  readonly mask: RgbaImage | null;
  /** The change of each pixel around medium grey, as changePicture() draws it. */
  readonly change: RgbaImage;
  readonly before: RgbaImage;
  readonly after: RgbaImage;
}

/** Draws [h, w] values in [0, most] as grey levels. */
function greyMap(values: ArrayLike<number>, width: number, most: number): RgbaImage {
  const data = new Uint8ClampedArray(values.length * 4).fill(255);
  for (let i = 0; i < values.length; i++) data.fill((255 * values[i]) / most, i * 4, i * 4 + 3);
  return { width, height: values.length / width, data };
}

/**
 * The channels of an attribute's slice as ones, all others as zeros, [1, 1, 1, C]. An exchange of zeros with ones shows
 * them for any method.
 */
function sliceOf(generator: Generator, { latent }: Faces, attribute: string): tf.Tensor4D {
  const index = attributeIndex(generator.config, attribute);
  return tf.tidy(() => {
    const one = tf.slice(latent, [0, 0, 0, 0], [1, 1, 1, -1]);
    return exemplarOf(generator).exchange(tf.zerosLike(one), tf.onesLike(one), index);
  });
}

/** Mean absolute activation of a slice at each place, [h * w] */
function activation(latent: tf.Tensor4D, slice: tf.Tensor4D): tf.Tensor1D {
  return tf.tidy(() => tf.reshape(tf.div(tf.sum(tf.mul(tf.abs(latent), slice), 3), tf.sum(slice)), [-1]));
}

/**
 * Explains the exchange of one attribute.
 * @param input one face
 * @param edit  with one reference
 * @throws InputError if the model does not have the attribute
 */
export async function explain(generator: Generator, input: Faces, edit: Edit): Promise<Explanation> {
  const { size } = generator.config;
  const exemplar = exemplarOf(generator);
  const made = tf.tidy(() => {
    const slice = sliceOf(generator, input, edit.attribute);
    const latent = exchangeMany(generator, input, [edit]);
    const mask = exemplar.mask(generator.parameters, input, latent);
    return {
      own: activation(input.latent, slice),
      reference: activation(edit.reference.latent, slice),
      before: reconstruct(generator, input),
      after: render(generator, input, latent),
      mask: mask ?? undefined,
    };
  });
  const [own, reference] = await Promise.all([made.own.data(), made.reference.data()]);
  const [[before], [after]] = [await toPictures(made.before), await toPictures(made.after)];
  const mask = made.mask === undefined ? null : await made.mask.data();
  tf.dispose(made);
  const most = Math.max(...own, ...reference, Number.MIN_VALUE);
  const width = input.latent.shape[2];
  return {
    ownSlice: greyMap(own, width, most),
    referenceSlice: greyMap(reference, width, most),
    mask: mask === null ? null : greyMap(mask, size, 1),
    change: changePicture(before, after),
    before,
    after,
  };
}
