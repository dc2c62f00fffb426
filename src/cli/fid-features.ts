/** `elegant fid A --save-features FILE.npz`: saves the rows of a folder's images, or of one machine's part of them. */
import type { Device } from "../device/device.js";
import { describeMismatch, InputError } from "../errors.js";
import { areFolders, checkStatisticsPath } from "../metrics/fid-inputs.js";
import { gatherFeatures, openFeatures, originOf, saveFeatures } from "../metrics/part-features.js";
import type { CommandContext } from "./command.js";
import type { FidCommand } from "./fid-options.js";
import { choosePart } from "./part.js";

export async function runFeatures(
  a: string,
  b: string | undefined,
  options: FidCommand,
  context: CommandContext,
  openDevice: () => Promise<Device>,
): Promise<void> {
  const { saveFeatures: path, saveStats } = options;
  if (path === undefined) {
    const remedy = "Add it: machines share the features of one folder, and elegant merge makes statistics of them.";
    throw new InputError(describeMismatch("--save-features", "a file, as --part is given", "none", remedy));
  }
  if (b !== undefined || options.kid || options.prc) {
    const received = b === undefined ? "--kid or --prc" : `'${b}'`;
    const remedy = "Save first, then score the files.";
    throw new InputError(describeMismatch("--save-features", "one folder and no score", received, remedy));
  }
  await checkStatisticsPath(path, "--save-features");
  if (saveStats !== undefined) await checkStatisticsPath(saveStats);
  const [isFolder] = await areFolders([a]);
  if (!isFolder) throw new InputError(describeMismatch(a, "a folder of images", "a file", "Name a folder."));
  const part = choosePart(options, context.print);
  const began = performance.now();
  const wanted = { ...options, rows: true, openDevice };
  const { about, dims, n, path: saved } = await saveFeatures(a, path, part, wanted, context);
  const { failures, network: features, comparable, total } = about;
  for (const { reason } of failures) context.warn(`skipped ${reason}`);
  context.print(`${saved}: features of ${n} of ${total} images, ${dims} dims`);
  if (saveStats !== undefined && part !== null) {
    context.print(`${saveStats} is left to elegant merge, when all ${part.count} parts are done`);
  } else if (saveStats !== undefined) {
    const { Linalg } = await import("../metrics/linalg.js");
    const { saveStatistics } = await import("../metrics/fid.js");
    const linalg = await Linalg.open(options.workers);
    try {
      const ordered = await openFeatures([saved]);
      const side = gatherFeatures(linalg, ordered, a, false);
      await saveStatistics(linalg, { ...side, origin: originOf(ordered) }, saveStats);
    } finally {
      await linalg.close();
    }
    context.print(`${saveStats}: mean and covariance of ${a}`);
  }
  const seconds = { features: Number(((performance.now() - began) / 1000).toFixed(4)) };
  context.printJson({ saved, dims, n: [n], total, shard: part, features, comparable, failures, seconds });
  if (failures.length > 0) context.markPartial();
}
