/** `elegant label DATA`: writes the labels of aligned faces, or trains a labeller on labels of your own. */
import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { describeMismatch, InputError, InterruptedError } from "../errors.js";
import type { LabelledFaces } from "../labelling/label-faces.js";
import type { LabellerFile } from "../labelling/labeller-file.js";
import { alignColumns } from "./columns.js";
import { type CommandContext, type CommonOptions, integer, number, runCommand, withCommonOptions } from "./command.js";
import { openDeviceFor } from "./device.js";
import { checkOutputFile } from "./editing.js";
import { interruptible } from "./interrupt.js";

interface Options extends CommonOptions<"seed" | "workers" | "device"> {
  readonly images?: string;
  readonly out?: string;
  readonly confidence: number;
  readonly replace: boolean;
  readonly model?: string;
  readonly trainOn?: string;
  readonly modelOut?: string;
  readonly passes: number;
}

const LIST = "list_attr_celeba.txt";
const PROBABILITIES = "attributes_confidence.csv";

const HELP = `
DATA is a folder that elegant preprocess or align made, in any format, or a folder of aligned crops. The labels go to ${LIST}
in DATA: 1 with the attribute, -1 without it, and 0 (open) if the labeller is less sure than --confidence. Training skips an image
for an attribute whose label is open. ${PROBABILITIES} next to it gives the probability of every attribute for every image.
The labeller that ships with the package knows CelebA's 40 attributes. It was trained on CelebA-HQ and is for non-commercial research
only. docs/label.md says how often it is right.

--train-on trains a labeller on your own labelled faces, with any attributes, and --model-out keeps it for --model. It is tested on
the held-out images: those of the partition list or, without one, the last tenth.

Examples:
  elegant label crops
  elegant label crops --confidence 0.9 --replace
  elegant label --train-on faces-64 --model-out labeller.safetensors
  elegant label crops --model labeller.safetensors --out labels.txt`;

export function registerLabel(program: Command): void {
  withCommonOptions(program.command("label [data]"), ["seed", "workers", "device"])
    .description("write the attributes of aligned faces, so that you can train on faces without labels")
    .option("--images <dir>", "folder of the images, relative to DATA or absolute")
    .option("--out <file>", `file of the labels (default: ${LIST} in DATA)`)
    .option(
      "--confidence <x>",
      "leave labels with a lower probability open; with 0.5, none is left open",
      number(0.5, 1),
      0.75,
    )
    .option("--replace", "replace an existing list", false)
    .option("--model <file>", "a labeller that --train-on made (default: the one that ships with the package)")
    .option("--train-on <dir>", "train a labeller on this labelled data set")
    .option("--model-out <file>", "with --train-on: .safetensors file of the new labeller")
    .option("--passes <n>", "with --train-on: passes over all training images", integer(1, 10_000), 50)
    .addHelpText("after", HELP)
    .action(async (data: string | undefined, options: Options) => {
      let written = "nothing was written";
      const onModel = (path: string): void => {
        written = `${path} is written, the labels are not`;
      };
      await runCommand(options, (context) =>
        interruptible((signal) => label(data, options, { signal, onModel }, context), {
          reason: () => new InterruptedError(`Interrupted: ${written}.`),
        }),
      );
    });
}

/** @throws InputError for options that contradict each other */
function checkOptions(data: string | undefined, { model, trainOn, modelOut, out }: Options): void {
  const refuse = (name: string, expected: string, received: string, remedy: string): never => {
    throw new InputError(describeMismatch(name, expected, received, remedy));
  };
  if (model !== undefined && trainOn !== undefined) refuse("--model", "no --train-on", "both", "Give one of them.");
  if (modelOut !== undefined && trainOn === undefined) {
    refuse("--model-out", "--train-on as well", "none", "Add --train-on, or omit --model-out.");
  }
  if (modelOut !== undefined && !modelOut.endsWith(".safetensors")) {
    refuse("--model-out", "a file named *.safetensors", `'${modelOut}'`, "Give it that ending.");
  }
  if (data !== undefined) return;
  if (trainOn === undefined) refuse("DATA", "a folder of faces", "none", "Name one, or give --train-on.");
  if (modelOut === undefined) refuse("--train-on", "DATA or --model-out", "neither", "Say what the labeller is for.");
  if (out !== undefined) refuse("--out", "DATA as well", "none", "Name the faces to label, or omit --out.");
}

