/** Goes from the input to the input with the reference's attribute, in equal steps. */
import * as tf from "@tensorflow/tfjs-core";
import type { Generator } from "../models/generator.js";
import { type Faces, mixLatents, render } from "./faces.js";
import { exchangeMany } from "./swap.js";

/**
 * z_i = z_B + i / steps * (z_D - z_B) for i = 1 to `steps`, so the last one is the swap.
 * @param input     one face B
 * @param reference one face A
 * @returns [steps, S, S, 3] in [-1, 1]
 * @throws InputError if the model does not have the attribute
 */
export function linear(
  generator: Generator,
  input: Faces,
  reference: Faces,
  attribute: string,
  steps: number,
): tf.Tensor4D {
  return tf.tidy(() => {
    const zD = exchangeMany(generator, input, [{ attribute, reference }]);
    const shares = Array.from({ length: steps }, (_, i) => (i + 1) / steps);
    const weights = shares.map((share) => [1 - share, share]);
    return render(generator, input, mixLatents([input.latent, zD], weights));
  });
}
