/** Transfers attributes from references by exchanging slices of latents. B is the input, A the reference. */
import * as tf from "@tensorflow/tfjs-core";
import { attributeIndex } from "../methods/attributes.js";
import type { Faces } from "../methods/method.js";
import type { Generator } from "../models/generator.js";
import { repeatTo } from "../nn/batch.js";
import { exemplarOf, render } from "./faces.js";

export interface Edit {
  /** Name of the attribute in the model. */
  readonly attribute: string;
  /** One face for all inputs, or one per input. */
  readonly reference: Faces;
}

/**
 * The latent of each input, in which the slice of every edit's attribute comes from its reference. Nothing is decoded.
 * @returns [N, S/32, S/32, 8 W]; with four blocks, [N, S/16, S/16, 8 W]
 * @throws InputError if the model does not have one of the attributes
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
 * Gives each input all edits' attributes of their references, at the same time.
 * @returns [N, S, S, 3] in [-1, 1]
 * @throws InputError if the model does not have one of the attributes
 */
export function swapMany(generator: Generator, inputs: Faces, edits: readonly Edit[]): tf.Tensor4D {
  return tf.tidy(() => render(generator, inputs, exchangeMany(generator, inputs, edits)));
}

/**
 * Exchanges one attribute in both directions: D shows the inputs with the references' attribute, C the references with
 * the inputs' attribute.
 * @param references one for all inputs, or one per input
 * @returns C and D, each [N, S, S, 3] in [-1, 1]
 * @throws InputError if the model does not have the attribute
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
