/** Trains the attribute classifier. The same images, labels and seed give the same network, whatever the number of threads. */
import * as tf from "@tensorflow/tfjs-core";
import { OPEN } from "../dataset/lists.js";
import { applyGradients, createOptimizer, gradientsOf } from "../nn/optimizer.js";
import { disposeParameters, type Parameters } from "../nn/parameters.js";
import { Random } from "../random.js";
import type { OnProgress } from "../types.js";
import { type ClassifierShape, classify, featureCount, initialClassifier, JUDGE } from "./classifier.js";

const BATCH = 64;
/** Number of passes over all images, and largest number of updates: about two minutes on two idle cores. */
const PASSES = 12;
const MOST_UPDATES = 2000;
/** Learning rate of the first update. It decreases linearly to 0. */
const LEARNING_RATE = 2e-3;
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
/** Share of the last features that are dropped for each image (Srivastava et al. 2014). */
const DROPOUT = 0.3;
/** Augmentation: a shift by up to SHIFT pixels, a factor for all channels, a factor per channel, and normal noise. */
const SHIFT = 2;
const BRIGHTNESS = [0.8, 1.2] as const;
const TINT = [0.9, 1.1] as const;
const NOISE = 0.03;
/** Number of values in the table from which noise is cut. It is a prime, so that cuts do not repeat soon. */
const NOISE_VALUES = 65537;

export interface ClassifierData {
  /** RGB, 0 to 255: [n, 64, 64, 3] */
  readonly levels: Uint8ClampedArray;
  /** 0, 1 or OPEN: [n, attributes] */
  readonly labels: Int8Array;
  readonly attributes: number;
}

/** Number of updates of a training with `count` images. */
export function classifierUpdates(count: number): number {
  return Math.min(MOST_UPDATES, Math.ceil((PASSES * count) / BATCH));
}

const { size: SIZE } = JUDGE;
const LENGTH = SIZE * SIZE * 3;
const FEATURES = featureCount(JUDGE);

function noiseTable(random: Random): Float32Array {
  return Float32Array.from({ length: NOISE_VALUES }, () => NOISE * random.normal());
}

/** Augments an image: shifts it by a few pixels, may mirror it, changes brightness and tint, and adds noise. */
function augment(levels: Uint8ClampedArray, out: Float32Array, random: Random, noise: Float32Array): void {
  const side = SIZE;
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

/** Weights of both answers for each attribute, so that both sides and all attributes count equally. */
function balance({ labels, attributes }: ClassifierData): { readonly yes: number[]; readonly no: number[] } {
  const n = labels.length / attributes;
  const countOf = (value: number): number[] =>
    Array.from({ length: attributes }, (_, i) => {
      let count = 0;
      for (let row = 0; row < n; row++) if (labels[row * attributes + i] === value) count++;
      return count;
    });
  const weigh = (count: number): number => n / (2 * count);
  return { yes: countOf(1).map(weigh), no: countOf(0).map(weigh) };
}

/** The inputs of an update, on the device. */
export interface ClassifierBatch {
  /** [N, size, size, 3] in [-1, 1], augmented */
  readonly images: tf.Tensor4D;
  /** 0 or 1, and the weight of each answer: [N, attributes] */
  readonly labels: tf.Tensor2D;
  readonly weights: tf.Tensor2D;
  /** 0 for dropped features, 1 / (1 - dropout) for the others: [N, features] */
  readonly kept: tf.Tensor2D;
}

/** The weighted cross entropy of a batch. */
export function classifierLoss(
  shape: ClassifierShape,
  parameters: Parameters,
  { images, labels, weights, kept }: ClassifierBatch,
): tf.Scalar {
  return tf.tidy(() => {
    const logits = classify(shape, parameters, images, kept);
    // softplus(logit) - label * logit is the cross entropy of the sigmoid.
    return tf.sum(tf.mul(tf.sub(tf.softplus(logits), tf.mul(labels, logits)), weights)) as tf.Scalar;
  });
}

/** Numbers of images without end. Each round has all of them in another order. */
export class RoundOrder {
  private order: Uint32Array = new Uint32Array(0);
  private place = 0;
  private rounds = 0;

  constructor(
    private readonly count: number,
    private readonly seed: number,
  ) {}

  next(): number {
    if (this.place === this.order.length) {
      const random = Random.fromSeed(this.seed, `classifier/order/${this.rounds++}`);
      this.order = random.shuffle(Uint32Array.from({ length: this.count }, (_, k) => k));
      this.place = 0;
    }
    return this.order[this.place++];
  }
}

/** Makes batches without end. */
class Batches {
  private readonly noise: Float32Array;
  private readonly answers: ReturnType<typeof balance>;
  private readonly order: RoundOrder;

  constructor(
    private readonly data: ClassifierData,
    private readonly seed: number,
  ) {
    this.noise = noiseTable(Random.fromSeed(seed, "classifier/noise"));
    this.answers = balance(data);
    this.order = new RoundOrder(data.labels.length / data.attributes, seed);
  }

  /** The batch of an update, counted from 0. */
  next(update: number): ClassifierBatch {
    const { levels, labels, attributes } = this.data;
    const count = labels.length / attributes;
    const batch = Math.min(BATCH, count);
    const random = Random.fromSeed(this.seed, `classifier/${update}`);
    const images = new Float32Array(batch * LENGTH);
    const wanted = new Float32Array(batch * attributes);
    const weights = new Float32Array(batch * attributes);
    for (let i = 0; i < batch; i++) {
      const row = this.order.next();
      const picture = levels.subarray(row * LENGTH, (row + 1) * LENGTH);
      augment(picture, images.subarray(i * LENGTH, (i + 1) * LENGTH), random, this.noise);
      for (let a = 0; a < attributes; a++) {
        const label = labels[row * attributes + a];
        if (label === OPEN) continue; // its weight is 0
        wanted[i * attributes + a] = label;
        weights[i * attributes + a] = this.answers[label === 1 ? "yes" : "no"][a] / (batch * attributes);
      }
    }
    const kept = Float32Array.from({ length: batch * FEATURES }, () =>
      random.chance(DROPOUT) ? 0 : 1 / (1 - DROPOUT),
    );
    return {
      images: tf.tensor4d(images, [batch, SIZE, SIZE, 3]),
      labels: tf.tensor2d(wanted, [batch, attributes]),
      weights: tf.tensor2d(weights, [batch, attributes]),
      kept: tf.tensor2d(kept, [batch, FEATURES]),
    };
  }
}

/**
 * Trains on the current device.
 * @param data with images on both sides of each attribute
 */
export async function trainClassifier(data: ClassifierData, seed: number, onProgress: OnProgress): Promise<Parameters> {
  const updates = classifierUpdates(data.labels.length / data.attributes);
  const state = createOptimizer(initialClassifier(JUDGE, data.attributes, seed));
  const batches = new Batches(data, seed);
  for (let update = 0; update < updates; update++) {
    const batch = batches.next(update);
    const { value, gradients } = gradientsOf(state, () => classifierLoss(JUDGE, state.parameters, batch));
    applyGradients(state, gradients, { learningRate: LEARNING_RATE * (1 - update / updates), adam: ADAM });
    tf.dispose([value, ...Object.values(batch), ...gradients.values()]);
    if (update % 8 === 7) await new Promise((resolve) => setImmediate(resolve)); // lets signals through
    onProgress({ stage: "classifier", done: update + 1, total: updates, unit: "updates" });
  }
  for (const moments of [state.first, state.second]) disposeParameters(moments);
  return state.parameters;
}
