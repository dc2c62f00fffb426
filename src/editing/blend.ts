/** Moves several attributes of one face towards those of references, each by a share of its own. */
import * as tf from "@tensorflow/tfjs-core";
import type { Generator } from "../models/generator.js";
import { type Faces, mixLatents, render } from "./faces.js";
import { type Edit, exchangeMany } from "./swap.js";

export interface Share extends Edit {
  /** 0 leaves the attribute as it is; 1 exchanges it, as swapMany() does. */
  readonly share: number;
}

/**
 * The latent of a face after each edit's attribute has gone the edit's share of the way to its reference's. A share of 1
 * gives the bits of exchangeMany(), because it copies the reference's slice.
 * @param input one face
 * @returns [1, h, w, C]
 * @throws InputError if the model does not have one of the attributes
 */
export function blendLatent(generator: Generator, input: Faces, edits: readonly Share[]): tf.Tensor4D {
  return tf.tidy(() => {
    let latent = tf.clone(input.latent);
    for (const { share, ...edit } of edits) {
      const exchanged = exchangeMany(generator, { ...input, latent }, [edit]);
      latent = share === 1 ? exchanged : mixLatents([latent, exchanged], [[1 - share, share]]);
    }
    return latent;
  });
}

/**
 * Edits one face.
 * @param input one face
 * @param known the result of prepareFace() for it, if the caller has it
 * @returns [1, S, S, 3] in [-1, 1]
 * @throws InputError if the model does not have one of the attributes
 * @example blend(generator, face, [{ attribute: "Bangs", reference, share: 0.5 }])
 */
export function blend(
  generator: Generator,
  input: Faces,
  edits: readonly Share[],
  known?: tf.Tensor4D | null,
): tf.Tensor4D {
  return tf.tidy(() => render(generator, input, blendLatent(generator, input, edits), known));
}
