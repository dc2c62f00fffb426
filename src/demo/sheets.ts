/** The pictures of the demo's report. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { disposeFaces, encodeFaces, type Faces, toPictures, toTensor } from "../editing/faces.js";
import type { Generator } from "../editing/generator.js";
import { linear } from "../editing/linear.js";
import { matrixLabels, matrixOfAttributes } from "../editing/matrix.js";
import { swapMany } from "../editing/swap.js";
import { decodeImage } from "../image/codec.js";
import type { SheetLabels } from "../image/sheet.js";
import type { Sheet } from "../report/model.js";
import { encodeRows } from "../report/sheet.js";
import type { RgbaImage } from "../types.js";
import type { HeldOutFace, ScoredPair } from "./pairs.js";

const LINEAR_STEPS = 5;
const MATRIX_SIDE = 5;
/** Height at which whole photos are shown beside their crops. */
const PHOTO_HEIGHT = 128;

async function toSheet(
  title: string,
  caption: string,
  rows: readonly (readonly RgbaImage[])[],
  { columns = [], ...labels }: SheetLabels,
  checkpoint?: string,
): Promise<Sheet> {
  const encoded = await encodeRows(rows, labels);
  return { title, caption, columns, rows: encoded, ...(checkpoint === undefined ? {} : { checkpoint }) };
}

/** A photo at PHOTO_HEIGHT, by the nearest pixel: for a thumbnail only. */
function thumbnail(photo: RgbaImage): RgbaImage {
  const height = PHOTO_HEIGHT;
  const width = Math.round((photo.width * height) / photo.height);
  const source = new Uint32Array(photo.data.slice().buffer);
  const data = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(((y + 0.5) * photo.height) / height) * photo.width;
    for (let x = 0; x < width; x++) data[y * width + x] = source[row + Math.floor(((x + 0.5) * photo.width) / width)];
  }
  return { width, height, data: new Uint8Array(data.buffer) };
}

/** Photos beside the crops that preprocessing made of them. */
export async function photosAndCrops(photos: string, faces: readonly HeldOutFace[]): Promise<Sheet> {
  const cells = await Promise.all(
    faces.map(async ({ file, crop }) => {
      const path = join(photos, file.replace(/\.png$/, ".jpg"));
      const photo = thumbnail(await decodeImage(await readFile(path), path));
      return { photo, crop };
    }),
  );
  return toSheet(
    "From photos to aligned crops",
    "Painted photos of different sizes and rotations, and below each the crop that alignment by five landmarks makes.",
    [cells.map(({ photo }) => photo), cells.map(({ crop }) => crop)],
    {},
  );
}

export interface ShownSwap {
  readonly pair: ScoredPair;
  readonly result: RgbaImage;
}

const SWAP_COLUMNS = ["input", "reference", "swap", "truth"] as const;

/**
 * Input, reference, result and truth of each swap; two groups side by side, in as many rows as both can fill.
 * @param groups for each attribute, swaps that add it and swaps that remove it
 */
export function swapSheet(
  title: string,
  groups: readonly (readonly ShownSwap[])[],
  checkpoint: string,
): Promise<Sheet> {
  const cells = ({ pair, result }: ShownSwap): RgbaImage[] => [pair.input, pair.referenceFace.crop, result, pair.truth];
  const rows: RgbaImage[][] = [];
  const names: string[] = [];
  for (let left = 0; left < groups.length; left += 2) {
    const [adding, removing] = groups.slice(left, left + 2);
    for (let i = 0; i < Math.min(adding.length, removing.length); i++) {
      rows.push([...cells(adding[i]), ...cells(removing[i])]);
      names.push(adding[i].pair.attribute);
    }
  }
  return toSheet(
    title,
    "Unseen faces; on the left the attribute is added, on the right removed. Each swap: the input, a reference of another person, the input with the reference's attribute as the model makes it, and the true answer as the painter makes it.",
    rows,
    { columns: [...SWAP_COLUMNS, ...SWAP_COLUMNS], rows: names },
    checkpoint,
  );
}

