/** `elegant swap`: give faces the attributes of reference faces. */
import { basename, join } from "node:path";
import type { Command } from "commander";
import type { Faces } from "../editing/faces.js";
import type { Edit } from "../editing/swap.js";
import { describeMismatch, InputError } from "../errors.js";
import type { Course } from "../planner/course.js";
import type { RgbaImage } from "../types.js";
import { type CommandContext, runCommand } from "./command.js";
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
import { finishPlan, type PlannedOptions, planWork, withRecalibrate } from "./planned.js";

export interface SwapCommand extends EditingOptions, PlannedOptions {
  readonly input: readonly string[];
  readonly attribute: readonly string[];
  readonly reference: readonly string[];
}

/** Inputs from which on they are decoded by the pool, as planned; for fewer it pays neither to start it nor to measure. */
const MANY_FACES = 64;
/** A sheet of more rows would be too large to look at. */
const SHEET_ROWS = 32;

const HELP = `
Every input gets each attribute as it is in that attribute's reference; one reference can serve all attributes. Pictures
are aligned faces, as elegant preprocess makes them. DIR gets <input>-<Attribute>.png for each input, and sheet.png
with the inputs, the references and the results side by side; for a single attribute also the reference with the
input's attribute.

Examples:
  elegant swap --model runs/glasses --input me.png --attribute Eyeglasses --reference glasses.png --out swapped
  elegant swap --model model.safetensors --input a.png b.png --out swapped \\
    --attribute Eyeglasses --reference glasses.png --attribute Bangs --reference bangs.png`;

export function registerSwap(program: Command): void {
  withRecalibrate(withEditingOptions(program.command("swap"), "--out <dir>"))
    .description("give faces the attributes of reference faces")
    .requiredOption("--input <face...>", "faces to edit")
    .requiredOption("--attribute <name...>", "attributes to take over")
    .requiredOption("--reference <face...>", "the face that each attribute is taken from, or one for all")
    .addHelpText("after", HELP)
    .action(async (options: SwapCommand) => {
      await runCommand(options, async (context) => {
        const { input, attribute: attributes, out } = options;
        const references = pairReferences(attributes, options.reference);
        const results = nameOutputs(out, input, attributes);
        const sheetPath = join(out, "sheet.png");
        await checkOutputs(out, [...results, sheetPath], [...input, ...references]);
        // A few are read before the device is opened; of many only the references, the others while the model works.
        const areMany = input.length >= MANY_FACES || options.recalibrate;
        const known = areMany ? null : await readPictures(input);
        const others = await readPictures(references);
        await withEditor(options, attributes, context, async (editor) => {
          const course = known === null ? await planSwap(editor, options, context) : null;
          const start = performance.now();
          const faces =
            course === null
              ? encodeAll(editor, known ?? (await readPictures(input)))
              : await feed(editor, input, course);
          const rows = await swapAll(editor, faces, attributes, others, (done) => {
            context.onProgress({ stage: "Swap", done, total: input.length, unit: "faces" });
          });
          const milliseconds = millisecondsSince(start);
          for (const [i, row] of rows.entries()) await writePicture(results[i], row.result);
          course?.onUnit(rows.length, millisecondsSince(start) / 1000); // with the writing, which is planned too
          await writePicture(sheetPath, await composeSwapSheet(rows.slice(0, SHEET_ROWS), attributes, input));
          const outputs = [...results, sheetPath];
          for (const path of outputs) context.print(path);
          if (rows.length > SHEET_ROWS)
            context.print(`sheet.png shows the first ${SHEET_ROWS} of ${rows.length} faces`);
          context.printJson({ outputs, milliseconds, ...(await finishPlan(course)) });
        });
      });
    });
}

/** Plans how the inputs get to the model, and in which batches. */
async function planSwap(
  { generator, device }: Editor,
  options: SwapCommand,
  context: CommandContext,
): Promise<Course | null> {
  const { swapJob, swapOutline } = await import("../planner/jobs/swap.js");
  const { PICTURES_AT_ONCE } = await import("../editing/faces.js");
  const outline = swapOutline(options, generator.config.size);
  return planWork(
    {
      outline,
      open: () => swapJob({ ...options, reference: pairReferences(options.attribute, options.reference) }),
      device,
      // Ours computes a picture by itself, so that the batch changes no bit; libraries may choose another way for another batch.
      batches: device.name === "wasm" ? outline.batches : [PICTURES_AT_ONCE],
      isLong: true,
      stretch: null, // what is written comes at the end, so that no first stretch tells the rate
    },
    options,
    context,
  );
}

/** The faces of pictures that are there. */
async function* encodeAll({ encode }: Editor, pictures: readonly RgbaImage[]): AsyncGenerator<Faces> {
  const { PICTURES_AT_ONCE } = await import("../editing/faces.js");
  for (let first = 0; first < pictures.length; first += PICTURES_AT_ONCE) {
    yield await encode(pictures.slice(first, first + PICTURES_AT_ONCE));
  }
}

/** The faces of files, by the plan. */
async function feed({ generator }: Editor, paths: readonly string[], course: Course): Promise<AsyncGenerator<Faces>> {
  const { loadFaces } = await import("../editing/feed.js");
  return loadFaces(generator, paths, course.plan.batch, course);
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
}

async function swapAll(
  { generator, encode }: Editor,
  inputs: AsyncIterable<Faces>,
  attributes: readonly string[],
  references: readonly RgbaImage[],
  onProgress: (done: number) => void,
): Promise<Row[]> {
  const { disposeFaces, toPictures } = await import("../editing/faces.js");
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
  for await (const faces of inputs) {
    const [{ attribute, reference }] = edits;
    const { D, C } =
      edits.length === 1
        ? swap(generator, faces, reference, attribute)
        : { D: swapMany(generator, faces, edits), C: null };
    const [own, results] = [await toPictures(faces.images), await toPictures(D)];
    const backs = C === null ? null : await toPictures(C);
    for (const [i, result] of results.entries()) {
      rows.push({ input: own[i], references: referencePictures, result, back: backs?.[i] ?? null });
    }
    dispose(C === null ? [D] : [D, C]);
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
