/** Makes swaps row by row, and the sheet that shows them. */
import { basename } from "node:path";
import type { CommandContext } from "../cli/command.js";
import { type Editor, writePicture } from "../cli/editing.js";
import type { RgbaImage } from "../types.js";
import type { Faces } from "./faces.js";
import type { Edit } from "./swap.js";

/** Largest number of rows on a sheet. A larger sheet would be too big to look at. */
const SHEET_ROWS = 32;

/** Encodes the faces of images in memory. */
export async function* encodeAll({ encode }: Editor, pictures: readonly RgbaImage[]): AsyncGenerator<Faces> {
  const { PICTURES_AT_ONCE } = await import("./faces.js");
  for (let first = 0; first < pictures.length; first += PICTURES_AT_ONCE) {
    yield await encode(pictures.slice(first, first + PICTURES_AT_ONCE));
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

export async function swapAll(
  { generator, encode }: Editor,
  inputs: AsyncIterable<Faces>,
  attributes: readonly string[],
  references: readonly RgbaImage[],
  withUnedited: boolean,
  onProgress: (done: number) => void,
): Promise<Row[]> {
  const { disposeFaces, reconstruct, toPictures } = await import("./faces.js");
  const { swap, swapMany } = await import("./swap.js");
  const { dispose } = await import("@tensorflow/tfjs-core");

  const edits: Edit[] = [];
  const referencePictures: RgbaImage[] = [];
  for (const [i, attribute] of attributes.entries()) {
    const reference = await encode([references[i]]);
    edits.push({ attribute, reference });
    referencePictures.push(...(await toPictures(reference.images)));
  }
  const rows: Row[] = [];
  for await (const faces of inputs) {
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
    onProgress(rows.length);
  }
  for (const { reference } of edits) disposeFaces(reference);
  return rows;
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
  context: CommandContext,
): Promise<void> {
  await writePicture(path, await composeSwapSheet(rows.slice(0, SHEET_ROWS), attributes, inputs));
  if (rows.length > SHEET_ROWS) context.print(`sheet.png shows the first ${SHEET_ROWS} of ${rows.length} faces`);
}
