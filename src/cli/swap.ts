/** `elegant swap`: gives faces the attributes of reference faces, and pastes them back into their photos if requested. */
import { join } from "node:path";
import type { Command } from "commander";
import { describeMismatch, InputError, InterruptedError } from "../errors.js";
import { type Part, partName, selectPart } from "../part.js";
import type { Course } from "../planner/course.js";
import { type CommandContext, number, runCommand } from "./command.js";
import {
  checkOutputs,
  type Editor,
  expectExemplar,
  millisecondsSince,
  nameOutputs,
  readPictures,
  refuseExisting,
  withEditingOptions,
  withEditor,
} from "./editing.js";
import { expandInputs } from "./inputs.js";
import { interruptible } from "./interrupt.js";
import { choosePart, withPart } from "./part.js";
import { choiceOfBatches, finishPlan, planWork, withRecalibrate } from "./planned.js";
import { pairReferences, type SwapCommand } from "./swap-options.js";

/**
 * Number of inputs from which the pool decodes them according to a plan. For fewer, starting the pool and measuring are
 * not worthwhile.
 */
const MANY_FACES = 64;
/** Number of inputs that stay together on one machine. Each takes long, and there are few. */
const PART_UNIT = 16;

const HELP = `
Every input gets each attribute as it appears in that attribute's reference. One reference can serve for all attributes. Inputs
and references are aligned faces, as elegant preprocess makes them. An input may be a folder; the images in it and in its
subfolders are used. DIR gets <input>-<Attribute>.png for each input, and sheet.png, which shows the inputs, the references, the
results and the changes (result minus input, around mid grey). With a single attribute, the sheet also shows the reference with the
input's attribute. With --part i/n, only the share of machine i is edited, and the sheet is sheet-part-i-of-n.png.

With --paste-back, inputs are crops that elegant align made, or photos, in which the largest face is found. DIR gets each whole
photo, <photo>-<Attribute>.png, with the edited faces in place. References may be photos, too.

Examples:
  elegant swap --model runs/glasses --input me.png --attribute Eyeglasses --reference glasses.png --out swapped
  elegant swap --model model.safetensors --input a.png b.png --out swapped \\
    --attribute Eyeglasses --reference glasses.png --attribute Bangs --reference bangs.png
  elegant swap --model runs/glasses --input holiday.jpg --paste-back --attribute Eyeglasses --reference glasses.png --out swapped`;

export function registerSwap(program: Command): void {
  withPart(withRecalibrate(withEditingOptions(program.command("swap"), "--out <dir>")))
    .description("give faces the attributes of reference faces")
    .requiredOption("--input <face...>", "faces to edit, or folders of them")
    .requiredOption("--attribute <name...>", "attributes to take from the references")
    .requiredOption("--reference <face...>", "one face per attribute, or one for all, to take the attributes from")
    .option("--paste-back", "for photos or crops of elegant align: put the edited faces back into the photos", false)
    .option(
      "--min-score <x>",
      "with --paste-back: lowest detection score that counts as a face, 0 to 1",
      number(0, 1),
      0.5,
    )
    .addHelpText("after", HELP)
    .action(async (options: SwapCommand) => {
      await runCommand(options, async (context) => {
        const references = pairReferences(options.attribute, options.reference);
        const expanded = { ...options, input: await expandInputs(options.input, context.warn) };
        if (!options.pasteBack) return runSwap(expanded, references, context);
        if (choosePart(options, context.print) !== null) throw sharedPhotos();
        const { runPasteBack } = await import("./paste-back.js");
        await runPasteBack(expanded, references, context);
      });
    });
}

const sheetOf = (out: string, part: Part): string =>
  join(out, part.count === 1 ? "sheet.png" : `sheet-${partName(part)}.png`);

/**
 * Checks before the parts of `count` machines are distributed.
 * @throws InputError like the command itself
 */
