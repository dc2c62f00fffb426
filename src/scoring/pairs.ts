/** Chooses the images of a score: the held-out images and pairs of them, and the images that the classifier learns from. */
import type { FaceDataset } from "../dataset/dataset.js";
import { attributeColumns, heldOutFiles, trainingFiles } from "../dataset/split.js";

/** Share at the end of a list that counts as held out if there is no partition. */
const HELD_OUT_SHARE = 0.1;

/** An input and a reference of another person, by their positions in the data set's files. */
export interface ScoredPair {
  readonly attribute: string;
  /** True if the reference has the attribute (it is added), false if not (it is removed). */
  readonly adding: boolean;
  readonly input: number;
  readonly reference: number;
}

/**
 * Pairs each input with a reference. With `adding`, inputs lack the attribute and references have it. Inputs come in
 * the order of `faces`, each once. After the last reference, the first one is used again.
 * @param has null for a face of which nobody knows it, which is left out
 */
export function* pairUp<Face>(
  faces: readonly Face[],
  has: (face: Face) => boolean | null,
  adding: boolean,
): Generator<readonly [input: Face, reference: Face]> {
  const inputs = faces.filter((face) => has(face) === !adding);
  const references = faces.filter((face) => has(face) === adding);
  if (references.length === 0) return;
  for (const [i, input] of inputs.entries()) yield [input, references[i % references.length]];
}

/**
 * Splits a data set into the images to learn from and the held-out ones, by its partition list. Without one, the last
 * tenth is held out.
 */
export function splitFiles(dataset: FaceDataset): {
  readonly training: readonly number[];
  readonly heldOut: readonly number[];
} {
  const heldOut = heldOutFiles(dataset);
  if (heldOut.length > 0) return { training: trainingFiles(dataset), heldOut };
  const all = dataset.files.map((_, i) => i);
  const first = Math.ceil((1 - HELD_OUT_SHARE) * all.length);
  return { training: all.slice(0, first), heldOut: all.slice(first) };
}

/** Labels of images, 0, 1 or OPEN: [files, attributes]. @throws InputError like attributeColumns() */
export function labelsOf(
  dataset: FaceDataset,
  files: readonly number[],
  attributes: readonly string[],
): Int8Array<ArrayBuffer> {
  const columns = attributeColumns(dataset, attributes);
  const { names, values } = dataset.attributes as NonNullable<FaceDataset["attributes"]>;
  return Int8Array.from(files.flatMap((file) => columns.map((column) => values[file * names.length + column])));
}

/** At most `count` items, spread evenly over all, in their order. */
export function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]);
}
