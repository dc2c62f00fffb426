/** Frees the tensors of work that fails halfway. */
import * as tf from "@tensorflow/tfjs-core";

/**
 * Runs `body` in a TensorFlow.js scope. If `body` succeeds, its kept tensors stay; if it throws, all tensors made in it
 * are disposed, kept ones too.
 *
 * A scope never disposes kept tensors, and gradients keep the tensors that their backward pass needs. So kept tensors
 * are recorded here.
 */
export function disposingOnFailure<T>(body: () => T): T {
  const engine = tf.engine();
  const { keep } = engine;
  const kept: tf.Tensor[] = [];
  engine.keep = (tensor) => {
    kept.push(tensor);
    return keep.call(engine, tensor) as typeof tensor;
  };
  engine.startScope();
  try {
    return body();
  } catch (error) {
    tf.dispose(kept);
    throw error;
  } finally {
    engine.endScope();
    engine.keep = keep;
  }
}
