/** `elegant edit`: adds attributes to faces or removes them by label, with a model of any method. */
import { join } from "node:path";
import type { Command } from "commander";
import { describeMismatch, InputError } from "../errors.js";
import type { RgbaImage } from "../types.js";
import { type CommandContext, runCommand, withCommonOptions } from "./command.js";
import { collectNeeded, type Needed } from "./edit-needs.js";
import { type EditCommand, formatChange, parseValues } from "./edit-options.js";
import {
  checkOutputs,
  millisecondsSince,
  nameOutputs,
  readPictures,
  refuseExisting,
  runFolderOf,
  withModel,
  withOverwrite,
} from "./editing.js";
import { expandInputs } from "./inputs.js";

const HELP = `
MODEL is a run's folder, a checkpoint, a generator file or a shipped model. INPUT is an aligned face, as elegant preprocess makes
it, or a folder of aligned faces. The edits are made one after the other, in the order of --set. DIR gets <input>-<edits>.png for
each input, and sheet.png, which shows the inputs, the references, the results and the changes (result minus input, around mid
grey).

What an edit needs depends on the method of the model:
  nothing     CycleGAN and UNIT; DNA-GAN for removing
  labels      StarGAN needs the attributes of the inputs. --labels gives them for all
              inputs; with --data, the classifier of elegant score decides them for each
  reference   ELEGANT, and DNA-GAN for adding, need a face with the wanted value.
              --reference names it; with --data, --seed draws one of the held-out images

Examples:
  elegant edit runs/cyclegan me.png --set Eyeglasses=1 --out edited
  elegant edit runs/stargan me.png --set Bangs=1 --set Eyeglasses=0 --labels Bangs=0 Eyeglasses=1 Smiling=1 --out edited
  elegant edit runs/first faces/images/000001.jpg --set Bangs=1 --data faces --seed 2 --out edited`;

export function registerEdit(program: Command): void {
  withOverwrite(withCommonOptions(program.command("edit <model> <input...>"), ["seed", "workers", "device"]))
    .description("add attributes to faces or remove them by label, with a model of any method")
    .requiredOption("--set <edits...>", "the edits, in order: NAME=1 adds an attribute, NAME=0 removes it")
    .requiredOption("--out <dir>", "folder of the results")
    .option("--data <data>", "labelled data set that supplies the missing references or labels")
    .option("--images <dir>", "with --data: folder of the images, relative to DATA or absolute")
    .option("--reference <face...>", "a face with the wanted value for each edit that needs one, or one for all")
    .option("--labels <labels...>", "the labels of the inputs: NAME=0 or NAME=1 for every attribute of the model")
    .addHelpText("after", HELP)
    .action(async (model: string, input: readonly string[], options: EditCommand) => {
      await runCommand(options, (context) => edit(model, input, options, context));
    });
}

async function edit(
  model: string,
  inputs: readonly string[],
  options: EditCommand,
  context: CommandContext,
): Promise<void> {
  const { out, overwrite } = options;
  if (options.images !== undefined && options.data === undefined) {
    throw new InputError(describeMismatch("--images", "--data as well", "none", "Add --data, or omit --images."));
  }
  const changes = parseValues("--set", options.set);
  const given = options.labels === undefined ? null : parseValues("--labels", options.labels);
  const input = await expandInputs(inputs, context.warn);
  const results = nameOutputs(out, input, changes.map(formatChange));
  const sheet = join(out, "sheet.png");
  await checkOutputs(out, [...results, sheet], [...input, ...(options.reference ?? [])]);
  await refuseExisting([...results, sheet], "--out", overwrite);
  const { readModel } = await import("../models/open.js");
  const { attributeIndex } = await import("../methods/attributes.js");
  const found = await readModel(model);
  const { config } = found.model;
  for (const { attribute } of changes) attributeIndex(config, attribute, "--set");
  for (const { attribute } of given ?? []) attributeIndex(config, attribute, "--labels");
  const needed = await collectNeeded(found, changes, given, options, context);
  const pictures = await readPictures(input);
  await withModel(found, { ...options, model }, input.length, context, async ({ generator }) => {
    const { editAll } = await import("../editing/label-edits.js");
    const { uploadPictures } = await import("../editing/swap-rows.js");
    const { writeResults, writeSheet } = await import("../editing/files/swap-files.js");
    const references = needed.references.filter((reference) => reference !== null);
    for (const reference of references) context.print(`reference for ${formatChange(reference)}: ${reference.file}`);
    if (needed.isDataIdle) context.print("--data is not used: these edits need nothing from it");
    const labels = await labelsOf(pictures, config.attributes, needed, await runFolderOf(model), options, context);
    const start = performance.now();
    const rows = await editAll(generator, uploadPictures(config.size, pictures), {
      edits: changes.map((change, i) => ({ ...change, reference: needed.references[i]?.picture ?? null })),
      labels,
      onProgress: (done) => context.onProgress({ stage: "Edit", done, total: input.length, unit: "faces" }),
    });
    const milliseconds = millisecondsSince(start);
    await writeResults(rows, results, undefined);
    await writeSheet(sheet, rows, references.map(formatChange), input, context.print);
    for (const path of [...results, sheet]) context.print(path);
    context.printJson({
      outputs: [...results, sheet],
      milliseconds,
      references: references.map(({ attribute, value, file }) => ({ attribute, value, file })),
      labels: labels?.map((row) => Object.fromEntries(config.attributes.map((name, i) => [name, row[i]]))) ?? null,
    });
  });
}

/**
 * The labels of each input: those of --labels, or the classifier's decisions.
 * @param folder the run's folder, where the classifier is stored; null for the cache
 * @returns 0 or 1, [pictures][attributes]; null if the edits need none
 */
async function labelsOf(
  pictures: readonly RgbaImage[],
  attributes: readonly string[],
  { labels, dataset }: Needed,
  folder: string | null,
  { seed, workers }: EditCommand,
  { onProgress, print, warn }: CommandContext,
): Promise<readonly (readonly number[])[] | null> {
  if (labels !== null) return pictures.map(() => labels);
  if (dataset === null) return null;
  const { decideLabels } = await import("../scoring/edit-data.js");
  const judged = { dataset, attributes, folder, seed, workers, onProgress, warn };
  const { labels: decided, classifier } = await decideLabels(pictures, judged);
  print(`labels by the classifier ${classifier}`);
  return decided;
}
