/** `elegant demo`: the whole path from painted photos to edited faces and a report, on data whose truth is known. */
import { join } from "node:path";
import { openDataset } from "../dataset/dataset.js";
import type { Device } from "../device/device.js";
import { describeMachine, listMachine } from "../device/node/machine.js";
import { describeMismatch, InputError, InterruptedError } from "../errors.js";
import { writeFileAtomic } from "../files.js";
import { elegantModel } from "../methods/elegant/model.js";
import { openGenerator, readModel } from "../models/open.js";
import { PAINTED } from "../models/shipped.js";
import { preprocess } from "../preprocess/preprocess.js";
import type { ModelScores, ReportModel, Score, StageTime } from "../report/model.js";
import { renderReport } from "../report/render.js";
import { writeSynth } from "../synth/write.js";
import { readLossLog } from "../training/log.js";
import { train } from "../training/loop.js";
import { expectFreshFolder } from "../training/run.js";
import { LOSSES_FILE, SCORES_FILE, trainingSeries, WATCHDOG_FILE, watchdogSection } from "../training/run-report.js";
import type { OnProgress } from "../types.js";
import { measureDistances } from "./distances.js";
import { chooseGroups, comparedGroups, editAll, moreSheets } from "./edits.js";
import { loadHeldOut } from "./pairs.js";
import { DEMO_METHOD, DEMO_NETWORK, DEMO_SIZE, DEMO_WIDTH } from "./settings.js";
import { photosAndCrops } from "./sheets.js";
import { describeRun, summarise } from "./story.js";

/** Smallest number of photos for which both sides of each attribute have a batch to train on. */
const FEWEST_PHOTOS = 60;

