/**
 * Reads and writes CelebA's three lists: attributes, landmarks, partition. Reading accepts the common variants (see
 * table.ts).
 */
import { basename } from "node:path";
import { describeMismatch, InputError } from "../errors.js";
import type { FivePoints } from "../types.js";
import { lineError } from "./line-error.js";
import { type NumberTable, readTable } from "./table.js";

export const LIST_NAMES = {
  attributes: "list_attr_celeba",
  landmarks: "list_landmarks_celeba",
  partition: "list_eval_partition",
} as const;

/** Name of CelebA's list of landmarks for its own aligned images, 178 x 218. */
export const ALIGNED_LANDMARKS = "list_landmarks_align_celeba";

export const LANDMARK_NAMES = [
  "lefteye_x",
  "lefteye_y",
  "righteye_x",
  "righteye_y",
  "nose_x",
  "nose_y",
  "leftmouth_x",
  "leftmouth_y",
  "rightmouth_x",
  "rightmouth_y",
] as const;

/** The labels of a data set, as in list_attr_celeba.txt. */
export interface AttributeTable {
  /** Names of the attributes: the columns. */
  readonly names: readonly string[];
  /** Names of the images: the rows. */
  readonly files: readonly string[];
  /** 1 with the attribute, 0 without it, -1 if that is unknown; [files, names]. */
  readonly values: Int8Array;
}

/** The label of an image of which nobody knows whether it has the attribute. */
export const OPEN = -1;

/** Five landmarks for each photo, as in list_landmarks_celeba.txt. */
export interface LandmarkTable {
  /** Names of the photos: the rows. A list of several faces repeats the name. */
  readonly files: readonly string[];
  /** x and y in pixels of the photo, [files, 10]: left eye, right eye, nose, left and right corner of the mouth. */
  readonly values: Float64Array;
  /** True if they are from CelebA's list for its own aligned images. */
  readonly ofAligned?: boolean;
}

/** The partition of each image, as in list_eval_partition.txt. */
export interface PartitionTable {
  /** Names of the images: the rows. */
  readonly files: readonly string[];
  /** 0 training, 1 validation, 2 test; [files]. */
  readonly values: Uint8Array;
}

/** Labels by the numbers of a list with -1, and of a list without. The number 0.5 is open in both. */
const SIGNED_LABELS: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [-1, 0],
  [0, OPEN],
  [0.5, OPEN],
]);
const UNSIGNED_LABELS: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [0, 0],
  [0.5, OPEN],
]);

/** @throws InputError with the line of the first value that `accepts` refuses */
function checkValues(
  table: NumberTable,
  list: string,
  accepts: (value: number) => boolean,
  expected: (column: number) => string,
): void {
  const at = table.values.findIndex((value) => !accepts(value));
  if (at < 0) return;
  const line = table.lines[Math.floor(at / table.columns)];
  throw lineError(list, line, expected(at % table.columns), String(table.values[at]), "Correct or remove the line.");
}

function expectColumns(table: NumberTable, list: string, columns: number, meaning: string): void {
  if (table.columns === columns) return;
  const expected = `a file name and ${meaning}`;
  throw lineError(list, table.lines[0], expected, `${table.columns} numbers`, "Check that this is the right list.");
}

/**
 * Reads attributes given as -1/1 or 0/1. The names are in the header, which may have any number of them. In a list with -1
 * somewhere, 0 is an open label. In a list of 0 and 1, an open label is 0.5.
 * @throws InputError
 */
export async function readAttributes(path: string): Promise<AttributeTable> {
  const table = await readTable(path);
  const list = basename(path);
  const names = table.header;
  if (names === null) {
    const remedy = "Add a line with the attributes' names above the rows.";
    throw new InputError(describeMismatch(list, "a header with the attributes' names", "none", remedy));
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InputError(
      describeMismatch(list, "different attribute names", `'${twice}' twice`, "Rename one of the columns."),
    );
  }
  const isSigned = table.values.includes(-1);
  const labelOf = isSigned ? SIGNED_LABELS : UNSIGNED_LABELS;
  const words = isSigned ? "1, -1, or 0 for open," : "1, 0, or 0.5 for open,";
  checkValues(
    table,
    list,
    (value) => labelOf.has(value),
    (column) => `${words} for ${names[column]}, as in the other rows`,
  );
  return { names, files: table.files, values: Int8Array.from(table.values, (value) => labelOf.get(value) as number) };
}

