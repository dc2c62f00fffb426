/** `elegant fid A B`: the Frechet distance of two sets of images, features or statistics, and KID, precision and recall. */
import { type Command, Option } from "commander";
import { HAS_SHARED_MEMORY, ONE_THREAD } from "../kernels/memory.js";
import type { SideOptions } from "../metrics/fid.js";
import type { Features } from "../metrics/sides.js";
import type { Course } from "../planner/course.js";
import { type CommandContext, integer, runCommand, withCommonOptions } from "./command.js";
import { type FidCommand, openFidDevice } from "./fid-options.js";
import { withPart } from "./part.js";
import { choiceOfBatches, finishPlan, planWork, withRecalibrate } from "./planned.js";

const HELP = `
A and B are folders of images, .npz statistics (mu, sigma) or .npy/.npz features, in any mix; A is the reference. Images need
the published weights (elegant weights) or --features random-inception, whose scores compare sets with each other only.
With --save-stats alone, B can be omitted. --save-features writes one row per image of the folder A. With --part i/n it writes the rows
of machine i to FILE-part-i-of-n.npz; elegant merge puts the rows of all parts in order.

Example:
  elegant fid real/ generated/ --weights pt_inception-2015-12-05-6726825d.pth --kid --prc
  elegant fid real/ --save-stats real.npz
  elegant fid real.npz generated/ --json
  elegant fid real/ --save-features real.npz --part 0/4   (then: elegant merge real-part-*-of-4.npz --save-stats stats.npz)`;

export function registerFid(program: Command): void {
  withPart(withRecalibrate(withCommonOptions(program.command("fid <a> [b]"), ["seed", "workers", "device"])))
    .description("Frechet distance of images, features or statistics; KID, precision and recall")
    .addOption(
      new Option("--dims <n>", "number of features per image").choices(["64", "192", "768", "2048"]).default("2048"),
    )
    .addOption(
      new Option("--mode <name>", "how images are resized: as pytorch-fid, the TensorFlow original or clean-fid do")
        .choices(["pytorch", "tensorflow", "clean"])
        .default("pytorch"),
    )
    .addOption(
      new Option("--features <name>", "network that computes the features")
        .choices(["inception", "random-inception"])
        .default("inception"),
    )
    .option("--weights <file>", "Inception's weights (.pth or .safetensors)")
    .option("--recursive", "also use the images in subfolders", false)
    .option("--strict", "stop at the first image that cannot be read", false)
    .option("--no-cache", "compute all features again, and cache none")
    .option("--batch <n>", "images per pass through the network", integer(1, 256), 8)
    .option("--kid", "also compute the Kernel Inception Distance", false)
    .option("--prc", "also compute precision and recall (3 neighbours)", false)
    .option("--save-stats <file>", "write the mean and covariance of A to a .npz file")
    .option("--save-features <file>", "write the features of the images in A to a .npz file; without B")
    .addHelpText("after", HELP)
    .action(async (a: string, b: string | undefined, options: FidCommand, command: Command) => {
      const isBatchAskedFor = command.getOptionValueSource("batch") !== "default";
      await runCommand(options, async (context) => {
        if (options.saveFeatures === undefined && options.part === undefined) {
          return compare(a, b, options, isBatchAskedFor, context);
        }
        // Loaded late, like everything that needs TensorFlow.js.
        const { runFeatures } = await import("./fid-features.js");
        await runFeatures(a, b, options, context, () => openFidDevice(options, context));
      });
    });
}

/**
 * LONG_WORK: number of images for which measuring first is worthwhile. FIRST_SECONDS: the plan is revised after this
 * many seconds, or after a tenth of the images.
 */
const LONG_WORK = 2000;
const FIRST_SECONDS = 30;

/** Plans how images get to the network, with one plan for both folders. @param folders folders of images */
function planFeatures(
  folders: readonly string[],
  options: FidCommand,
  isBatchAskedFor: boolean,
  context: CommandContext,
): { readonly feeding: NonNullable<SideOptions["feeding"]>; course(): Course | null } {
  const { mode, recursive, workers, batch } = options;
  let course: Course | null = null;
  return {
    async feeding(device, network, images) {
      const { fidWork } = await import("../planner/work/fid.js");
      const work = fidWork(folders, network, { mode, recursive, workers });
      course ??= await planWork(
        {
          work,
          device,
          batches: choiceOfBatches(work.batches, batch, device, isBatchAskedFor),
          isLong: images >= LONG_WORK,
          stretch: { items: images / 10, seconds: FIRST_SECONDS },
        },
        options,
        context,
      );
      return course === null ? null : { feeding: course, batch: course.plan.batch };
    },
    course: () => course,
  };
}