export interface DemoOptions {
  readonly folder: string;
  readonly photos: number;
  /** Seconds of training, while the user waits. */
  readonly trainSeconds: number;
  /** Largest number of edits that are scored per attribute and direction. */
  readonly pairs: number;
  readonly seed: number;
  readonly workers: number;
  readonly device: Device;
  readonly version: string;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

export interface DemoResult {
  readonly report: string;
  readonly seconds: number;
  /** Means over the swaps that both models made; null if there are none. */
  readonly shipped: Score | null;
  readonly trained: Score | null;
  /** The rows behind the means, for the shipped model and for the one trained here. */
  readonly scores: readonly ModelScores[];
}

/**
 * Runs everything in `folder` and writes report.html there.
 * @throws InputError before anything is written if the folder is not empty
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { folder, photos, seed, workers, signal, onProgress, device } = options;
  if (photos < FEWEST_PHOTOS) {
    throw new InputError(describeMismatch("--photos", `at least ${FEWEST_PHOTOS}`, String(photos), "Paint more."));
  }
  await expectFreshFolder(folder, "Delete it, or choose another --out.");
  const { config: shippedConfig } = (await readModel(PAINTED)).model; // fail now rather than after the training
  const began = performance.now();
  const stages: StageTime[] = [];
  const timed = async <T>(name: string, work: () => Promise<T>, describe: (result: T, seconds: number) => string) => {
    const start = performance.now();
    const result = await work().catch((error: unknown) => {
      // Stages that can be resumed on their own say how. The demo cannot be resumed, and its own message is in the
      // signal.
      if (error instanceof InterruptedError) signal.throwIfAborted();
      throw error;
    });
    const seconds = (performance.now() - start) / 1000;
    stages.push({ name, seconds, detail: describe(result, seconds) });
    signal.throwIfAborted();
    return result;
  };
  const [painted, crops, run] = ["photos", "faces", "run"].map((name) => join(folder, name));

  await timed(
    "paint",
    () => writeSynth({ directory: painted, count: photos, seed, workers, onProgress }),
    (_, seconds) => `${photos} photos, ${(photos / seconds).toFixed(1)} photos/s`,
  );
  await timed(
    "preprocess",
    () =>
      preprocess(painted, crops, {
        size: DEMO_SIZE,
        format: "png",
        quality: 95,
        images: undefined,
        crop: null,
        limit: null,
        workers,
        signal,
        onProgress,
      }),
    ({ done }, seconds) => `${done} crops of ${DEMO_SIZE} px, ${(done / seconds).toFixed(0)} images/s`,
  );
  const dataset = await openDataset(crops);
  const trained = await timed(
    "train",
    () =>
      train({
        dataset,
        folder: run,
        model: elegantModel(DEMO_NETWORK),
        settings: { ...DEMO_METHOD, seed },
        resume: false,
        steps: 1_000_000,
        seconds: options.trainSeconds,
        pace: "seconds",
        saveEvery: 1_000_000,
        sampleEvery: 1_000_000,
        workers: Math.max(1, Math.floor(workers / 2)),
        signal,
        onProgress: (progress) => onProgress({ ...progress, total: null }),
      }),
    ({ step, updates, trainingSeconds }) => `${step} steps, ${(trainingSeconds / updates).toFixed(3)} s per update`,
  );

  const held = await loadHeldOut(dataset, seed);
  const groups = await timed(
    "truth",
    () => chooseGroups(held, shippedConfig.attributes, options.pairs),
    (all) => `${all.flatMap(({ pairs }) => pairs).length} true answers painted`,
  );
  const names = { shipped: "the shipped checkpoint", trained: describeRun(trained.step, DEMO_WIDTH) };
  const [shipped, own] = [await openGenerator(PAINTED), await openGenerator(run)];
  const [shippedEdits, ownEdits, sheets] = await timed(
    "edit",
    async () => {
      const compared = comparedGroups(groups);
      const total = [...groups, ...compared].reduce((sum, { pairs }) => sum + pairs.length, 0);
      let swapped = 0;
      const onSwapped = (count: number): void => {
        swapped += count;
        onProgress({ stage: "edit", done: swapped, total, unit: "swaps" });
      };
      const first = await editAll(shipped, groups, "Swaps by the shipped checkpoint", names.shipped, onSwapped);
      const title = "Swaps by the model that was trained just now";
      const second = await editAll(own, compared, title, names.trained, onSwapped);
      return [first, second, await moreSheets(shipped, groups, held, names.shipped)] as const;
    },
    ([first, second]) => {
      const rows = [...first.scores.rows, ...second.scores.rows];
      return `${rows.reduce((sum, { n }) => sum + n, 0)} swaps scored`;
    },
  );
  const distances = await timed(
    "table",
    () =>
      measureDistances(
        [
          { generator: shipped, name: names.shipped },
          { generator: own, name: names.trained },
        ],
        { dataset, pairs: options.pairs, seed, workers, onProgress },
      ),
    ({ pairs }) => `${pairs} pairs, two models`,
  );
  shipped.dispose();
  own.dispose();

  const scores = [shippedEdits.scores, ownEdits.scores];
  const means = { shipped: shippedEdits.scores.mean, trained: ownEdits.scores.mean };
  const seconds = (performance.now() - began) / 1000;
  const model: ReportModel = {
    ...summarise({ ...options, ...means, seconds, step: trained.step }),
    generatedBy: `elegant-faces ${options.version}, elegant demo`,
    sheets: [
      shippedEdits.swaps,
      ownEdits.swaps,
      ...sheets,
      await photosAndCrops(join(painted, "images"), held.slice(0, 6)),
    ],
    watchdog: watchdogSection(await readLossLog(join(run, WATCHDOG_FILE)), trained.step),
    losses: trainingSeries(
      elegantModel(DEMO_NETWORK),
      await readLossLog(join(run, LOSSES_FILE)),
      await readLossLog(join(run, SCORES_FILE)),
    ),
    settings: [],
    tables: [distances.table],
    scores,
    stages,
    machine: [...listMachine(describeMachine()), { label: "Device", value: device.description }],
  };
  const report = join(folder, "report.html");
  await writeFileAtomic(report, renderReport(model));
  return { report, seconds, ...means, scores };
}
