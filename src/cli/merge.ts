/** `elegant merge`: combines the results of several machines into those that one machine would have made. */
import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { describeMismatch, InputError } from "../errors.js";
import { type CommandContext, type CommonOptions, runCommand, withCommonOptions } from "./command.js";

export interface MergeCommand extends CommonOptions<"workers"> {
  readonly saveStats?: string;
  readonly saveFeatures?: string;
}

const HELP = `
Name the folder OUT of elegant preprocess --part i/n, in which all n parts must be finished with the same options, or all the files
of elegant fid --save-features --part i/n. The result has the same bytes as that of one machine. If the merge is interrupted, run
it again.

Examples:
  elegant merge faces-256
  elegant merge real-part-*-of-4.npz --save-stats real-stats.npz --save-features real.npz`;

export function registerMerge(program: Command): void {
  withCommonOptions(program.command("merge <path...>"), ["workers"])
    .description("join the parts that several machines made with --part")
    .option("--save-stats <file>", "for features: write the mean and covariance to a .npz file")
    .option("--save-features <file>", "for features: write all rows, in order, to a .npz file")
    .addHelpText("after", HELP)
    .action(async (paths: string[], options: MergeCommand) => {
      await runCommand(options, async (context) => {
        const isFolder = await checkPaths(paths);
        await (isFolder ? mergeFolder(paths, options, context) : mergeFiles(paths, options, context));
      });
    });
}

/**
 * True if the first path is a folder.
 * @throws InputError if one of the paths does not exist
 */
async function checkPaths(paths: readonly string[]): Promise<boolean> {
  const found = await Promise.all(paths.map((path) => stat(path).catch(() => null)));
  const missing = found.indexOf(null);
  if (missing >= 0) {
    const expected = "the folder of elegant preprocess --part, or files of elegant fid --save-features --part";
    throw new InputError(describeMismatch(paths[missing], expected, "nothing there", "Check the path."));
  }
  return found[0]?.isDirectory() === true;
}

async function mergeFolder(paths: readonly string[], options: MergeCommand, context: CommandContext): Promise<void> {
  const [out] = paths;
  if (paths.length > 1 || options.saveStats !== undefined || options.saveFeatures !== undefined) {
    const received = paths.length > 1 ? `${paths.length} paths` : "--save-stats or --save-features";
    throw new InputError(describeMismatch("merge", `the folder ${out} alone`, received, "Add --help for examples."));
  }
  const { mergeParts } = await import("../preprocess/merge.js");
  const report = await mergeParts(out, context.onProgress);
  const { parts, done, failed } = report;
  const what = parts === 0 ? "no part is left to merge" : `${parts} parts merged`;
  context.print(`${out}: ${what}, ${done} images, ${failed} failed`);
  context.printJson({ out, ...report });
  if (failed > 0) context.markPartial();
}

async function mergeFiles(paths: readonly string[], options: MergeCommand, context: CommandContext): Promise<void> {
  const { saveStats, saveFeatures } = options;
  if (saveStats === undefined && saveFeatures === undefined) {
    const expected = "a folder, or --save-stats FILE.npz or --save-features FILE.npz for files of features";
    const received = `the file ${paths[0]} and neither option`;
    throw new InputError(describeMismatch("merge", expected, received, "Say what to make of the files."));
  }
  const { gatherFeatures, openFeatures, originOf, saveOrdered } = await import("../metrics/part-features.js");
  const { checkStatisticsPath, saveStatistics } = await import("../metrics/fid.js");
  const { Linalg } = await import("../metrics/linalg.js");
  if (saveStats !== undefined) await checkStatisticsPath(saveStats);
  if (saveFeatures !== undefined) await checkStatisticsPath(saveFeatures, "--save-features");
  const ordered = await openFeatures(paths);
  const { about, dims, n } = ordered;
  const linalg = await Linalg.open(options.workers);
  try {
    const saved: string[] = [];
    if (saveFeatures !== undefined) {
      await saveOrdered(linalg, ordered, saveFeatures);
      saved.push(saveFeatures);
    }
    if (saveStats !== undefined) {
      const side = gatherFeatures(linalg, ordered, saveStats, false);
      await saveStatistics(linalg, { ...side, origin: originOf(ordered) }, saveStats);
      saved.push(saveStats);
    }
    for (const path of saved) context.print(`${path}: of ${n} images, ${dims} dims, ${about.network}`);
    const { failures, network: features, comparable, total } = about;
    for (const { reason } of failures) context.warn(`skipped ${reason}`);
    context.printJson({ saved, parts: paths.length, dims, n: [n], total, features, comparable, failures });
    if (failures.length > 0) context.markPartial();
  } finally {
    await linalg.close();
  }
}
