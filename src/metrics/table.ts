/**
 * The paper's Table 1 for trained systems. For each attribute, it contains two Frechet distances: of images with the
 * attribute added to real images with it, and of images with the attribute removed to real images without it.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { FaceDataset } from "../dataset/dataset.js";
import { attributeColumns, heldOutFiles, labelRows, trainingFiles } from "../dataset/split.js";
import { editSide } from "../editing/side.js";
import { describeMismatch, InputError } from "../errors.js";
import { fromFloats, toFloats } from "../image/floats.js";
import { toInceptionInput } from "../image/inception-input.js";
import { listImages } from "../image/list-images.js";
import { BatchLoader } from "../image/loader.js";
import { readPhoto } from "../image/photo.js";
import type { Generator } from "../models/generator.js";
import type { OnProgress } from "../types.js";
import type { FeatureExtractor } from "./extract.js";
import { frechetDistance } from "./frechet.js";
import type { Linalg } from "./linalg.js";
import { asFeatures, type Features } from "./sides.js";

/** Pairs that go through both networks at once. */
export const PAIRS_AT_ONCE = 4;
/** Held-out pictures of each side below which all pictures are taken. */
const MIN_HELD_OUT = 50;

export interface TableRow {
  readonly system: string;
  readonly attribute: string;
  readonly added: number;
  readonly removed: number;
}

export interface Table {
  readonly rows: readonly TableRow[];
  /** Number of images in each of the four sets, by attribute. */
  readonly pictures: Readonly<Record<string, number>>;
  readonly heldOut: boolean;
}

/** A system whose edits are scored. Some methods have a model for each attribute. */
export interface TrainedSystem {
  readonly name: string;
  /** The model that edits an attribute. */
  generatorOf(attribute: string): Generator;
}

/** Images that another program has edited: DIR/ATTRIBUTE/added and DIR/ATTRIBUTE/removed. */
export interface OtherSystem {
  readonly name: string;
  readonly folder: string;
}

export interface TableOptions {
  readonly systems: readonly TrainedSystem[];
  readonly others: readonly OtherSystem[];
  /** The attributes to score, which all systems must have. */
  readonly attributes: readonly string[];
  /** Side of all models' images in pixels. */
  readonly size: number;
  readonly dataset: FaceDataset;
  readonly extractor: FeatureExtractor;
  /** Largest number of images per side. */
  readonly limit: number;
  readonly workers: number;
  readonly onProgress: OnProgress;
  /** Receives a line about images that are left out. */
  readonly warn?: (line: string) => void;
}

/** Features of images in [-1, 1]. Real and edited images alike are converted to 8 bits and resized in the same way. */
async function featuresOf(extractor: FeatureExtractor, pictures: Float32Array, size: number): Promise<Float32Array> {
  const length = size * size * 3;
  const n = pictures.length / length;
  const input = extractor.size * extractor.size * 3;
  const inputs = new Float32Array(n * input);
  for (let i = 0; i < n; i++) {
    const picture = fromFloats(pictures.subarray(i * length, (i + 1) * length), size);
    toInceptionInput(picture, extractor.size, "pytorch", inputs.subarray(i * input, (i + 1) * input));
  }
  return readOnce(tf.tidy(() => extractor.extract(tf.tensor4d(inputs, [n, extractor.size, extractor.size, 3]))));
}

/** Reads a tensor's values and disposes the tensor. */
async function readOnce(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return ((await tensor.data()) as Float32Array).slice();
  } finally {
    tensor.dispose();
  }
}

/** Collects rows of features in pieces. */
class FeatureSet {
  private readonly parts: Float32Array[] = [];
  private readonly d: number;
  private readonly name: string;

  constructor(d: number, name: string) {
    this.d = d;
    this.name = name;
  }

  add(rows: Float32Array): void {
    this.parts.push(rows);
  }

  features(): Features {
    const data = new Float32Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      data.set(part, at);
      at += part.length;
    }
    return asFeatures({ shape: [data.length / this.d, this.d], data }, this.name);
  }
}

/**
 * Scores the edits of systems, and other programs' images against the same real images.
 * @throws InputError if an attribute has fewer than two images on a side
 */
