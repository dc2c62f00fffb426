/** Trains the attribute classifier. The same pictures, labels and seed give the same network, whatever the number of threads. */
import * as tf from "@tensorflow/tfjs-core";
import { disposeParameters, type Parameters } from "../model/parameters.js";
import { Random } from "../random.js";
import { applyGradients, createOptimizer, gradientsOf } from "../training/optimizer.js";
import type { OnProgress } from "../types.js";
import { CLASSIFIER_SIZE, classify, FEATURES, initialClassifier } from "./classifier.js";

const BATCH = 64;
/** Passes over all pictures, and the most updates: a minute and a half of two cores. */
const PASSES = 12;
const MOST_UPDATES = 2000;
const LEARNING_RATE = 2e-3;
const DROPOUT = 0.3;
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
/** Augmentation: each picture times a factor from this range, plus normal noise of this deviation. */
const BRIGHTNESS = [0.8, 1.2] as const;
const TINT = [0.9, 1.1] as const;
const SHIFT = 2;
const NOISE = 0.03;
/** Values of a table that noise is cut from; a prime, so that cuts do not repeat soon. */
const NOISE_VALUES = 65537;

export interface ClassifierData {
  /** RGB, 0 to 255: [n, 64, 64, 3] */
  readonly levels: Uint8ClampedArray;
  /** 0 or 1: [n, attributes] */
  readonly labels: Uint8Array;
  readonly attributes: number;
}

/** Updates of a training with `count` pictures. */
export function classifierUpdates(count: number): number {
  return Math.min(MOST_UPDATES, Math.ceil((PASSES * count) / BATCH));
}

const LENGTH = CLASSIFIER_SIZE * CLASSIFIER_SIZE * 3;

function noiseTable(random: Random): Float32Array {
  return Float32Array.from({ length: NOISE_VALUES }, () => NOISE * random.normal());
}

/** A picture as it is trained on: moved by a few pixels, mirrored or not, brighter or darker, of another tint, with noise. */
function augment(levels: Uint8ClampedArray, out: Float32Array, random: Random, noise: Float32Array): void {
  const side = CLASSIFIER_SIZE;
  const mirrored = random.chance(0.5);
  const [down, across] = [random.below(2 * SHIFT + 1) - SHIFT, random.below(2 * SHIFT + 1) - SHIFT];
  const factor = random.between(...BRIGHTNESS);
  const factors = [0, 1, 2].map(() => factor * random.between(...TINT));
  const inside = (place: number): number => Math.min(side - 1, Math.max(0, place)); // the edge is repeated
  let at = random.below(NOISE_VALUES);
  let to = 0;
  for (let y = 0; y < side; y++) {
    const row = inside(y + down) * side;
    for (let x = 0; x < side; x++) {
      const column = inside(x + across);
      const from = (row + (mirrored ? side - 1 - column : column)) * 3;
      for (let c = 0; c < 3; c++) {
        out[to++] = factors[c] * (levels[from + c] / 127.5 - 1) + noise[at];
        at = at + 1 === NOISE_VALUES ? 0 : at + 1;
      }
    }
  }
}

/** Weights of the two answers of each attribute, so that both sides and all attributes count the same. */
function balance({ labels, attributes }: ClassifierData): { readonly yes: number[]; readonly no: number[] } {
  const n = labels.length / attributes;
  const having = Array.from({ length: attributes }, (_, i) => {
    let count = 0;
    for (let row = 0; row < n; row++) count += labels[row * attributes + i];
    return count;
  });
  return { yes: having.map((count) => n / (2 * count)), no: having.map((count) => n / (2 * (n - count))) };
}

/**
 * Trains on the current device.
 * @param data with pictures on both sides of each attribute
 */
export async function trainClassifier(data: ClassifierData, seed: number, onProgress: OnProgress): Promise<Parameters> {
  const { levels, labels, attributes } = data;
  const n = labels.length / attributes;
  const batch = Math.min(BATCH, n);
  const updates = classifierUpdates(n);
  const state = createOptimizer(initialClassifier(attributes, seed));
  const noise = noiseTable(Random.fromSeed(seed, "classifier/noise"));
  const { yes, no } = balance(data);
  let order: Uint32Array = new Uint32Array(0);
  let next = 0;
  let rounds = 0;
  for (let update = 0; update < updates; update++) {
    const random = Random.fromSeed(seed, `classifier/${update}`);
    const images = new Float32Array(batch * LENGTH);
    const wanted = new Float32Array(batch * attributes);
    const weights = new Float32Array(batch * attributes);
    for (let i = 0; i < batch; i++, next++) {
      if (next === order.length) {
        order = Random.fromSeed(seed, `classifier/order/${rounds++}`).shuffle(
          Uint32Array.from({ length: n }, (_, k) => k),
        );
        next = 0;
      }
      const row = order[next];
      augment(levels.subarray(row * LENGTH, (row + 1) * LENGTH), images.subarray(i * LENGTH), random, noise);
      for (let a = 0; a < attributes; a++) {
        const label = labels[row * attributes + a];
        wanted[i * attributes + a] = label;
        weights[i * attributes + a] = (label === 1 ? yes[a] : no[a]) / (batch * attributes);
      }
    }
    const keep = new Float32Array(batch * FEATURES);
    for (let i = 0; i < keep.length; i++) keep[i] = random.chance(DROPOUT) ? 0 : 1 / (1 - DROPOUT);
    const [k, x, y, w] = tf.tidy(() => [
      tf.tensor2d(keep, [batch, FEATURES]),
      tf.tensor4d(images, [batch, CLASSIFIER_SIZE, CLASSIFIER_SIZE, 3]),
      tf.tensor2d(wanted, [batch, attributes]),
      tf.tensor2d(weights, [batch, attributes]),
    ]);
    // softplus(logit) - label * logit is the cross entropy of the sigmoid.
    const { value, gradients } = gradientsOf(state, () => {
      const logits = classify(state.parameters, x as tf.Tensor4D, k as tf.Tensor2D);
      return tf.sum(tf.mul(tf.sub(tf.softplus(logits), tf.mul(y, logits)), w)) as tf.Scalar;
    });
    const learningRate = LEARNING_RATE * (1 - update / updates);
    applyGradients(state, gradients, { learningRate, adam: ADAM });
    tf.dispose([value, k, x, y, w, ...gradients.values()]);
    if (update % 8 === 7) await new Promise((resolve) => setImmediate(resolve)); // so that Ctrl-C and progress get through
    onProgress({ stage: "classifier", done: update + 1, total: updates, unit: "updates" });
  }
  for (const moments of [state.first, state.second]) disposeParameters(moments);
  return state.parameters;
}
