/** Judges edits with the classifier, which is trained once for a data set and its attributes and then stored. */
import * as tf from "@tensorflow/tfjs-core";
import type { FaceDataset } from "../dataset/dataset.js";
import { OPEN } from "../dataset/lists.js";
import { mirror, toFloats } from "../image/floats.js";
import { disposeParameters, type Parameters } from "../nn/parameters.js";
import type { OnProgress, RgbaImage } from "../types.js";
import { classify, JUDGE } from "./classifier.js";
import {
  type ClassifierRecord,
  classifierKey,
  classifierPath,
  loadClassifier,
  type StoredClassifier,
  saveClassifier,
} from "./classifier-file.js";
import { classifierUpdates, trainClassifier } from "./classifier-training.js";
import { labelsOf, splitFiles, spread } from "./pairs.js";
import { loadPictures, type Pictures } from "./pictures.js";

/** Largest number of images that the classifier is trained and tested on: 250 MB. */
const MOST_TRAINING = 16_384;
const MOST_HELD_OUT = 4096;
/** Number of training images that each side of each attribute needs. */
export const FEWEST_OF_SIDE = 4;
const PICTURES_AT_ONCE = 64;
const { size: SIZE } = JUDGE;
const LENGTH = SIZE * SIZE * 3;

/**
 * Decides whether images have each attribute, by the mean of the network's answers for the image and its mirror image.
 * @param images [n, 64, 64, 3] in [-1, 1]
 * @returns 0 or 1: [n, attributes]
 */
export async function decide(parameters: Parameters, images: Float32Array): Promise<Uint8Array> {
  const n = images.length / LENGTH;
  const decisions: number[] = [];
  for (let first = 0; first < n; first += PICTURES_AT_ONCE) {
    const own = images.slice(first * LENGTH, (first + PICTURES_AT_ONCE) * LENGTH);
    const mirrored = own.slice();
    for (let at = 0; at < own.length; at += LENGTH) mirror(mirrored.subarray(at, at + LENGTH), SIZE);
    const answers: Float32Array[] = [];
    for (const pictures of [own, mirrored]) {
      const shape: [number, number, number, number] = [own.length / LENGTH, SIZE, SIZE, 3];
      const logits = tf.tidy(() => classify(JUDGE, parameters, tf.tensor4d(pictures, shape)));
      answers.push(((await logits.data()) as Float32Array).slice());
      logits.dispose();
    }
    for (const [i, answer] of answers[0].entries()) decisions.push(answer + answers[1][i] > 0 ? 1 : 0);
  }
  return Uint8Array.from(decisions);
}

/** Mean of the shares of right decisions on both sides of each attribute; null if a side has no image with a known label. */
function balancedAccuracy(decisions: Uint8Array, labels: Int8Array, attributes: number): (number | null)[] {
  return Array.from({ length: attributes }, (_, a) => {
    const [right, all] = [
      [0, 0],
      [0, 0],
    ];
    for (let at = a; at < labels.length; at += attributes) {
      if (labels[at] === OPEN) continue;
      all[labels[at]]++;
      if (decisions[at] === labels[at]) right[labels[at]]++;
    }
    return all[0] === 0 || all[1] === 0 ? null : (right[0] / all[0] + right[1] / all[1]) / 2;
  });
}

/**
 * The first attribute without enough training images on one of its sides; null if the classifier can learn them all.
 * @throws InputError if the data set has no labels or lacks an attribute
 */
export function lackingAttribute(dataset: FaceDataset, attributes: readonly string[]): string | null {
  const training = spread(splitFiles(dataset).training, MOST_TRAINING);
  const labels = labelsOf(dataset, training, attributes);
  const lacking = attributes.find((_, a) => {
    const count = (value: number): number =>
      training.filter((_, row) => labels[row * attributes.length + a] === value).length;
    return Math.min(count(1), count(0)) < FEWEST_OF_SIDE;
  });
  return lacking ?? null;
}

export interface JudgeOptions {
  readonly dataset: FaceDataset;
  /** Names in the model's order. */
  readonly attributes: readonly string[];
  /** The run's folder, where the classifier is stored; null for the cache. */
  readonly folder: string | null;
  readonly seed: number;
  readonly workers: number;
  readonly onProgress: OnProgress;
  readonly warn: (line: string) => void;
}

export class Judge {
  readonly record: ClassifierRecord;
  /** Path of the stored classifier. */
  readonly path: string;
  private readonly parameters: Parameters;

  private constructor({ parameters, record }: StoredClassifier, path: string) {
    this.parameters = parameters;
    this.record = record;
    this.path = path;
  }

  /**
   * Opens the stored classifier, or trains and stores one.
   * @returns null if the training images do not have four on both sides of each attribute
   */
  static async open(options: JudgeOptions): Promise<Judge | null> {
    const { dataset, attributes, folder, seed, warn } = options;
    const split = splitFiles(dataset);
    const [training, heldOut] = [spread(split.training, MOST_TRAINING), spread(split.heldOut, MOST_HELD_OUT)];
    const lacking = lackingAttribute(dataset, attributes);
    if (lacking !== null) {
      warn(
        `no classifier: it needs ${FEWEST_OF_SIDE} training pictures with and without ${lacking}. Hits and leakage are left out.`,
      );
      return null;
    }
    const files = [...training, ...heldOut];
    const names = files.map((file) => dataset.files[file]);
    const key = classifierKey(names, labelsOf(dataset, files, attributes), attributes, seed);
    const path = classifierPath(folder, key);
    const kept = await loadClassifier(folder, key);
    if (kept !== null) return new Judge(kept, path);
    const made = await train(options, training, heldOut, key);
    await saveClassifier(folder, made);
    return new Judge(made, path);
  }

  /** Decides which attributes images of any size have: 0 or 1, [pictures, attributes] */
  async decide(pictures: readonly RgbaImage[]): Promise<Uint8Array> {
    return decide(this.parameters, await toFloats(pictures, SIZE));
  }

  dispose(): void {
    disposeParameters(this.parameters);
  }
}

async function train(
  { dataset, attributes, seed, workers, onProgress, warn }: JudgeOptions,
  training: readonly number[],
  heldOut: readonly number[],
  key: string,
): Promise<StoredClassifier> {
  const load = async (files: readonly number[], stage: string): Promise<Pictures> => {
    const pictures = await loadPictures(dataset, files, { size: SIZE, workers, stage, onProgress });
    const { unreadable } = pictures;
    if (unreadable.length > 0) warn(`${unreadable.length} pictures are left out, such as ${unreadable[0]}`);
    return pictures;
  };
  const count = attributes.length;
  const learned = await load(training, "read");
  const labels = labelsOf(dataset, learned.files, attributes);
  const data = { levels: learned.levels, labels, attributes: count };
  const parameters = await trainClassifier(data, seed, onProgress);
  const tested = await load(heldOut, "test");
  const decisions = await decide(
    parameters,
    Float32Array.from(tested.levels, (level) => level / 127.5 - 1),
  );
  const accuracy = balancedAccuracy(decisions, labelsOf(dataset, tested.files, attributes), count);
  return {
    parameters,
    record: {
      key,
      seed,
      updates: classifierUpdates(learned.files.length),
      training: learned.files.length,
      heldOut: tested.files.length,
      attributes: attributes.map((name, a) => ({ name, accuracy: accuracy[a] })),
    },
  };
}