async function compare(
  a: string,
  b: string | undefined,
  options: FidCommand,
  isBatchAskedFor: boolean,
  context: CommandContext,
): Promise<void> {
  const { describeMismatch, InputError, RetryableError } = await import("../errors.js");
  const { Linalg } = await import("../metrics/linalg.js");
  const metrics = await import("../metrics/fid.js");
  const rows = options.kid || options.prc;
  if (b === undefined && (options.saveStats === undefined || rows)) {
    const remedy = rows ? "Name it, or leave --kid and --prc away." : "Name it, or add --save-stats FILE.";
    throw new InputError(describeMismatch("B", "something to compare with", "none", remedy));
  }
  if (options.saveStats !== undefined) await metrics.checkStatisticsPath(options.saveStats);
  const names = b === undefined ? [a] : [a, b];
  const folders = await metrics.areFolders(names);
  const seconds: Record<string, number> = {};
  const timed = async <T>(stage: string, body: () => Promise<T> | T): Promise<T> => {
    const began = performance.now();
    const result = await body();
    seconds[stage] = Number(((seconds[stage] ?? 0) + (performance.now() - began) / 1000).toFixed(4));
    return result;
  };
  const linalg = await Linalg.open(options.workers);
  // If there are images, the device's line states it.
  if (!HAS_SHARED_MEMORY && !folders.some(Boolean)) context.print(ONE_THREAD);
  try {
    const warnings: string[] = [];
    const warn = (line: string): void => {
      warnings.push(line);
      context.warn(line);
    };
    const plan = planFeatures(
      names.filter((_, i) => folders[i]),
      options,
      isBatchAskedFor,
      context,
    );
    const wanted = { ...options, rows, feeding: plan.feeding, openDevice: () => openFidDevice(options, context) };
    const opened = await metrics.openSides(linalg, names, folders, wanted, timed, { ...context, warn });
    const { sides, failures, cached, origin } = opened;
    const { network: features, comparable } = origin;
    const planned = await finishPlan(plan.course());
    const [sideA, sideB] = sides;
    for (const { reason } of failures) context.warn(`skipped ${reason}`); // the JSON lists them as failures
    if (failures.length > 0) context.markPartial();
    for (const warning of new Set([...origin.warnings, ...sides.flatMap(metrics.warningsFor)])) warn(warning);
    const skipped = failures.map(({ file, reason }) => ({ file, reason }));
    const save = async (): Promise<void> => {
      if (options.saveStats === undefined) return;
      const path = options.saveStats;
      await timed("save", () => metrics.saveStatistics(linalg, sideA, path));
      context.print(`${path}: mean and covariance of ${a}`);
    };
    if (sideB === undefined) {
      await save();
      context.printJson({
        saved: options.saveStats,
        dims: sideA.d,
        n: [sideA.n],
        features,
        cached,
        warnings,
        failures: skipped,
        seconds,
        ...planned,
      });
      return;
    }
    const both = sides as readonly Features[]; // for --kid and --prc, openSides() has checked this
    const distance = await timed("frechet", () => metrics.frechetDistance(linalg, sideA, sideB));
    const note = comparable ? "" : " (not comparable with published scores)";
    context.print(
      `FID ${distance.fid.toFixed(6)}${note}, by the route ${distance.route}, ${sideA.d} dims, ${features}`,
    );
    // The other scores need more time and memory. If the memory does not suffice, the distance is still printed.
    const unscored: Error[] = [];
    const attempt = async <T>(stage: string, isWanted: boolean, body: () => T): Promise<T | null> => {
      if (!isWanted || unscored.length > 0) return null;
      return timed(stage, body).catch((error: unknown) => {
        if (!(error instanceof RetryableError)) throw error;
        unscored.push(error);
        return null;
      });
    };
    const kid = await attempt("kid", options.kid, () => metrics.kernelDistance(linalg, both[0], both[1], options.seed));
    if (kid !== null) {
      context.print(
        `KID ${kid.kid.toPrecision(6)}, over ${kid.subsets} subsets of ${kid.subsetRows}: ${kid.subsetMean.toPrecision(6)} +- ${kid.kidStd.toPrecision(3)}`,
      );
    }
    const prc = await attempt("prc", options.prc, () => metrics.precisionRecall(linalg, both[0], both[1]));
    if (prc !== null) context.print(`precision ${prc.precision.toFixed(6)}, recall ${prc.recall.toFixed(6)}`);
    // If the sides cannot be compared, nothing is written. If writing fails, the computed scores are still printed.
    const unsaved = await save().then(
      () => null,
      (error: unknown) => ({ error }),
    );
    context.printJson({
      fid: distance.fid,
      raw: distance.raw,
      ...(kid === null ? {} : { kid: kid.kid, kidStd: kid.kidStd, kidSubsetMean: kid.subsetMean }),
      ...(prc ?? {}),
      n: [sideA.n, sideB.n],
      rank: [sideA, sideB].map(({ n, d }) => (n === null ? null : Math.min(d, n - 1))),
      dims: sideA.d,
      route: distance.route,
      mode: origin.mode,
      decoder: folders.some(Boolean) ? metrics.DECODER : null,
      features,
      comparable,
      cached,
      warnings,
      failures: skipped,
      seconds,
      ...planned,
    });
    if (unsaved !== null) throw unsaved.error;
    if (unscored.length > 0) throw unscored[0];
  } finally {
    await linalg.close();
  }
}
