/** Tensors of work that fails half-way. */
import * as tf from "@tensorflow/tfjs-core";

/**
 * Runs `body`; when it throws, all tensors made in it are disposed of, when it does not, all but the kept ones. Of kept tensors a
 * scope of TensorFlow.js disposes of none, and its gradients keep what their backward needs, so these are noted here.
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
