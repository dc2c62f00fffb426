/** `elegant edit`: adds attributes to faces or removes them by label, with a model of any method. */
import { join } from "node:path";
import type { Command } from "commander";
import type { LabelChange } from "../editing/label-edits.js";
import { describeMismatch, InputError } from "../errors.js";
import type { FoundModel } from "../models/generator.js";
import type { RgbaImage } from "../types.js";
import { type CommandContext, runCommand, withCommonOptions } from "./command.js";
import {
  assignReferences,
  completeLabels,
  type EditCommand,
  missingLabels,
  missingReference,
  needlessLabels,
  parseValues,
} from "./edit-options.js";
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
MODEL is a run's folder, a checkpoint, a generator file or a shipped model. INPUT is an aligned face, as elegant preprocess
makes them, or a folder of them. The edits are made one after the other, in the order of --set: NAME=1 adds an attribute, NAME=0 removes it.
DIR gets <input>-<edits>.png for each input, and sheet.png with the inputs, the references, the results and what changed: result minus input
around mid grey.

What an edit needs depends on the model's method:
  nothing     CycleGAN, UNIT; removing with DNA-GAN
  labels      StarGAN: which attributes the inputs have. --labels gives them for all
              inputs; with --data, the classifier of elegant score decides them for each
  reference   ELEGANT; adding with DNA-GAN: a face with the wanted value. --reference
              names it; with --data, --seed draws one of the held-out pictures