export async function checkSwap(options: SwapCommand, count: number): Promise<void> {
  const { attribute: attributes, out, overwrite, model } = options;
  const references = pairReferences(attributes, options.reference);
  if (options.pasteBack && count > 1) throw sharedPhotos();
  const { readModel } = await import("../models/open.js");
  const input = await expandInputs(options.input);
  const sheets = Array.from({ length: count }, (_, index) => sheetOf(out, { index, count }));
  const outputs = [...nameOutputs(out, input, attributes), ...sheets];
  await checkOutputs(out, outputs, [...input, ...references]);
  await refuseExisting(outputs, "--out", overwrite);
  if (!options.pasteBack) await readPictures(references);
  await expectExemplar(await readModel(model), attributes);
}

function sharedPhotos(): InputError {
  const remedy = "Faces of one photo may be on several machines: omit one of the two options.";
  return new InputError(describeMismatch("--paste-back", "the whole work (--part 0/1)", "a part", remedy));
}

async function runSwap(options: SwapCommand, references: readonly string[], context: CommandContext): Promise<void> {
  const { input: all, attribute: attributes, out, overwrite } = options;
  const part = choosePart(options, context.print) ?? { index: 0, count: 1 };
  const input = selectPart(all, part, PART_UNIT);
  // Number all inputs, so that names do not depend on which machine edits which input.
  const results = selectPart(nameOutputs(out, all, attributes), part, PART_UNIT);
  const sheetPath = sheetOf(out, part);
  await checkOutputs(out, [...results, sheetPath], [...input, ...references]);
  await refuseExisting([...results, sheetPath], "--out", overwrite);
  if (input.length === 0) {
    context.print("no input is left for this part");
    context.printJson({ outputs: [], milliseconds: 0 });
    return;
  }
  // A few inputs are read before the device is opened. If there are many, only the references are; the inputs are read
  // while the model works.
  const areMany = input.length >= MANY_FACES || options.recalibrate;
  const known = areMany ? null : await readPictures(input);
  const others = await readPictures(references);
  const { swapAll, uploadPictures } = await import("../editing/swap-rows.js");
  const { writeResults, writeSheet } = await import("../editing/files/swap-files.js");
  await withEditor(options, attributes, input.length, context, async (editor) => {
    const { generator } = editor;
    const { size } = generator.config;
    const course =
      known === null ? await planSwap(editor, { ...options, input, reference: references }, context) : null;
    const start = performance.now();
    const images =
      course === null
        ? uploadPictures(size, known ?? (await readPictures(input)))
        : (await import("../editing/files/feed.js")).loadImages(size, input, course.plan.batch, course);
    const feeding = course ?? undefined;
    const rows = await swapAll(generator, images, {
      ...{ attributes, references: others, feeding },
      onProgress: (done) => context.onProgress({ stage: "Swap", done, total: input.length, unit: "faces" }),
    });
    const milliseconds = millisecondsSince(start);
    await writeResults(rows, results, feeding);
    course?.onUnit(rows.length, millisecondsSince(start) / 1000); // with the writing, which is planned too
    await writeSheet(sheetPath, rows, attributes, input, context.print);
    const outputs = [...results, sheetPath];
    for (const path of outputs) context.print(path);
    context.printJson({ outputs, milliseconds, ...(await finishPlan(course)) });
  });
}

/** Plans how the inputs get to the model, and in which batches. */
async function planSwap(
  { generator, device }: Editor,
  options: SwapCommand,
  context: CommandContext,
): Promise<Course | null> {
  const { swapWork } = await import("../planner/work/swap.js");
  const { PICTURES_AT_ONCE } = await import("../editing/faces.js");
  const work = swapWork(generator, options);
  // While it is measured there is a folder to remove.
  const plan = async (signal: AbortSignal): Promise<Course | null> => {
    const course = await planWork(
      {
        work,
        device,
        batches: choiceOfBatches(work.batches, PICTURES_AT_ONCE, device, false),
        isLong: true,
        stretch: null, // the output is written at the end, so no first stretch shows the rate
        signal,
      },
      options,
      context,
    );
    signal.throwIfAborted();
    return course;
  };
  return interruptible(plan, {
    reason: () => new InterruptedError("Interrupted while measuring: nothing was written."),
  });
}
