/** What methods have in common that translate between two domains: A has the attribute, B does not. */
import * as tf from "@tensorflow/tfjs-core";
import type { Parameters } from "../nn/parameters.js";
import type { Condition, SampleSheet, SideEdits } from "./method.js";

/**
 * Translates images to the side of a value: to domain A with 1, to domain B with 0.
 * @param images [N, S, S, 3] in [-1, 1]
 */
export type Translate = (parameters: Parameters, images: tf.Tensor4D, value: 0 | 1) => tf.Tensor4D;

/** Edits that need nothing but the image. */
export function directedEdits(translate: Translate): SideEdits {
  return {
    needs: () => "nothing",
    apply: (parameters, { images, value }) => translate(parameters, images, value),
  };
}

/** The columns of a sheet of both translations and of what leads back from them, and what they show. */
export const THERE_AND_BACK = {
  columns: ["A", "B", "A without", "B with", "A back", "B back"],
  caption:
    "A has the attribute, B does not. The third and fourth columns are translated; the last two are translated back.",
} as const;

/** A training whose cycle losses `cycleA` and `cycleB` stay high. */
export const PICTURES_ARE_NOT_KEPT: Condition = {
  begins: ({ cycleA, cycleB }) => Math.max(cycleA, cycleB) > 0.5,
  lasts: ({ cycleA, cycleB }) => Math.max(cycleA, cycleB) > 0.3,
  message: ({ cycleA, cycleB }, window) =>
    `pictures that were translated there and back differed by ${(63.75 * (cycleA + cycleB)).toFixed(0)} of 255 grey levels over ${window} steps: translations lose the face. Train longer, or start again with another --seed.`,
};

/** A sheet of both translations and of what leads back from them. */
export function directedSheet(translate: Translate): SampleSheet {
  return {
    ...THERE_AND_BACK,
    draw: (parameters, both) => {
      const [A, B] = tf.split(both, 2, 0) as [tf.Tensor4D, tf.Tensor4D];
      const [without, having] = [translate(parameters, A, 0), translate(parameters, B, 1)];
      const [backA, backB] = [translate(parameters, without, 1), translate(parameters, having, 0)];
      return tf.concat([both, without, having, backA, backB], 0);
    },
  };
}