Examples:
  elegant edit runs/cyclegan me.png --set Eyeglasses=1 --out edited
  elegant edit runs/stargan me.png --set Bangs=1 --set Eyeglasses=0 --labels Bangs=0 Eyeglasses=1 Smiling=1 --out edited
  elegant edit runs/first faces/images/000001.jpg --set Bangs=1 --data faces --seed 2 --out edited`;

export function registerEdit(program: Command): void {
  withOverwrite(withCommonOptions(program.command("edit <model> <input...>"), ["seed", "workers", "device"]))
    .description("add attributes to faces or remove them by label, with a model of any method")
    .requiredOption("--set <edits...>", "the edits in their order: NAME=1 adds an attribute, NAME=0 removes it")
    .requiredOption("--out <dir>", "where the pictures go")
    .option("--data <data>", "a labelled data set, for references or labels that are not given")
    .option("--images <dir>", "the pictures' folder of --data, within DATA or absolute")
    .option("--reference <face...>", "a face with the wanted value for each edit that needs one, or one for all")
    .option("--labels <labels...>", "NAME=0 or NAME=1 for every attribute of the model: what the inputs have")
    .addHelpText("after", HELP)
    .action(async (model: string, input: readonly string[], options: EditCommand) => {
      await runCommand(options, (context) => edit(model, input, options, context));
    });
}

interface Reference extends LabelChange {
  /** Path, or name in the data set. */
  readonly file: string;
  readonly picture: RgbaImage;
}

/** Everything that the edits need and that is known before the device is opened. */
interface Needed {
  /** One for each edit; null if it needs none. */
  readonly references: readonly (Reference | null)[];
  /** The labels of all inputs; null if the classifier decides them, or if none are needed. */
  readonly labels: readonly number[] | null;
  /** The data set that the classifier learns from; null if it is not needed. */
  readonly dataset: import("../dataset/dataset.js").FaceDataset | null;
}

/** @throws InputError if something is missing, and names the option that gives it */
async function collect(
  found: FoundModel,
  changes: readonly LabelChange[],
  given: readonly LabelChange[] | null,
  options: EditCommand,
  { onProgress, print, warn }: CommandContext,
): Promise<Needed> {
  const { needsOf } = await import("../editing/label-edits.js");
  const { data, images, seed } = options;
  const { method, config } = found.model;
  const needs = needsOf(found, changes);
  const files = assignReferences(needs, options.reference);
  const [draws, byLabels] = [files === null && needs.includes("reference"), needs.includes("labels")];
  const decides = byLabels && given === null;
  if (draws && data === undefined) throw missingReference(changes[needs.indexOf("reference")]);
  if (decides && data === undefined) throw missingLabels(method, config);
  if (given !== null && !byLabels) throw needlessLabels(method);
  const labels = given === null ? null : completeLabels(given, config);
  const isDataUsed = draws || decides;
  if (data !== undefined && !isDataUsed) print(`--data ${data} is not used: these edits need nothing from it`);
  const { openDataset } = await import("../dataset/dataset.js");
  const dataset = isDataUsed ? await openDataset(data as string, images, onProgress, warn) : null;
  const { drawReference, expectLearnable } = await import("../scoring/edit-data.js");
  if (dataset !== null && decides) expectLearnable(dataset, config.attributes);
  const references: (Reference | null)[] = [];
  for (const [i, change] of changes.entries()) {
    if (needs[i] !== "reference") references.push(null);
    else if (files !== null) {
      const file = files[i] as string;
      references.push({ ...change, file, picture: (await readPictures([file]))[0] });
    } else if (dataset !== null) {
      references.push({ ...change, ...(await drawReference(dataset, change.attribute, change.value, seed)) });
    }
  }
  return { references, labels, dataset: decides ? dataset : null };
}

async function edit(
  model: string,
  inputs: readonly string[],
  options: EditCommand,
  context: CommandContext,
): Promise<void> {
  const { out, overwrite, seed, workers } = options;
  const { onProgress, print, warn } = context;
  if (options.images !== undefined && options.data === undefined) {
    throw new InputError(describeMismatch("--images", "--data as well", "none", "Add --data, or omit --images."));
  }
  const changes = parseValues("--set", options.set);
  const given = options.labels === undefined ? null : parseValues("--labels", options.labels);
  const input = await expandInputs(inputs, warn);
  const results = nameOutputs(
    out,
    input,
    changes.map(({ attribute, value }) => `${attribute}=${value}`),
  );
  const sheetPath = join(out, "sheet.png");
  const outputs = [...results, sheetPath];
  await checkOutputs(out, outputs, [...input, ...(options.reference ?? [])]);
  await refuseExisting(outputs, "--out", overwrite);
  const { readModel } = await import("../models/open.js");
  const { attributeIndex } = await import("../methods/attributes.js");
  const found = await readModel(model);
  const { config } = found.model;
  for (const { attribute } of changes) attributeIndex(config, attribute, "--set");
  for (const { attribute } of given ?? []) attributeIndex(config, attribute, "--labels");
  const needed = await collect(found, changes, given, options, context);
  const pictures = await readPictures(input);
  await withModel(found, { ...options, model }, input.length, context, async ({ generator }) => {
    const { editAll, formatChange } = await import("../editing/label-edits.js");
    const { uploadPictures } = await import("../editing/swap-rows.js");
    const { writeResults, writeSheet } = await import("../editing/files/swap-files.js");
    const references = needed.references.filter((reference) => reference !== null);
    for (const reference of references) print(`reference for ${formatChange(reference)}: ${reference.file}`);
    const { labels: same } = needed;
    let labels: readonly (readonly number[])[] | null = same === null ? null : pictures.map(() => same);
    if (needed.dataset !== null) {
      const { decideLabels } = await import("../scoring/edit-data.js");
      const { attributes } = config;
      const folder = await runFolderOf(model);
      const judged = { dataset: needed.dataset, attributes, folder, seed, workers, onProgress, warn };
      const decided = await decideLabels(pictures, judged);
      labels = decided.labels;
      print(`labels by the classifier ${decided.classifier}`);
    }
    const start = performance.now();
    const rows = await editAll(generator, uploadPictures(config.size, pictures), {
      edits: changes.map((change, i) => ({ ...change, reference: needed.references[i]?.picture ?? null })),
      labels,
      onProgress: (done) => onProgress({ stage: "Edit", done, total: input.length, unit: "faces" }),
    });
    const milliseconds = millisecondsSince(start);
    await writeResults(rows, results, undefined);
    await writeSheet(sheetPath, rows, references.map(formatChange), input, print);
    for (const path of outputs) print(path);
    context.printJson({
      outputs,
      milliseconds,
      references: references.map(({ attribute, value, file }) => ({ attribute, value, file })),
      labels: labels?.map((row) => Object.fromEntries(config.attributes.map((name, i) => [name, row[i]]))) ?? null,
    });
  });
}
