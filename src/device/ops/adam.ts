/**
 * One update of PyTorch's Adam with coupled weight decay (Kingma and Ba, 2015; torch.optim.Adam): the gradient gets
 * decay * p added, and epsilon is added after the bias correction of the second moment.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { AdamSettings } from "../../types.js";
import { SharedMemoryBackend } from "../wasm/backend.js";

/** A backend with an Adam of its own (webgpu), which is found this way since its module may not be installed. */
export interface InPlaceBackend {
  readonly inPlace?: {
    /** @param tensors gradient, parameter, first and second moment @param scalars in the kernel's order, after the count */
    adam(tensors: readonly tf.TensorInfo[], count: number, scalars: readonly number[]): void;
  };
}

const BLOCK_VALUES = 16384;

/**
 * Updates parameter, first and second moment in place.
 * @param step counted from 1
 */
export function adamUpdate(
  parameter: tf.Variable,
  first: tf.Variable,
  second: tf.Variable,
  gradient: tf.Tensor,
  step: number,
  learningRate: number,
  settings: AdamSettings,
): void {
  const { beta1, beta2, epsilon, weightDecay } = settings;
  const stepSize = learningRate / (1 - beta1 ** step);
  const rootCorrection2 = Math.sqrt(1 - beta2 ** step);
  const backend = tf.backend();
  const scalars = [stepSize, beta1, beta2, 1 - beta1, 1 - beta2, epsilon, rootCorrection2, weightDecay];
  if (backend instanceof SharedMemoryBackend) {
    const pointers = [parameter, first, second, gradient].map((t) => backend.pointerOf(t));
    const count = parameter.size;
    backend.team.run("adam", [...pointers, count, ...scalars, BLOCK_VALUES], Math.ceil(count / BLOCK_VALUES));
    return;
  }
  const { inPlace } = backend as InPlaceBackend;
  if (inPlace !== undefined) {
    inPlace.adam([gradient, parameter, first, second], parameter.size, scalars);
    return;
  }
  tf.tidy(() => {
    const g = tf.add(gradient, tf.mul(parameter, weightDecay));
    const m = tf.add(tf.mul(first, beta1), tf.mul(g, 1 - beta1));
    const v = tf.add(tf.mul(second, beta2), tf.mul(tf.square(g), 1 - beta2));
    const denominator = tf.add(tf.div(tf.sqrt(v), rootCorrection2), epsilon);
    first.assign(m);
    second.assign(v);
    parameter.assign(tf.sub(parameter, tf.mul(tf.div(m, denominator), stepSize)));
  });
}
