/** Control over TensorFlow.js's gradient tape that its public functions do not offer. */
import * as tf from "@tensorflow/tfjs-core";

/** The part of the engine's state that says what is being recorded. */
interface TapeState {
  activeTape: unknown[] | null;
  gradientDepth: number;
}

/**
 * Runs `body` as if no gradient were being taken around it. Nothing in it is recorded, and it can take gradients of its own, for
 * which everything from outside is constant.
 *
 * ELEGANT updates the discriminators between the generator's forward and backward pass. TensorFlow.js only differentiates whole
 * functions. Without this function, the generator's forward pass would run twice, or the outer tape would keep the
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
 * Returns a constant that is `yes` where a value is above `bound` and `no` elsewhere. No gradient flows through it. TensorFlow.js has
 * no gradient for comparisons, but a product with this factor is differentiable twice.
 */
export function stepFactor(values: tf.Tensor, bound: number, yes: number, no: number): tf.Tensor {
  return suspendTape(() => tf.add(tf.mul(tf.cast(tf.greater(values, bound), "float32"), yes - no), no));
}
