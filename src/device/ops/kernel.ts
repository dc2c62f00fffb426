/** How operations find kernels. A device registers those it has with TensorFlow.js, by the names that the operations export. */
import * as tf from "@tensorflow/tfjs-core";

/** Whether the current device has this kernel. Without it, an operation is composed from stock operations. */
export function hasKernel(name: string): boolean {
  return tf.getKernel(name, tf.getBackend()) != null;
}
