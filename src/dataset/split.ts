/** Which images of a data set are trained on, and which columns of its list hold the labels. */
import { describeMismatch, InputError } from "../errors.js";
import { suggest } from "../suggest.js";
import type { FaceDataset } from "./dataset.js";
import { OPEN } from "./lists.js";

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

/** Column of each attribute. @throws InputError for a missing list, an unknown name, or an attribute of which all labels are open */
export function attributeColumns(dataset: FaceDataset, attributes: readonly string[]): readonly number[] {
  const table = dataset.attributes;
  if (table === null) {
    const remedy = "Put CelebA's list next to the pictures.";
    throw new InputError(describeMismatch(dataset.dir, "list_attr_celeba.txt", "no such file", remedy));
  }
  return attributes.map((name) => {
    const column = table.names.indexOf(name);
    if (column >= 0) {
      expectKnown(dataset, name, column);
      return column;
    }
    const meant = suggest(name, table.names);
    const remedy = meant === null ? `Known: ${table.names.join(", ")}.` : `Did you mean ${meant}?`;
    throw new InputError(describeMismatch("--attributes", "a name of the list", `'${name}'`, remedy));
  });
}

/** @throws InputError if all labels of a column are open */
function expectKnown({ dir, files, attributes }: FaceDataset, name: string, column: number): void {
  const { names, values } = attributes as NonNullable<FaceDataset["attributes"]>;
  if (files.length === 0 || files.some((_, file) => values[file * names.length + column] !== OPEN)) return;
  const remedy = "Choose another attribute, or fill in some labels: 1 with it, -1 without it.";
  throw new InputError(describeMismatch(`${dir}: ${name}`, "labels", "open ones only", remedy));
}

/** The value of an open label where a network reads labels: between 0 and 1. */
export const OPEN_INPUT = 0.5;

/** The number that a network reads as a label: 0 or 1, and 0.5 for an open one. */
export function labelInput(label: number): number {
  return label === OPEN ? OPEN_INPUT : label;
}

/** Labels of images as networks read them, 0, 1, or 0.5 if open: [files][attributes]. @throws InputError like attributeColumns() */
export function labelRows(
  dataset: FaceDataset,
  files: readonly number[],
  attributes: readonly string[],
): readonly (readonly number[])[] {
  const columns = attributeColumns(dataset, attributes);
  const table = dataset.attributes as NonNullable<FaceDataset["attributes"]>; // attributeColumns() has refused none.
  return files.map((file) => columns.map((column) => labelInput(table.values[file * table.names.length + column])));
}
