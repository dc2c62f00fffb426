/** Control over TensorFlow.js's gradient tape that its public functions do not offer. */
import * as tf from "@tensorflow/tfjs-core";

/** The part of the engine's state that says what is being recorded. */
interface TapeState {
  activeTape: unknown[] | null;
  gradientDepth: number;
}

/**
 * Runs `body` as if no gradient were being taken around it: nothing in it is recorded, and it may take gradients of its
 * own, with everything from outside as constants.
 *
 * The method updates the discriminators between the generator's forward and backward. TensorFlow.js only differentiates
 * whole functions, so without this the generator's forward would run twice, or the outer tape would hold the
 * discriminators' activations.
 */
export function suspendTape<T>(body: () => T): T {
  const state = (tf.engine() as unknown as { state: TapeState }).state;
  const { activeTape, gradientDepth } = state;
  state.activeTape = null;
  state.gradientDepth = 0;
  try {
    return body();
  } finally {
    state.activeTape = activeTape;
    state.gradientDepth = gradientDepth;
  }
}

/**
 * `yes` where a value is above `bound` and `no` elsewhere, as a constant: no gradient flows through it. TensorFlow.js has no
 * gradient of comparisons, so that a product with this factor is what is differentiable twice.
 */
export function stepFactor(values: tf.Tensor, bound: number, yes: number, no: number): tf.Tensor {
  return suspendTape(() => tf.add(tf.mul(tf.cast(tf.greater(values, bound), "float32"), yes - no), no));
}