async function withFaces<T>(
  generator: Generator,
  pictures: readonly RgbaImage[],
  body: (faces: readonly Faces[]) => Promise<T>,
): Promise<T> {
  const faces: Faces[] = [];
  for (const picture of pictures) faces.push(encodeFaces(generator, await toTensor([picture], generator.config.size)));
  try {
    return await body(faces);
  } finally {
    for (const face of faces) disposeFaces(face);
  }
}

/** One row a pair: from the input to the swap in equal steps. */
export async function linearSheet(
  generator: Generator,
  pairs: readonly ScoredPair[],
  checkpoint: string,
): Promise<Sheet> {
  const rows: RgbaImage[][] = [];
  for (const { input, referenceFace, attribute } of pairs) {
    rows.push(
      await withFaces(generator, [input, referenceFace.crop], async ([own, reference]) => {
        const steps = linear(generator, own, reference, attribute, LINEAR_STEPS);
        const pictures = await toPictures(steps);
        steps.dispose();
        return [input, ...pictures, referenceFace.crop];
      }),
    );
  }
  const shares = Array.from({ length: LINEAR_STEPS }, (_, i) => `${i + 1} of ${LINEAR_STEPS}`);
  return toSheet(
    "Linear: how much of the attribute",
    "From the input on the left to the reference on the right; between them the latent moves in equal steps. Of each attribute's pairs, the one whose true answer changes most.",
    rows,
    { columns: ["input", ...shares, "reference"] },
    checkpoint,
  );
}

/** Two attributes of two references: the first grows to the right, the second downwards. */
export async function matrixSheet(
  generator: Generator,
  [across, down]: readonly [ScoredPair, ScoredPair],
  checkpoint: string,
): Promise<Sheet> {
  const pictures = [across.input, across.referenceFace.crop, down.referenceFace.crop];
  return withFaces(generator, pictures, async ([own, first, second]) => {
    const edits = [
      { attribute: across.attribute, reference: first },
      { attribute: down.attribute, reference: second },
    ] as const;
    const grid = matrixOfAttributes(generator, own, edits, { rows: MATRIX_SIDE, columns: MATRIX_SIDE });
    const cells = await toPictures(grid);
    grid.dispose();
    const rows = Array.from({ length: MATRIX_SIDE }, (_, row) =>
      cells.slice(row * MATRIX_SIDE, (row + 1) * MATRIX_SIDE),
    );
    const attributes = [across.attribute, down.attribute];
    const corners = matrixLabels(attributes, { rows: MATRIX_SIDE, columns: MATRIX_SIDE });
    return toSheet(
      `Matrix: ${across.attribute} and ${down.attribute}`,
      `Above the grid the input and both references. Top left is the input's own reconstruction; ${across.attribute} grows to the right, ${down.attribute} downwards, each from its own reference. Of the pairs, the one whose true answers change most.`,
      [pictures, ...rows],
      { cells: [["input", "reference 1", "reference 2"], ...corners] },
      checkpoint,
    );
  });
}

/** Rows of input, one reference an attribute, and the input with all of them at once. */
export async function manySheet(
  generator: Generator,
  rows: readonly (readonly ScoredPair[])[],
  checkpoint: string,
): Promise<Sheet> {
  const cells: RgbaImage[][] = [];
  for (const pairs of rows) {
    const references = pairs.map(({ referenceFace }) => referenceFace.crop);
    cells.push(
      await withFaces(generator, [pairs[0].input, ...references], async ([own, ...others]) => {
        const edits = pairs.map(({ attribute }, i) => ({ attribute, reference: others[i] }));
        const swapped = swapMany(generator, own, edits);
        const [result] = await toPictures(swapped);
        swapped.dispose();
        return [pairs[0].input, ...references, result];
      }),
    );
  }
  return toSheet(
    "Several attributes from several references in one call",
    "The input, one reference for each attribute, and the input with all of them.",
    cells,
    { columns: ["input", ...rows[0].map(({ attribute }) => attribute), "result"] },
    checkpoint,
  );
}