/** @throws InputError if one of the files is there */
async function refuseExisting(paths: readonly string[], option: string, replace: boolean): Promise<void> {
  if (replace) return;
  for (const path of paths) {
    if ((await lstat(path).catch(() => null)) === null) continue;
    const remedy = `Add --replace to write over it, or choose another ${option}.`;
    throw new InputError(describeMismatch(path, "no such file yet", "an existing one", remedy));
  }
}

/** Where the two lists go. @throws InputError if they cannot or may not be written there */
async function checkLists(data: string, { out, replace, images }: Options): Promise<readonly [string, string]> {
  const { findList } = await import("../dataset/layout.js");
  const list = out ?? join(data, LIST);
  const there = out === undefined ? await findList(data, "attributes", images) : null;
  const paths = [list, join(dirname(list), PROBABILITIES)] as const;
  await refuseExisting([...(there === null ? [] : [there]), ...paths], "--out", replace);
  for (const path of paths) await checkOutputFile(path, out === undefined ? "DATA" : "--out");
  return paths;
}

async function label(
  data: string | undefined,
  options: Options,
  { signal, onModel }: { readonly signal: AbortSignal; readonly onModel: (path: string) => void },
  context: CommandContext,
): Promise<void> {
  const { modelOut, replace, trainOn, workers, images } = options;
  checkOptions(data, options);
  const { findFaces } = await import("../labelling/faces.js");
  const { encodeLabeller, uploadLabeller } = await import("../labelling/labeller-file.js");
  const { deviceWords } = await import("../device/node/announce.js");
  const { disposeParameters } = await import("../nn/parameters.js");
  const trials = await import("../labelling/trials.js");
  const { onProgress, warn } = context;
  if (modelOut !== undefined) {
    await checkOutputFile(modelOut, "--model-out");
    await refuseExisting([modelOut], "--model-out", replace);
  }
  const { faces, isFlat } =
    data === undefined ? { faces: [], isFlat: false } : await findFaces(data, images, warn, onProgress);
  const lists = data === undefined ? null : await checkLists(data, options);
  const source = trainOn === undefined ? await openGiven(options, context) : await prepareTraining(trainOn, context);
  const trial = trainOn === undefined ? trials.labelTrial(source.shape) : trials.learnTrial(source.shape);
  const device = await openDeviceFor(() => trial, options, context);
  try {
    const words = await deviceWords(device, options);
    if (words !== "") context.print(`labels${words}`);
    const file = await source.open({ ...options, signal, onProgress, warn });
    if (trainOn !== undefined) printAccuracy(file, context);
    const labelled = { list: null, ...(trainOn === undefined ? {} : { trained: file.record }) };
    if (modelOut !== undefined) {
      const { writeFileAtomic } = await import("../files.js");
      await writeFileAtomic(modelOut, encodeLabeller(file.tensors, file.record));
      context.print(modelOut);
      onModel(modelOut);
    }
    if (lists === null) {
      context.printJson({ ...labelled, model: modelOut });
      return;
    }
    const labeller = uploadLabeller(file, source.name);
    try {
      const { labelFaces } = await import("../labelling/label-faces.js");
      const made = await labelFaces(labeller, faces, { workers, signal, onProgress });
      const summary = await writeLists(made, lists, options, context);
      if (isFlat) context.print(`the pictures are in ${data} itself: train on them with --images .`);
      context.printJson({ ...labelled, ...summary, model: modelOut ?? source.name });
    } finally {
      disposeParameters(labeller.parameters);
    }
  } finally {
    await device.close();
  }
}

interface Source {
  /** Name for messages. */
  readonly name: string;
  readonly shape: LabellerFile["record"]["shape"];
  /** Reads the labeller, or trains one on the current device. */
  open(options: Options & Pick<CommandContext, "onProgress" | "warn"> & { signal: AbortSignal }): Promise<LabellerFile>;
}

