/** `elegant swap`: give faces the attributes of reference faces, and put them back into their photos where asked to. */
import { basename, join } from "node:path";
import type { Command } from "commander";
import type { PlacedFace } from "../detection/placed-face.js";
import type { Edit } from "../editing/swap.js";
import { describeMismatch, InputError } from "../errors.js";
import type { RgbaImage } from "../types.js";
import { type CommandContext, number, runCommand } from "./command.js";
import {
  checkOutputs,
  type EditingOptions,
  type Editor,
  millisecondsSince,
  nameOutputs,
  readPictures,
  withEditingOptions,
  withEditor,
  writePicture,
  wrongCount,
} from "./editing.js";

export interface SwapCommand extends EditingOptions {
  readonly input: readonly string[];
  readonly attribute: readonly string[];
  readonly reference: readonly string[];
  readonly pasteBack: boolean;
  readonly minScore: number;
}

/** A sheet of more rows would be too large to look at. */
const SHEET_ROWS = 32;

const HELP = `
Every input gets each attribute as it is in that attribute's reference; one reference can serve all attributes. Pictures
are aligned faces, as elegant preprocess makes them. DIR gets <input>-<Attribute>.png for each input, and sheet.png
with the inputs, the references and the results side by side; for a single attribute also the reference with the
input's attribute.

With --paste-back inputs are crops that elegant align made, or photos, whose largest face is found; DIR gets each whole
photo, <photo>-<Attribute>.png, with its edited faces in place. References may be photos too.

Examples:
  elegant swap --model runs/glasses --input me.png --attribute Eyeglasses --reference glasses.png --out swapped
  elegant swap --model model.safetensors --input a.png b.png --out swapped \\
    --attribute Eyeglasses --reference glasses.png --attribute Bangs --reference bangs.png
  elegant swap --model runs/glasses --input holiday.jpg --paste-back --attribute Eyeglasses --reference glasses.png --out swapped`;

export function registerSwap(program: Command): void {
  withEditingOptions(program.command("swap"), "--out <dir>")
    .description("give faces the attributes of reference faces")
    .requiredOption("--input <face...>", "faces to edit")
    .requiredOption("--attribute <name...>", "attributes to take over")
    .requiredOption("--reference <face...>", "the face that each attribute is taken from, or one for all")
    .option("--paste-back", "inputs are photos or crops of elegant align: put the edits back into the photos", false)
    .option("--min-score <x>", "what the face detector must be sure of, 0 to 1; with --paste-back", number(0, 1), 0.5)
    .addHelpText("after", HELP)
    .action(async (options: SwapCommand) => {
      await runCommand(options, async (context) => {
        const references = pairReferences(options.attribute, options.reference);
        await (options.pasteBack ? runPasteBack : runSwap)(options, references, context);
      });
    });
}

async function runSwap(options: SwapCommand, references: readonly string[], context: CommandContext): Promise<void> {
  const { input, attribute: attributes, out } = options;
  const results = nameOutputs(out, input, attributes);
  const sheetPath = join(out, "sheet.png");
  await checkOutputs(out, [...results, sheetPath], [...input, ...references]);
  const pictures = await readPictures([...input, ...references]);
  const [faces, others] = [pictures.slice(0, input.length), pictures.slice(input.length)];
  await withEditor(options, attributes, context, async (editor) => {
    const { rows, milliseconds } = await swapTimed(editor, faces, attributes, others, false, context);
    for (const [i, row] of rows.entries()) await writePicture(results[i], row.result);
    await writeSheet(sheetPath, rows, attributes, input, context);
    const outputs = [...results, sheetPath];
    for (const path of outputs) context.print(path);
    context.printJson({ outputs, milliseconds });
  });
}

interface Failure {
  readonly file: string;
  readonly reason: string;
}

/** As runSwap(), for faces in photos; an input whose face is not found is a failure, and the others go on. */
async function runPasteBack(
  options: SwapCommand,
  references: readonly string[],
  context: CommandContext,
): Promise<void> {
  const { FaceReader, groupByPhoto, pasteIntoPhoto } = await import("../detection/placed-face.js");
  const { attribute: attributes, out } = options;
  const faces: PlacedFace[] = [];
  const others: RgbaImage[] = [];
  const failures: Failure[] = [];
  const note = (file: string, error: unknown): void => {
    if (!(error instanceof InputError)) throw error;
    failures.push({ file, reason: error.message });
  };
  const reader = new FaceReader(options.workers, options.minScore);
  try {
    for (const path of references) others.push(await reader.readReference(path));
    for (const input of new Set(options.input)) {
      await reader.read(input).then(
        (face) => faces.push(face),
        (error: unknown) => note(input, error),
      );
    }
  } finally {
    await reader.close();
  }
  const allReasons = (): InputError => new InputError(failures.map(({ reason }) => reason).join(" "));
  if (faces.length === 0) throw allReasons();
  const groups = groupByPhoto(faces);
  const results = nameOutputs(
    out,
    groups.map(([{ photo }]) => photo),
    attributes,
  );
  const sheetPath = join(out, "sheet.png");
  await checkOutputs(
    out,
    [...results, sheetPath],
    [...faces.flatMap(({ input, photo }) => [input, photo]), ...references],
  );
  await withEditor(options, attributes, context, async (editor) => {
    const crops = faces.map(({ crop }) => crop);
    const { rows, milliseconds } = await swapTimed(editor, crops, attributes, others, true, context);
    const outputs: string[] = [];
    for (const [i, group] of groups.entries()) {
      const edits = group.map((face) => {
        const { unedited, result } = rows[faces.indexOf(face)];
        return { face, before: unedited!, after: result };
      });
      const photo = await pasteIntoPhoto(edits).catch((error: unknown) => note(group[0].photo, error));
      if (!photo) continue;
      await writePicture(results[i], photo);
      outputs.push(results[i]);
    }
    if (outputs.length === 0) throw allReasons();
    await writeSheet(
      sheetPath,
      rows,
      attributes,
      faces.map(({ input }) => input),
      context,
    );
    outputs.push(sheetPath);
    for (const path of outputs) context.print(path);
    for (const { reason } of failures) context.warn(reason);
    context.printJson({ outputs, milliseconds, failures });
    if (failures.length > 0) context.markPartial();
  });
}

