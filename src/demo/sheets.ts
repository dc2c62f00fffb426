/** Makes the images of the demo's report. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { disposeFaces, encodeFaces, type Faces, toPictures, toTensor } from "../editing/faces.js";
import { linear } from "../editing/linear.js";
import { matrixLabels, matrixOfAttributes } from "../editing/matrix.js";
import { swapMany } from "../editing/swap.js";
import { decodeImage } from "../image/codec.js";
import type { Generator } from "../models/generator.js";
import type { Sheet, SheetGrid } from "../report/model.js";
import { encodeRows } from "../report/sheet.js";
import { changePicture } from "../sheet/change.js";
import { enlarge } from "../sheet/enlarge.js";
import { sheetScale } from "../sheet/sheet.js";
import { renderAligned } from "../synth/raster.js";
import { takeAttribute } from "../synth/truth.js";
import type { RgbaImage } from "../types.js";
import type { HeldOutFace, ScoredPair } from "./pairs.js";
import { nameSwaps } from "./scores.js";

const LINEAR_STEPS = 4;
const MATRIX_SIDE = 5;
/** Height in pixels of the whole photos shown above their crops. */
const PHOTO_HEIGHT = 128;

/** A grid that shows aligned crops at twice their size. @param labels texts below the images, row by row */
async function toGrid(
  rows: readonly (readonly RgbaImage[])[],
  columns: readonly string[],
  labels: readonly (readonly string[])[] = [],
): Promise<SheetGrid> {
  const enlarged = rows.map((row) => row.map((picture) => enlarge(picture, sheetScale(picture.height))));
  return { columns, rows: await encodeRows(enlarged, labels) };
}

/** A photo scaled to PHOTO_HEIGHT by nearest pixels, which is good enough for a thumbnail. */
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

/** Photos above the crops that preprocessing made of them. */
export async function photosAndCrops(photos: string, faces: readonly HeldOutFace[]): Promise<Sheet> {
  const cells = await Promise.all(
    faces.map(async ({ file, crop }) => {
      const path = join(photos, file.replace(/\.png$/, ".jpg"));
      const photo = thumbnail(await decodeImage(await readFile(path), path));
      return { photo, crop };
    }),
  );
  return {
    title: "From photos to aligned crops",
    caption:
      "Painted photos of different sizes and rotations. Below each is the crop that alignment by five landmarks makes of it.",
    grids: [await toGrid([cells.map(({ photo }) => photo), cells.map(({ crop }) => crop)], [])],
  };
}

export interface ShownSwap {
  readonly pair: ScoredPair;
  readonly result: RgbaImage;
}

/** The columns of a swap. */
export const SWAP_COLUMNS = ["input", "reference", "swap", "change", "truth"] as const;

/** The images of a swap, one per column of SWAP_COLUMNS. */
export function swapCells({ pair, result }: ShownSwap): readonly RgbaImage[] {
  const { input, referenceFace, truth } = pair;
  return [input, referenceFace.crop, result, changePicture(input, result), truth];
}

/**
 * One grid per group of swaps, which share attribute and direction.
 * @param groups empty ones are left out
 */
export async function swapSheet(
  title: string,
  groups: readonly (readonly ShownSwap[])[],
  checkpoint: string,
): Promise<Sheet> {
  const shown = groups.filter((swaps) => swaps.length > 0);
  return {
    title,
    caption:
      "Faces that the training did not see. The swap is the input with the attribute of the reference, who is another person. The change is swap minus input around mid grey: grey places stayed as they were. The truth is what the painter draws.",
    grids: await Promise.all(
      shown.map(async (swaps) => ({
        title: nameSwaps(swaps[0].pair),
        ...(await toGrid(swaps.map(swapCells), SWAP_COLUMNS)),
      })),
    ),
    checkpoint,
  };
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

/** One grid per pair, with a single row: from the input to the swap in equal steps. */
export async function linearSheet(
  generator: Generator,
  pairs: readonly ScoredPair[],
  checkpoint: string,
): Promise<Sheet> {
  const shares = Array.from({ length: LINEAR_STEPS }, (_, i) => `${i + 1} of ${LINEAR_STEPS}`);
  const columns = ["input", ...shares, "reference"];
  const grids: SheetGrid[] = [];
  for (const pair of pairs) {
    const { input, referenceFace, attribute } = pair;
    const row = await withFaces(generator, [input, referenceFace.crop], async ([own, reference]) => {
      const steps = linear(generator, own, reference, attribute, LINEAR_STEPS);
      const pictures = await toPictures(steps);
      steps.dispose();
      return [input, ...pictures, referenceFace.crop];
    });
    grids.push({ title: nameSwaps(pair), ...(await toGrid([row], columns)) });
  }
  return {
    title: "Linear: how much of the attribute",
    caption:
      "From the input on the left to the reference on the right. Between them the latent moves in equal steps; the last step is the swap. Each row shows the pair of its attribute whose true answer changes most.",
    grids,
    checkpoint,
  };
}

/** Two attributes of two references. The first grows to the right, the second downwards. */
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
    const size = { rows: MATRIX_SIDE, columns: MATRIX_SIDE };
    const grid = matrixOfAttributes(generator, own, edits, size);
    const cells = await toPictures(grid);
    grid.dispose();
    const rows = Array.from({ length: MATRIX_SIDE }, (_, row) =>
      cells.slice(row * MATRIX_SIDE, (row + 1) * MATRIX_SIDE),
    );
    const corners = matrixLabels([across.attribute, down.attribute], size);
    return {
      title: `Matrix: ${across.attribute} and ${down.attribute}`,
      caption: `The first row shows the input and both references. In the grid below it, the top left picture is the input's own reconstruction. ${across.attribute} grows to the right and ${down.attribute} downwards, each from its own reference. This is the input whose true answers change most.`,
      grids: [await toGrid([pictures, ...rows], [], [["input", "reference 1", "reference 2"], ...corners])],
      checkpoint,
    };
  });
}

/** The true result of several swaps into the same input. */
function truthOfAll(pairs: readonly ScoredPair[]): RgbaImage {
  const { face, matrix, crop } = pairs[0].inputFace;
  const edited = pairs.reduce((own, { attribute, referenceFace }) => {
    return takeAttribute(own, referenceFace.face, attribute);
  }, face);
  return renderAligned(edited, matrix, crop.width);
}

/** One row per input: the input, one reference per attribute, and the input with all attributes at the same time. */
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
        const { input } = pairs[0];
        return [input, ...references, result, changePicture(input, result), truthOfAll(pairs)];
      }),
    );
  }
  return {
    title: "Several attributes from several references in one call",
    caption:
      "The input, one reference for each attribute, the input with all of these attributes, the change, and the truth.",
    grids: [await toGrid(cells, ["input", ...rows[0].map(({ attribute }) => attribute), "result", "change", "truth"])],
    checkpoint,
  };
}
