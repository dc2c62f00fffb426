/** Which images of a data set are trained on, and which columns of its list hold the labels. */
import { describeMismatch, InputError } from "../errors.js";
import { suggest } from "../suggest.js";
import type { FaceDataset } from "./dataset.js";

/** Positions of the pictures to train on: all but those that a partition list puts into validation or test. */
export function trainingFiles(dataset: FaceDataset): readonly number[] {
  const all = dataset.files.map((_, i) => i);
  if (dataset.partition === null) return all;
  const partitionOf = new Map(dataset.partition.files.map((file, i) => [file, dataset.partition?.values[i]]));
  return all.filter((i) => (partitionOf.get(dataset.files[i]) ?? 0) === 0);
}

/** Positions of the pictures that are not trained on. */
export function heldOutFiles(dataset: FaceDataset): readonly number[] {
  const trained = new Set(trainingFiles(dataset));
  return dataset.files.flatMap((_, i) => (trained.has(i) ? [] : [i]));
}

/** Column of each attribute. @throws InputError for a missing list or an unknown name */
export function attributeColumns(dataset: FaceDataset, attributes: readonly string[]): readonly number[] {
  const table = dataset.attributes;
  if (table === null) {
    const remedy = "Put CelebA's list next to the pictures.";
    throw new InputError(describeMismatch(dataset.dir, "list_attr_celeba.txt", "no such file", remedy));
  }
  return attributes.map((name) => {
    const column = table.names.indexOf(name);
    if (column >= 0) return column;
    const meant = suggest(name, table.names);
    const remedy = meant === null ? `Known: ${table.names.join(", ")}.` : `Did you mean ${meant}?`;
    throw new InputError(describeMismatch("--attributes", "a name of the list", `'${name}'`, remedy));
  });
}

/** Labels of images, 0 or 1: [files][attributes]. @throws InputError like attributeColumns() */
export function labelRows(
  dataset: FaceDataset,
  files: readonly number[],
  attributes: readonly string[],
): readonly (readonly number[])[] {
  const columns = attributeColumns(dataset, attributes);
  const table = dataset.attributes as NonNullable<FaceDataset["attributes"]>; // attributeColumns() has refused none.
  return files.map((file) => columns.map((column) => (table.values[file * table.names.length + column] === 1 ? 1 : 0)));
}