async function swapTimed(
  editor: Editor,
  faces: readonly RgbaImage[],
  attributes: readonly string[],
  references: readonly RgbaImage[],
  reconstruct: boolean,
  context: CommandContext,
): Promise<{ readonly rows: Row[]; readonly milliseconds: number }> {
  const start = performance.now();
  const rows = await swapAll(editor, faces, attributes, references, reconstruct, (done) => {
    context.onProgress({ stage: "Swap", done, total: faces.length, unit: "faces" });
  });
  return { rows, milliseconds: millisecondsSince(start) };
}

async function writeSheet(
  path: string,
  rows: readonly Row[],
  attributes: readonly string[],
  inputs: readonly string[],
  context: CommandContext,
): Promise<void> {
  await writePicture(path, await composeSwapSheet(rows.slice(0, SHEET_ROWS), attributes, inputs));
  if (rows.length > SHEET_ROWS) context.print(`sheet.png shows the first ${SHEET_ROWS} of ${rows.length} faces`);
}

/** One reference for each attribute. @throws InputError for another number, or an attribute named twice */
export function pairReferences(attributes: readonly string[], references: readonly string[]): readonly string[] {
  const twice = attributes.find((name, i) => attributes.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InputError(describeMismatch("--attribute", "each one once", `'${twice}' twice`, "Leave one away."));
  }
  const n = attributes.length;
  if (references.length !== n && references.length !== 1) {
    const expected = n === 1 ? "1 face for 1 attribute" : `${n} faces for ${n} attributes, or 1 for all`;
    throw wrongCount("--reference", expected, references);
  }
  return attributes.map((_, i) => references[references.length === 1 ? 0 : i]);
}

/** A line of the sheet, all of the model's size. */
interface Row {
  readonly input: RgbaImage;
  readonly references: readonly RgbaImage[];
  readonly result: RgbaImage;
  /** The reference with the input's attribute; for a single attribute. */
  readonly back: RgbaImage | null;
  /** What the model makes of the input without any edit; where asked for. */
  readonly unedited: RgbaImage | null;
}

async function swapAll(
  { generator, encode }: Editor,
  inputs: readonly RgbaImage[],
  attributes: readonly string[],
  references: readonly RgbaImage[],
  reconstruct: boolean,
  onProgress: (done: number) => void,
): Promise<Row[]> {
  const { disposeFaces, PICTURES_AT_ONCE, render, toPictures } = await import("../editing/faces.js");
  const { swap, swapMany } = await import("../editing/swap.js");
  const { dispose } = await import("@tensorflow/tfjs-core");

  const edits: Edit[] = [];
  const referencePictures: RgbaImage[] = [];
  for (const [i, attribute] of attributes.entries()) {
    const reference = await encode([references[i]]);
    edits.push({ attribute, reference });
    referencePictures.push(...(await toPictures(reference.images)));
  }
  const rows: Row[] = [];
  for (let first = 0; first < inputs.length; first += PICTURES_AT_ONCE) {
    const faces = await encode(inputs.slice(first, first + PICTURES_AT_ONCE));
    const [{ attribute, reference }] = edits;
    const { D, C } =
      edits.length === 1
        ? swap(generator, faces, reference, attribute)
        : { D: swapMany(generator, faces, edits), C: null };
    const [own, results] = [await toPictures(faces.images), await toPictures(D)];
    const backs = C === null ? null : await toPictures(C);
    const same = reconstruct ? render(generator, faces, faces.latent) : null;
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
  const { composeSheet, sheetScale } = await import("../image/sheet.js");
  const cells = rows.map(({ input, references, result, back }) => {
    return [input, ...references, result, ...(back === null ? [] : [back])];
  });
  const columns = ["input", ...attributes.map((name) => `reference ${name}`), "result"];
  if (attributes.length === 1) columns.push("reference with the input's");
  const names = inputs.slice(0, rows.length).map((path) => basename(path));
  return composeSheet(cells, { labels: { columns, rows: names }, scale: sheetScale(rows[0].input.width) });
}