/** Reads five points per row. @param mayRepeat if true, a photo may have several rows @throws InputError */
export async function readLandmarks(path: string, mayRepeat = false): Promise<LandmarkTable> {
  const table = await readTable(path, mayRepeat);
  expectColumns(table, basename(path), LANDMARK_NAMES.length, "ten numbers (five points as x y)");
  const ofAligned = basename(path).startsWith(ALIGNED_LANDMARKS);
  return { files: table.files, values: table.values, ...(ofAligned ? { ofAligned } : {}) };
}

/** Reads the partition. @throws InputError */
export async function readPartition(path: string): Promise<PartitionTable> {
  const table = await readTable(path);
  expectColumns(table, basename(path), 1, "0 (training), 1 (validation) or 2 (test)");
  const expected = (): string => "0 (training), 1 (validation) or 2 (test)";
  checkValues(table, basename(path), (value) => value === 0 || value === 1 || value === 2, expected);
  return { files: table.files, values: Uint8Array.from(table.values) };
}

/** The five points of row `index`. */
export function landmarksAt({ values }: LandmarkTable, index: number): FivePoints {
  return Array.from({ length: 5 }, (_, i) => [values[index * 10 + i * 2], values[index * 10 + i * 2 + 1]] as const);
}

const LINE_END = "\r\n";

function formatRows(files: readonly string[], columns: number, width: number, cell: (at: number) => string): string {
  const longest = files.reduce((length, file) => Math.max(length, file.length), 0);
  const lines = files.map((file, row) => {
    const cells = Array.from({ length: columns }, (_, column) => cell(row * columns + column).padStart(width));
    return [file.padEnd(longest), ...cells].join(" ");
  });
  return lines.map((line) => line + LINE_END).join("");
}

/**
 * The text of list_attr_celeba.txt: count, names, then rows of 1, -1, and 0 for open labels. A list of 1 and 0 alone would
 * mean with and without, so 0.5 stands for open labels if no image lacks an attribute.
 */
export function formatAttributes({ names, files, values }: AttributeTable): string {
  const open = values.includes(0) ? "0" : "0.5";
  const rows = formatRows(files, names.length, 2, (at) => (values[at] === 1 ? "1" : values[at] === 0 ? "-1" : open));
  return `${files.length}${LINE_END}${names.join(" ")}${LINE_END}${rows}`;
}

/**
 * The text of list_landmarks_celeba.txt: count, names, then rows of whole pixels, or of pixels with `digits` after the
 * point.
 */
export function formatLandmarks({ files, values }: LandmarkTable, digits = 0): string {
  const scale = 10 ** digits;
  const rows = formatRows(files, LANDMARK_NAMES.length, 4, (at) => String(Math.round(values[at] * scale) / scale));
  return `${files.length}${LINE_END}${LANDMARK_NAMES.join(" ")}${LINE_END}${rows}`;
}

/** The text of list_eval_partition.txt, without count and names. */
export function formatPartition({ files, values }: PartitionTable): string {
  return files.map((file, i) => `${file} ${values[i]}${LINE_END}`).join("");
}

/** The given rows of a table, in the given order. */
export function selectRows<
  T extends { readonly files: readonly string[]; readonly values: Int8Array | Uint8Array | Float64Array },
>(table: T, rows: readonly number[]): T {
  const columns = table.files.length === 0 ? 0 : table.values.length / table.files.length;
  const values = table.values.slice(0, rows.length * columns);
  rows.forEach((row, i) => {
    values.set(table.values.subarray(row * columns, (row + 1) * columns), i * columns);
  });
  return { ...table, files: rows.map((row) => table.files[row]), values };
}