export async function computeTable(linalg: Linalg, options: TableOptions): Promise<Table> {
  const { systems, attributes, size, dataset, extractor, limit, workers, onProgress } = options;
  const table = dataset.attributes as NonNullable<FaceDataset["attributes"]>;
  const columns = attributeColumns(dataset, attributes);
  const side = (files: readonly number[], column: number, value: number): number[] =>
    files.filter((file) => table.values[file * table.names.length + column] === value);
  const enough = columns.every((column) =>
    [0, 1].every((value) => side(heldOutFiles(dataset), column, value).length >= MIN_HELD_OUT),
  );
  const files = enough ? heldOutFiles(dataset) : [...trainingFiles(dataset), ...heldOutFiles(dataset)];
  const chosen = columns.map((column, i) => {
    const [having, lacking] = [1, 0].map((value) => side(files, column, value).slice(0, limit));
    const count = Math.min(having.length, lacking.length);
    if (count >= 2) return { having: having.slice(0, count), lacking: lacking.slice(0, count), count };
    const remedy = "Choose data with more of them.";
    throw new InputError(
      describeMismatch(`${attributes[i]}`, "two pictures with and without it", String(count), remedy),
    );
  });
  // Check this before the network starts, so that missing images are reported immediately.
  const others: { readonly name: string; readonly lists: readonly PictureList[] }[] = [];
  for (const { name, folder } of options.others) {
    const lists: PictureList[] = [];
    for (const attribute of attributes) {
      for (const kind of ["added", "removed"]) {
        const path = `${folder}/${attribute}/${kind}`;
        lists.push({ folder: path, paths: await listImages(path, false, options.warn) });
      }
    }
    others.push({ name, lists });
  }
  const total = chosen.reduce((sum, { count }) => sum + count, 0);
  const loader = new BatchLoader({ size, workers, batch: 2 * PAIRS_AT_ONCE, slots: 2 });
  const rows: TableRow[] = [];
  let done = 0;
  try {
    for (const [i, attribute] of attributes.entries()) {
      const { having, lacking, count } = chosen[i];
      const setOf = (name: string) => new FeatureSet(extractor.dims, `${attribute} ${name}`);
      const real = [setOf("with"), setOf("without")] as const;
      const edited = systems.map(({ name }) => [setOf(`${name} added`), setOf(`${name} removed`)] as const);
      for (let first = 0; first < count; first += PAIRS_AT_ONCE) {
        const n = Math.min(PAIRS_AT_ONCE, count - first);
        const files = [...having.slice(first, first + n), ...lacking.slice(first, first + n)];
        const { data, release } = await loader.load(files.map((file) => dataset.picture(file)));
        const half = data.length / 2;
        const sides = [data.slice(0, half), data.slice(half)];
        release();
        for (const [k, pictures] of sides.entries()) real[k].add(await featuresOf(extractor, pictures, size));
        for (const [k, system] of systems.entries()) {
          const generator = system.generatorOf(attribute);
          const labels = labelRows(dataset, files, generator.config.attributes);
          const [added, removed] = tf.tidy(() => {
            const [A, B] = sides.map((pictures) => tf.tensor4d(pictures.slice(), [n, size, size, 3]));
            return [
              editSide(generator, B, { attribute, value: 1, references: A, labels: labels.slice(n) }),
              editSide(generator, A, { attribute, value: 0, references: B, labels: labels.slice(0, n) }),
            ];
          });
          edited[k][0].add(await featuresOf(extractor, await readOnce(added), size));
          edited[k][1].add(await featuresOf(extractor, await readOnce(removed), size));
        }
        done += n;
        onProgress({ stage: "table", done, total, unit: "pairs" });
      }
      const [withIt, withoutIt] = real.map((set) => set.features());
      const score = (system: string, plus: Features, minus: Features): void => {
        rows.push({
          system,
          attribute,
          added: frechetDistance(linalg, withIt, plus).fid,
          removed: frechetDistance(linalg, withoutIt, minus).fid,
        });
      };
      for (const [k, { name }] of systems.entries()) score(name, edited[k][0].features(), edited[k][1].features());
      score("no edit", withoutIt, withIt);
      for (const { name, lists } of others) {
        const plus = await otherFeatures(extractor, lists[2 * i], size);
        score(name, plus, await otherFeatures(extractor, lists[2 * i + 1], size));
      }
    }
  } finally {
    await loader.close();
  }
  const pictures = Object.fromEntries(attributes.map((name, i) => [name, chosen[i].count]));
  return { rows, pictures, heldOut: enough };
}

interface PictureList {
  readonly folder: string;
  readonly paths: readonly string[];
}

/** Features of another method's images, resized to the side of the run's images. */
async function otherFeatures(
  extractor: FeatureExtractor,
  { folder, paths }: PictureList,
  size: number,
): Promise<Features> {
  const set = new FeatureSet(extractor.dims, folder);
  for (let first = 0; first < paths.length; first += PAIRS_AT_ONCE) {
    const photos = await Promise.all(paths.slice(first, first + PAIRS_AT_ONCE).map((path) => readPhoto(path, path)));
    set.add(await featuresOf(extractor, await toFloats(photos, size), size));
  }
  return set.features();
}

/** "30.71 / 31.12" */
export const formatPair = (added: number, removed: number): string => `${added.toFixed(2)} / ${removed.toFixed(2)}`;

/** One row per system, one column per attribute. */
export function formatRows({ rows }: Table, attributes: readonly string[]): string[][] {
  return [...new Set(rows.map(({ system }) => system))].map((name) => [
    name,
    ...attributes.map((attribute) => {
      const found = rows.find((row) => row.system === name && row.attribute === attribute);
      return found === undefined ? "" : formatPair(found.added, found.removed);
    }),
  ]);
}
