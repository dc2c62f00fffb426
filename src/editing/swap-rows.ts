/** Makes swaps row by row, and the sheet that shows them. */
import { dispose, type Tensor4D } from "@tensorflow/tfjs-core";
import type { Generator } from "../models/generator.js";
import type { Feeding } from "../pool/feeding.js";
import { changePicture } from "../sheet/change.js";
import { composeSheet, sheetScale } from "../sheet/sheet.js";
import type { RgbaImage } from "../types.js";
import {
  disposeFaces,
  encodeFaces,
  encodePictures,
  PICTURES_AT_ONCE,
  reconstruct,
  toPictures,
  toTensor,
} from "./faces.js";
import { type Edit, swap, swapMany } from "./swap.js";

/** Uploads images in memory, as many at a time as go through the decoder together. */
export async function* uploadPictures(size: number, pictures: readonly RgbaImage[]): AsyncGenerator<Tensor4D> {
  for (let first = 0; first < pictures.length; first += PICTURES_AT_ONCE) {
    yield await toTensor(pictures.slice(first, first + PICTURES_AT_ONCE), size);
  }
}

/** A row of the sheet. All images have the model's size. */
export interface Row {
  readonly input: RgbaImage;
  readonly references: readonly RgbaImage[];
  readonly result: RgbaImage;
  /** The reference with the input's attribute; only for a single attribute. */
  readonly back: RgbaImage | null;
  /** The model's output for the input without any edit, if requested. */
  readonly unedited: RgbaImage | null;
}

export interface SwapOptions {
  readonly attributes: readonly string[];
  /** One image per attribute. */
  readonly references: readonly RgbaImage[];
  /** Whether each row also has the model's output for the input without any edit. */
  readonly withUnedited?: boolean;
  readonly onProgress?: (done: number) => void;
  /** Receives the times. */
  readonly feeding?: Feeding | undefined;
}

/**
 * Gives every face the attributes of the references.
 * @param inputs batches of images [n, S, S, 3] in [-1, 1], which it disposes
 * @throws InputError when the model does not have one of the attributes
 */
export async function swapAll(
  generator: Generator,
  inputs: AsyncIterable<Tensor4D>,
  { attributes, references, withUnedited = false, onProgress, feeding }: SwapOptions,
): Promise<Row[]> {
  const edits: Edit[] = [];
  const referencePictures: RgbaImage[] = [];
  for (const [i, attribute] of attributes.entries()) {
    const reference = await encodePictures(generator, [references[i]]);
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

/**
 * The sheet of edits: input, references, result and change of each row.
 * @param references what each reference is for, for the labels
 * @param names      of the inputs, for the labels
 */
export function composeSwapSheet(
  rows: readonly Row[],
  references: readonly string[],
  names: readonly string[],
): RgbaImage {
  const cells = rows.map(({ input, references, result, back }) => {
    return [input, ...references, result, changePicture(input, result), ...(back === null ? [] : [back])];
  });
  const columns = ["input", ...references.map((name) => `reference ${name}`), "result", "change"];
  if (rows[0].back !== null) columns.push("reference with the input's");
  return composeSheet(cells, { labels: { columns, rows: names }, scale: sheetScale(rows[0].input.width) });
}
