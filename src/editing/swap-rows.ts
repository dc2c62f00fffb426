/** The swaps of many faces, row by row, their files, and the sheet that shows them. */
import { basename, dirname } from "node:path";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { ensureDir, writeFileAtomic } from "../files.js";
import { encodePng } from "../image/codec.js";
import type { Generator } from "../models/open.js";
import type { Feeding } from "../pool/feeding.js";
import type { RgbaImage } from "../types.js";
import { writePicture } from "./picture.js";
import type { Edit } from "./swap.js";

/** A sheet of more rows would be too large to look at. */
const SHEET_ROWS = 32;

/** The images of pictures that are in memory, on the current device, as many as go through the decoder at the same time. */
export async function* uploadPictures(size: number, pictures: readonly RgbaImage[]): AsyncGenerator<Tensor4D> {
  const { PICTURES_AT_ONCE, toTensor } = await import("./faces.js");
  for (let first = 0; first < pictures.length; first += PICTURES_AT_ONCE) {
    yield await toTensor(pictures.slice(first, first + PICTURES_AT_ONCE), size);
  }
}

/** A line of the sheet, all of the model's size. */
export interface Row {
  readonly input: RgbaImage;
  readonly references: readonly RgbaImage[];
  readonly result: RgbaImage;
  /** The reference with the input's attribute; for a single attribute. */
  readonly back: RgbaImage | null;
  /** What the model makes of the input without any edit; where asked for. */
  readonly unedited: RgbaImage | null;
}

export interface SwapOptions {
  readonly attributes: readonly string[];
  /** One for each attribute. */
  readonly references: readonly RgbaImage[];
  /** Whether rows also get what the model makes of the input without any edit. */
  readonly withUnedited?: boolean;
  readonly onProgress?: (done: number) => void;
  /** Receives the times. */
  readonly feeding?: Feeding | undefined;
}

/** @param inputs batches of images [n, S, S, 3] in [-1, 1], which it disposes of */
export async function swapAll(
  generator: Generator,
  inputs: AsyncIterable<Tensor4D>,
  { attributes, references, withUnedited = false, onProgress, feeding }: SwapOptions,
): Promise<Row[]> {
  const { disposeFaces, encodeFaces, reconstruct, toPictures, toTensor } = await import("./faces.js");
  const { swap, swapMany } = await import("./swap.js");
  const { dispose } = await import("@tensorflow/tfjs-core");

  const edits: Edit[] = [];
  const referencePictures: RgbaImage[] = [];
  for (const [i, attribute] of attributes.entries()) {
    const reference = encodeFaces(generator, await toTensor([references[i]], generator.config.size));
    edits.push({ attribute, reference });
    referencePictures.push(...(await toPictures(reference.images)));
  }
  const rows: Row[] = [];
  for await (const images of inputs) {
    const began = performance.now();
    const faces = encodeFaces(generator, images);
    const [{ attribute, reference }] = edits;
    const { D, C } =
      edits.length === 1
        ? swap(generator, faces, reference, attribute)
        : { D: swapMany(generator, faces, edits), C: null };
    const [own, results] = [await toPictures(faces.images), await toPictures(D)];
    const backs = C === null ? null : await toPictures(C);
    const same = withUnedited ? reconstruct(generator, faces) : null;
    const unedited = same === null ? null : await toPictures(same);
    for (const [i, result] of results.entries()) {
      const [back, plain] = [backs?.[i] ?? null, unedited?.[i] ?? null];
      rows.push({ input: own[i], references: referencePictures, result, back, unedited: plain });
    }
    dispose([D, ...(C === null ? [] : [C]), ...(same === null ? [] : [same])]);
    disposeFaces(faces);
    feeding?.onTimes({ forward: (performance.now() - began) / 1000 }, results.length);
    onProgress?.(rows.length);
  }
  for (const { reference } of edits) disposeFaces(reference);
  return rows;
}

/** Writes the result of each row as a PNG file, whole or not at all. */
export async function writeResults(
  rows: readonly Row[],
  paths: readonly string[],
  feeding: Feeding | undefined,
): Promise<void> {
  for (const [i, { result }] of rows.entries()) {
    const began = performance.now();
    const bytes = await encodePng(result);
    const encoded = performance.now();
    await ensureDir(dirname(paths[i]));
    await writeFileAtomic(paths[i], bytes);
    const seconds = { encode: (encoded - began) / 1000, write: (performance.now() - encoded) / 1000 };
    feeding?.onTimes(seconds, 1);
  }
}

async function composeSwapSheet(
  rows: readonly Row[],
  attributes: readonly string[],
  inputs: readonly string[],
): Promise<RgbaImage> {
  const [{ composeSheet, sheetScale }, { changePicture }] = await Promise.all([
    import("../sheet/sheet.js"),
    import("../sheet/change.js"),
  ]);
  const cells = rows.map(({ input, references, result, back }) => {
    return [input, ...references, result, changePicture(input, result), ...(back === null ? [] : [back])];
  });
  const columns = ["input", ...attributes.map((name) => `reference ${name}`), "result", "change"];
  if (attributes.length === 1) columns.push("reference with the input's");
  const names = inputs.slice(0, rows.length).map((path) => basename(path));
  return composeSheet(cells, { labels: { columns, rows: names }, scale: sheetScale(rows[0].input.width) });
}

export async function writeSheet(
  path: string,
  rows: readonly Row[],
  attributes: readonly string[],
  inputs: readonly string[],
  print: (line: string) => void,
): Promise<void> {
  await writePicture(path, await composeSwapSheet(rows.slice(0, SHEET_ROWS), attributes, inputs));
  if (rows.length > SHEET_ROWS) print(`sheet.png shows the first ${SHEET_ROWS} of ${rows.length} faces`);
}
