/** The checks of `elegant queue submit`: everything that the command itself would refuse when it starts. */
import { describeMismatch, InputError } from "../errors.js";
import { checkOutputs } from "./editing.js";
import type { FidCommand } from "./fid-options.js";
import { chooseFaceSource, type PreprocessCommand } from "./preprocess.js";
import type { Understood } from "./queue-commands.js";
import { checkSwap } from "./swap.js";
import type { SwapCommand } from "./swap-options.js";

type Check<Options> = (args: readonly string[], options: Options, parts: number) => Promise<void>;

const preprocess: Check<PreprocessCommand> = async ([source, out], options) => {
  const { checkVariant, planPreprocess } = await import("../preprocess/plan.js");
  const { images, format, crop = null, limit = null } = options;
  checkVariant(await planPreprocess(source, { images, format, crop, limit, ...chooseFaceSource(options) }));
  await checkOutputs(out, [], [], "OUT");
};

const synth: Check<{ readonly count: number; readonly seed: number; readonly workers: number }> = async (
  [directory],
  options,
  parts,
) => {
  const { checkDirectory } = await import("../synth/write.js");
  const part = parts === 1 ? null : { index: 0, count: parts };
  await checkDirectory({ ...options, directory, part });
};

const fid: Check<FidCommand> = async ([folder], { saveFeatures, saveStats, kid, prc }) => {
  const { areFolders, checkStatisticsPath } = await import("../metrics/fid-inputs.js");
  if (kid || prc) {
    const remedy = "Save first, then score the files.";
    throw new InputError(describeMismatch("--save-features", "no score", "--kid or --prc", remedy));
  }
  if (saveFeatures !== undefined) await checkStatisticsPath(saveFeatures, "--save-features");
  if (saveStats !== undefined) await checkStatisticsPath(saveStats);
  if ((await areFolders([folder]))[0]) return;
  throw new InputError(describeMismatch(folder, "a folder of images", "a file", "Name a folder."));
};

const swap: Check<SwapCommand> = (_, options, parts) => checkSwap(options, parts);

const CHECKS: Readonly<Record<string, Check<never>>> = { preprocess, synth, fid, swap };

/** @throws InputError if every part would end with exit code 2 */
export async function checkWork({ name, args, options }: Understood, parts: number): Promise<void> {
  await CHECKS[name](args, options as never, parts);
}
