/** `elegant score RUN DATA`: measures the quality of a run's edits on held-out images. */
import { join } from "node:path";
import type { Command } from "commander";
import { describeMismatch, InputError } from "../errors.js";
import type { RunScores } from "../report/scored.js";
import { alignColumns } from "./columns.js";
import { type CommandContext, type CommonOptions, integer, runCommand, withCommonOptions } from "./command.js";
import { openDeviceFor } from "./device.js";
import { checkPictureOutput, runFolderOf, withOverwrite } from "./editing.js";

interface Options extends CommonOptions<"seed" | "workers" | "device"> {
  readonly images?: string;
  readonly pairs: number;
  readonly fid: boolean;
  readonly weights?: string;
  readonly sheet?: string;
  readonly overwrite: boolean;
}

const HELP = `
RUN is a run's folder, a checkpoint, a generator file or a shipped model. DATA is a folder that elegant preprocess made. The edits are
made on held-out images: those of the partition list or, without one, the last tenth. The first time, a small classifier is trained
on the other images, which takes a minute or two, and kept in RUN. On painted faces the edits are also compared with the true answers.
If RUN is a folder, its score.json and report.html show the result.

Example:
  elegant score runs/first faces-64
  elegant score painted demo/faces --pairs 24 --sheet swaps.png`;

export function registerScore(program: Command): void {
  withOverwrite(withCommonOptions(program.command("score <run> <data>"), ["seed", "workers", "device"]))
    .description("measure how good a run's edits are: hits, leakage, identity, noise, and the truth on painted faces")
    .option("--images <dir>", "folder of the images, relative to DATA or absolute")
    .option("--pairs <n>", "swaps to score per attribute and direction, at most", integer(1), 48)
    .option("--fid", "also compute the FID of added and removed attributes, with a seeded random network", false)
    .option("--weights <file>", "with --fid: use Inception with these weights (.pth or .safetensors)")
    .option("--sheet <file>", "PNG file that shows 16 swaps per attribute and direction")
    .addHelpText("after", HELP)
    .action(async (run: string, data: string, options: Options) => {
      await runCommand(options, (context) => score(run, data, options, context));
    });
}

async function score(run: string, data: string, options: Options, context: CommandContext): Promise<void> {
  const { sheet, overwrite, pairs, seed, workers, fid, weights } = options;
  const { openDataset } = await import("../dataset/dataset.js");
  const { deviceWords } = await import("../device/node/announce.js");
  const { openGenerator } = await import("../models/open.js");
  const scoring = await import("../scoring/score.js");
  const { scoreFid } = await import("../scoring/fid.js");
  const { SHOWN_SWAPS } = await import("../scoring/sheet.js");
  if (weights !== undefined && !fid) {
    throw new InputError(describeMismatch("--weights", "--fid as well", "none", "Add --fid, or omit --weights."));
  }
  if (sheet !== undefined) await checkPictureOutput(sheet, [], overwrite, "--sheet");
  const { onProgress, warn } = context;
  const dataset = await openDataset(data, options.images, onProgress, warn);
  const device = await openDeviceFor(({ editTrial }) => editTrial(run, pairs), options, context);
  try {
    const generator = await openGenerator(run);
    for (const warning of generator.warnings) context.print(warning);
    context.print(`model ${generator.source}${await deviceWords(device, options)}`);
    const folder = await runFolderOf(run);
    const shown = sheet === undefined ? 0 : SHOWN_SWAPS;
    const common = { generator, dataset, pairs, seed, workers, onProgress, warn };
    const made = await scoring.scoreGenerator({ ...common, folder, shown });
    const scores = fid ? { ...made.scores, fid: await scoreFid({ ...common, weights }) } : made.scores;
    generator.dispose();
    await printScores(scores, context);
    if (folder !== null) await keepScores(folder, scores, context);
    if (sheet !== undefined) {
      const { swapsSheet } = await import("../scoring/sheet.js");
      const { writePicture } = await import("../image/picture-files.js");
      await writePicture(sheet, swapsSheet(made.shown));
      context.print(sheet);
    }
    context.printJson(scores);
  } finally {
    await device.close();
  }
}

async function printScores(scores: RunScores, context: CommandContext): Promise<void> {
  const { describeAccuracy, leakageTable, scoreTables } = await import("../report/score-tables.js");
  const { heldOut, classifier, leakage } = scores;
  const which = heldOut.listed ? "of the partition list" : "the last tenth of the list";
  context.print(`${scores.pairs} pairs of ${heldOut.pictures} held-out pictures, ${which}`);
  for (const { title, columns, rows } of scoreTables(scores)) {
    context.print(title);
    for (const line of alignColumns([columns, ...rows])) context.print(line);
  }
  if (leakage !== undefined) {
    context.print("Leakage: decisions of the classifier that an edit turns over, in % of pairs");
    for (const line of alignColumns(leakageTable(scores))) context.print(line);
  }
  if (classifier !== undefined) {
    const { training, heldOut: tested } = classifier;
    context.print(
      `Classifier (${training} training pictures): right on ${tested} held-out pictures, mean of both sides: ${describeAccuracy(classifier)}`,
    );
  }
}

/** Writes score.json and the report into a run's folder. */
async function keepScores(folder: string, scores: RunScores, context: CommandContext): Promise<void> {
  const { writeFileAtomic } = await import("../files.js");
  const { RUN_SCORE_FILE } = await import("../report/scored.js");
  const { rewriteRunReport } = await import("../training/scored-report.js");
  const path = join(folder, RUN_SCORE_FILE);
  await writeFileAtomic(path, `${JSON.stringify(scores, null, 1)}\n`);
  context.print(path);
  const report = await rewriteRunReport(folder);
  if (report !== null) context.print(report);
}