/** The labeller of --model, or the one that ships with the package. */
async function openGiven({ model }: Options, context: CommandContext): Promise<Source> {
  const { readLabeller, SHIPPED_LABELLER, SHIPPED_TERMS } = await import("../labelling/labeller-file.js");
  const file = await readLabeller(model ?? SHIPPED_LABELLER);
  if (model === undefined) context.print(`labeller celeba-hq-attributes: ${SHIPPED_TERMS}.`);
  return { name: model ?? "celeba-hq-attributes", shape: file.record.shape, open: async () => file };
}

async function prepareTraining(dir: string, { onProgress, warn }: CommandContext): Promise<Source> {
  const { openDataset } = await import("../dataset/dataset.js");
  const { findLearnable, LABELLER, learnLabels } = await import("../labelling/learn.js");
  const dataset = await openDataset(dir, undefined, onProgress, warn);
  const { attributes, left } = findLearnable(dataset);
  if (left.length > 0) warn(`not learned, for too few pictures with or without them: ${left.join(", ")}`);
  const shape = LABELLER;
  return { name: dir, shape, open: (options) => learnLabels(dataset, { ...options, attributes, shape }) };
}

const percent = (share: number | null): string => (share === null ? "-" : `${(100 * share).toFixed(1)} %`);

function printAccuracy({ record }: LabellerFile, { print, json }: CommandContext): void {
  const { training, heldOut, updates, attributes, confidences } = record;
  print(`trained on ${training} pictures in ${updates} updates, tested on ${heldOut}`);
  if (json) return;
  const rows = attributes.map(({ name, accuracy, balanced, majority }) => [
    ...[name, percent(accuracy), percent(balanced), percent(majority)],
  ]);
  for (const line of alignColumns([["attribute", "right", "both sides", "majority"], ...rows])) print(line);
  print("labels at a --confidence:");
  const bounds = confidences.map((c) => [String(c.confidence), percent(c.open), percent(c.accuracy)]);
  for (const line of alignColumns([["confidence", "open", "right"], ...bounds])) print(line);
}

const FAILURES_SHOWN = 10;

/** Writes both lists, and says what they hold. */
async function writeLists(
  made: LabelledFaces,
  [list, probabilities]: readonly [string, string],
  { confidence }: Options,
  context: CommandContext,
): Promise<object> {
  const { countLabels, formatProbabilities, toAttributes } = await import("../labelling/label-faces.js");
  const { formatAttributes } = await import("../dataset/lists.js");
  const { writeFileAtomic } = await import("../files.js");
  const { files, failures } = made;
  if (files.length === 0) {
    const received = `${failures.length} that cannot be read (${failures[0].reason})`;
    throw new InputError(describeMismatch(dirname(list), "faces", received, "Check the pictures."));
  }
  const table = toAttributes(made, confidence);
  // The list comes last: with it, the labels count.
  await writeFileAtomic(probabilities, formatProbabilities(made));
  await writeFileAtomic(list, formatAttributes(table));
  const attributes = countLabels(table);
  const open = attributes.reduce((sum, one) => sum + one.open, 0) / table.values.length;
  if (!context.json) {
    const rows = attributes.map(({ name, ...counts }) => [name, ...Object.values(counts).map(String)]);
    for (const line of alignColumns([["attribute", "with", "without", "open"], ...rows])) context.print(line);
  }
  const failed = failures.length === 0 ? "" : `, ${failures.length} failed`;
  context.print(`${list}: ${files.length} pictures${failed}; ${percent(open)} of the labels are open`);
  for (const { reason } of failures.slice(0, FAILURES_SHOWN)) context.print(`  ${reason}`);
  if (failures.length > FAILURES_SHOWN)
    context.print(`  and ${failures.length - FAILURES_SHOWN} more; --json lists them`);
  if (failures.length > 0) context.markPartial();
  return {
    list,
    probabilities,
    pictures: files.length,
    failed: failures.length,
    failures,
    confidence,
    open,
    attributes,
  };
}
