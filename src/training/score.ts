/**
 * Scores a generator with a number, to keep a run's best checkpoint. No loss of a GAN can be compared between steps,
 * and reconstruction alone is perfect for a generator that does nothing. The score therefore measures whether images
 * with an exchanged attribute look, as a set, like the real images of the side that they were moved to. It is the
 * energy distance (Szekely and Rizzo 2013) of small features. A generator that does nothing scores the distance between
 * the two sides, and noise scores worse. The score ranks checkpoints of one run and does not replace FID.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { FaceDataset } from "../dataset/dataset.js";
import { attributeColumns, heldOutFiles, labelRows, trainingFiles } from "../dataset/split.js";
import { BatchLoader } from "../image/loader.js";
import type { Model } from "../methods/method.js";
import type { Parameters } from "../nn/parameters.js";
import { loadSides } from "./left-out.js";
import type { RunScore } from "./run-writer.js";

/** Pictures of each side of an attribute; below the second number held-out ones tell too little. */
const FACES = 32;
const MIN_HELD_OUT = 8;
const PAIRS_AT_ONCE = 4;
/** Number of blocks per side, in each of which every channel's mean and standard deviation are features. */
const BLOCKS = 8;
const FEATURES = BLOCKS * BLOCKS * 6;

export interface ScoreFaces {
  /** Images with each attribute, then as many without: [2 count, S, S, 3] in levels of 255. */
  readonly pictures: readonly Uint8ClampedArray[];
  /** Their labels for each attribute, 0, 1, or 0.5 if open: [2 count][attributes]. */
  readonly labels: readonly (readonly (readonly number[])[])[];
  readonly counts: readonly number[];
}

/**
 * Loads the readable images for scoring: held-out ones if there are enough, otherwise training images.
 * @param unreadable as for loadSamplePairs()
 * @throws InputError if too many images cannot be read
 */
export async function loadScoreFaces(
  dataset: FaceDataset,
  { config }: Model,
  workers: number,
  unreadable: Map<number, string> = new Map(),
): Promise<ScoreFaces> {
  const table = dataset.attributes as NonNullable<FaceDataset["attributes"]>;
  const sides = (files: readonly number[], column: number): readonly (readonly number[])[] =>
    [1, 0].map((value) => files.filter((file) => table.values[file * table.names.length + column] === value));
  const chosen = attributeColumns(dataset, config.attributes).map((column) => {
    const [heldOut, trained] = [heldOutFiles, trainingFiles].map((files) => sides(files(dataset), column));
    const isEnough = heldOut.every(({ length }) => length >= MIN_HELD_OUT);
    const count = Math.min(FACES, ...(isEnough ? heldOut : trained).map(({ length }) => length));
    // Training images follow in case a held-out one cannot be read.
    return { candidates: isEnough ? heldOut.map((side, i) => [...side, ...trained[i]]) : trained, count };
  });
  const loader = new BatchLoader({ size: config.size, workers, batch: 2 * FACES, slots: 1 });
  try {
    const pictures: Uint8ClampedArray[] = [];
    const labels: (readonly (readonly number[])[])[] = [];
    for (const { candidates, count } of chosen) {
      const { data, files, release } = await loadSides(loader, dataset, candidates, count, unreadable);
      pictures.push(Uint8ClampedArray.from(data, (value) => (value + 1) * 127.5));
      labels.push(labelRows(dataset, files, config.attributes));
      release();
    }
    return { pictures, labels, counts: chosen.map(({ count }) => count) };
  } finally {
    await loader.close();
  }
}

/**
 * Computes block means and deviations of images, [n, FEATURES], in units of [-1, 1].
 * @param pictures [n, size, size, 3] in [-1, 1]
 */
export function blockFeatures(pictures: Float32Array, size: number): Float64Array {
  const n = pictures.length / (size * size * 3);
  const side = size / BLOCKS;
  const features = new Float64Array(n * FEATURES);
  for (let i = 0; i < n; i++) {
    for (let block = 0; block < BLOCKS * BLOCKS; block++) {
      const [top, left] = [Math.floor(block / BLOCKS) * side, (block % BLOCKS) * side];
      for (let c = 0; c < 3; c++) {
        let [sum, squares] = [0, 0];
        for (let y = top; y < top + side; y++) {
          for (let x = left; x < left + side; x++) {
            const value = pictures[((i * size + y) * size + x) * 3 + c];
            sum += value;
            squares += value * value;
          }
        }
        const mean = sum / (side * side);
        const at = i * FEATURES + (block * 3 + c) * 2;
        features[at] = mean;
        features[at + 1] = Math.sqrt(Math.max(0, squares / (side * side) - mean * mean));
      }
    }
  }
  return features;
}

/**
 * Computes 2 E|X - Y| - E|X - X'| - E|Y - Y'| over all pairs of rows: 0 for the same set, never negative.
 * @param x, y rows of `length` numbers
 */
export function energyDistance(x: Float64Array, y: Float64Array, length: number): number {
  const mean = (a: Float64Array, b: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < a.length; i += length) {
      for (let j = 0; j < b.length; j += length) {
        let squares = 0;
        for (let k = 0; k < length; k++) squares += (a[i + k] - b[j + k]) ** 2;
        sum += Math.sqrt(squares);
      }
    }
    return sum / ((a.length / length) * (b.length / length));
  };
  return 2 * mean(x, y) - mean(x, x) - mean(y, y);
}

/** Scores a generator on the current device. */
export async function scoreGenerator(parameters: Parameters, model: Model, faces: ScoreFaces): Promise<RunScore> {
  const { size } = model.config;
  const length = size * size * 3;
  const attributes: number[] = [];
  for (const [attribute, pictures] of faces.pictures.entries()) {
    const count = faces.counts[attribute];
    const real = Float32Array.from(pictures, (level) => level / 127.5 - 1);
    const edited = new Float32Array(real.length); // C, then D
    for (let first = 0; first < count; first += PAIRS_AT_ONCE) {
      const n = Math.min(PAIRS_AT_ONCE, count - first);
      const of = (side: number): Float32Array => {
        return real.subarray((side * count + first) * length, (side * count + first + n) * length);
      };
      const labelsOf = (side: number): tf.Tensor2D =>
        tf.tensor2d(
          faces.labels[attribute].slice(side * count + first, side * count + first + n).map((row) => [...row]),
        );
      const pictures = tf.tidy(() => {
        const [A, B] = [0, 1].map((side) => tf.tensor4d(of(side), [n, size, size, 3]));
        const { edits } = model;
        return [
          edits.apply(parameters, { images: A, attribute, value: 0, references: B, labels: labelsOf(0) }), // C
          edits.apply(parameters, { images: B, attribute, value: 1, references: A, labels: labelsOf(1) }), // D
        ];
      });
      for (const [side, picture] of pictures.entries()) {
        edited.set(await picture.data(), (side * count + first) * length);
      }
      tf.dispose(pictures);
    }
    const [A, B] = [real.subarray(0, count * length), real.subarray(count * length)].map((x) => blockFeatures(x, size));
    const [C, D] = [edited.subarray(0, count * length), edited.subarray(count * length)].map((x) =>
      blockFeatures(x, size),
    );
    // C lost the attribute and should look like B. D gained it and should look like A.
    attributes.push((energyDistance(C, B, FEATURES) + energyDistance(D, A, FEATURES)) / 2);
  }
  return { score: attributes.reduce((sum, value) => sum + value, 0) / attributes.length, attributes };
}
