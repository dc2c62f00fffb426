/** Attributes from references: the exchange of latent slices at work. B is the input, A the reference. */
import * as tf from "@tensorflow/tfjs-core";
import { attributeIndex } from "../methods/attributes.js";
import type { Faces } from "../methods/method.js";
import type { Generator } from "../models/generator.js";
import { repeatTo } from "../nn/batch.js";
import { exemplarOf, render } from "./faces.js";

export interface Edit {
  /** Its name in the model. */
  readonly attribute: string;
  /** One face for all inputs, or one for each. */
  readonly reference: Faces;
}

/**
 * The latent of each input with the slice of every edit's attribute from its reference; nothing is decoded.
 * @returns [N, S/32, S/32, 8 W], with four blocks [N, S/16, S/16, 8 W]
 * @throws InputError when the model does not have one of the attributes
 */
export function exchangeMany(generator: Generator, inputs: Faces, edits: readonly Edit[]): tf.Tensor4D {
  const { config } = generator;
  const { exchange } = exemplarOf(generator);
  const indices = edits.map(({ attribute }) => attributeIndex(config, attribute));
  return tf.tidy(() => {
    const [n] = inputs.latent.shape;
    let latent = tf.clone(inputs.latent);
    for (const [i, { reference }] of edits.entries()) {
      latent = exchange(latent, repeatTo(reference.latent, n), indices[i]);
    }
    return latent;
  });
}

/**
 * Inputs with each attribute as in its reference, all at once.
 * @returns [N, S, S, 3] in [-1, 1]
 * @throws InputError when the model does not have one of the attributes
 */
export function swapMany(generator: Generator, inputs: Faces, edits: readonly Edit[]): tf.Tensor4D {
  return tf.tidy(() => render(generator, inputs, exchangeMany(generator, inputs, edits)));
}

/**
 * One attribute exchanged both ways: D are the inputs with the references' attribute, C the references with the inputs'.
 * @param references one for all inputs, or one for each
 * @returns [N, S, S, 3] in [-1, 1] each
 * @throws InputError when the model does not have the attribute
 */
export function swap(
  generator: Generator,
  inputs: Faces,
  references: Faces,
  attribute: string,
): { readonly C: tf.Tensor4D; readonly D: tf.Tensor4D } {
  const [C, D] = tf.tidy(() => {
    const [n] = inputs.latent.shape;
    const zD = exchangeMany(generator, inputs, [{ attribute, reference: references }]);
    const own = { ...references, latent: repeatTo(references.latent, n) };
    const zC = exchangeMany(generator, own, [{ attribute, reference: inputs }]);
    return [render(generator, references, zC), render(generator, inputs, zD)];
  });
  return { C, D };
}
