/** The sample sheet of a run. It shows the same pairs each time, so that you can watch them change. */
import * as tf from "@tensorflow/tfjs-core";
import type { FaceDataset } from "../dataset/dataset.js";
import { attributeColumns, heldOutFiles, labelRows, trainingFiles } from "../dataset/split.js";
import { fromFloats } from "../image/floats.js";
import { BatchLoader } from "../image/loader.js";
import type { Model } from "../methods/method.js";
import type { Parameters } from "../nn/parameters.js";
import { composeSheet } from "../sheet/sheet.js";
import type { RgbaImage } from "../types.js";
import { loadSides } from "./left-out.js";
import { SAMPLE_PAIRS, sampleOptions } from "./sample-sheet.js";

export interface SamplePairs {
  /** Images for each attribute, A then B stacked: [2 pairs, S, S, 3] in [-1, 1]. */
  readonly pictures: readonly Float32Array[];
  /** Their labels for each attribute, 0, 1, or 0.5 if open: [2 pairs][attributes]. */
  readonly labels: readonly (readonly (readonly number[])[])[];
  readonly pairs: number;
}

/**
 * Loads the first readable pairs of each attribute: held-out ones if there are enough, otherwise training images.
 * @param unreadable images that are known to be unreadable, with the reason; further ones are added
 * @throws InputError if too many images cannot be read
 */
export async function loadSamplePairs(
  dataset: FaceDataset,
  { config }: Model,
  workers: number,
  unreadable: Map<number, string> = new Map(),
): Promise<SamplePairs> {
  const columns = attributeColumns(dataset, config.attributes);
  const table = dataset.attributes as NonNullable<FaceDataset["attributes"]>;
  const choose = (column: number, value: number): number[] => {
    const having = (files: readonly number[]): number[] =>
      files.filter((file) => table.values[file * table.names.length + column] === value);
    const [heldOut, trained] = [having(heldOutFiles(dataset)), having(trainingFiles(dataset))];
    return heldOut.length >= SAMPLE_PAIRS ? [...heldOut, ...trained] : trained;
  };
  const chosen = columns.map((column) => ({ A: choose(column, 1), B: choose(column, 0) }));
  const pairs = Math.min(SAMPLE_PAIRS, ...chosen.map(({ A, B }) => Math.min(A.length, B.length)));
  const loader = new BatchLoader({ size: config.size, workers, batch: 2 * pairs, slots: 1 });
  try {
    const pictures: Float32Array[] = [];
    const labels: (readonly (readonly number[])[])[] = [];
    for (const { A, B } of chosen) {
      const { data, files, release } = await loadSides(loader, dataset, [A, B], pairs, unreadable);
      pictures.push(data.slice());
      labels.push(labelRows(dataset, files, config.attributes));
      release();
    }
    return { pictures, labels, pairs };
  } finally {
    await loader.close();
  }
}

/** Draws the model's columns, one row per pair. */
export async function drawSamples(
  parameters: Parameters,
  model: Model,
  { pictures, labels, pairs }: SamplePairs,
): Promise<RgbaImage> {
  const { sheet } = model;
  const { size } = model.config;
  const rows: RgbaImage[][] = [];
  for (const [attribute, batch] of pictures.entries()) {
    const stacked = tf.tidy(() => {
      const both = tf.tensor4d(batch, [2 * pairs, size, size, 3]);
      return sheet.draw(parameters, both, attribute, tf.tensor2d(labels[attribute].map((row) => [...row])));
    });
    const values = (await stacked.data()) as Float32Array;
    stacked.dispose();
    const length = size * size * 3;
    for (let pair = 0; pair < pairs; pair++) {
      const cells = Array.from({ length: sheet.columns.length }, (_, column) => (column * pairs + pair) * length);
      rows.push(cells.map((at) => fromFloats(values.subarray(at, at + length), size)));
    }
  }
  return composeSheet(rows, sampleOptions(model, pairs));
}
