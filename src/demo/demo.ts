/** `elegant demo`: the whole line from painted photos to edited faces and a report, on data whose truth is known. */
import { join } from "node:path";
import { openDataset } from "../dataset/dataset.js";
import { preprocess } from "../dataset/preprocess.js";
import { writeSynth } from "../dataset/synth/write.js";
import type { Device } from "../device/device.js";
import { describeMachine, listMachine } from "../device/machine.js";
import { type Generator, openGenerator, readModel } from "../editing/generator.js";
import { describeMismatch, InputError, InterruptedError } from "../errors.js";
import { writeFileAtomic } from "../files.js";
import { openExtractor } from "../metrics/extractors.js";
import { Linalg } from "../metrics/linalg.js";
import { computeTable, formatRows, type Table } from "../metrics/table.js";
import { type ModelConfig, OFFICIAL_NETWORK } from "../model/config.js";
import { PAINTED } from "../model/shipped.js";
import type { ReportModel, Score, Sheet, StageTime } from "../report/model.js";
import { renderReport } from "../report/render.js";
import { readLossLog } from "../training/log.js";
import { train } from "../training/loop.js";
import { METHODS } from "../training/method.js";
import { expectFreshFolder } from "../training/run.js";
import { LOSSES_FILE, SCORES_FILE, trainingSeries, WATCHDOG_FILE, watchdogSection } from "../training/run-report.js";
import type { OnProgress } from "../types.js";
import { changeOf, choosePairs, type HeldOutFace, loadHeldOut, type ScoredPair, strongest } from "./pairs.js";
import { meanGain, scorePairs, swapPairs } from "./scores.js";
import { DEMO_ATTRIBUTES, DEMO_BATCH, DEMO_SIZE, DEMO_WIDTH } from "./settings.js";
import { linearSheet, manySheet, matrixSheet, photosAndCrops, type ShownSwap, swapSheet } from "./sheets.js";
import { describeRun, summarise } from "./story.js";

/** The most pairs of the table of Frechet distances, and the features that it is made of: what takes seconds. */
const TABLE_PAIRS = 32;
const TABLE_DIMS = 192;
/** Rows of a sheet. */
const SHOWN_PAIRS = 3;
/** So many that both sides of each attribute have a batch to train on. */
const FEWEST_PHOTOS = 60;

export interface DemoOptions {
  readonly folder: string;
  readonly photos: number;
  /** Of training in front of the user. */
  readonly trainSeconds: number;
  /** The most edits that are scored for each attribute and direction. */
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
  readonly scores: readonly Score[];
  /** Mean gain over doing nothing in dB, of the shipped model and of the one trained here. */
  readonly gain: { readonly shipped: number; readonly trained: number };
}

interface Edited {
  readonly scores: readonly Score[];
  readonly swaps: Sheet;
}

/** Swaps and scores all pairs with one generator. */
async function editAll(
  generator: Generator,
  groups: readonly (readonly ScoredPair[])[],
  title: string,
  checkpoint: string,
  onSwapped: (count: number) => void,
): Promise<Edited> {
  const scores: Score[] = [];
  const shown: ShownSwap[][] = [];
  for (const pairs of groups) {
    if (pairs.length === 0) {
      shown.push([]);
      continue;
    }
    const results = await swapPairs(generator, pairs);
    scores.push(scorePairs(pairs, results, checkpoint));
    onSwapped(pairs.length);
    shown.push(pairs.slice(0, SHOWN_PAIRS).map((pair, i) => ({ pair, result: results[i] })));
  }
  return { scores, swaps: await swapSheet(title, shown, checkpoint) };
}

/** Inputs that have neither attribute, with a reference for each: for edits of several attributes at once. */
function combine(groups: readonly (readonly ScoredPair[])[], faces: readonly HeldOutFace[]): readonly ScoredPair[][] {
  const plain = new Set(faces.filter(({ has }) => DEMO_ATTRIBUTES.every((name) => !has(name))).map(({ file }) => file));
  const adding = groups.filter((pairs) => pairs.length > 0 && pairs[0].adding);
  if (adding.length < DEMO_ATTRIBUTES.length) return []; // with few photos nobody unseen may have one of them
  const inputs = adding[0].filter(({ inputFace }) => plain.has(inputFace.file));
  return inputs.map((pair, i) => [pair, ...adding.slice(1).map((pairs) => pairs[i % pairs.length])]);
}

/**
 * Runs everything into `folder` and writes report.html there.
 * @throws InputError before anything is written when the folder is not empty
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const { folder, photos, seed, workers, signal, onProgress, device } = options;
  if (photos < FEWEST_PHOTOS) {
    throw new InputError(describeMismatch("--photos", `at least ${FEWEST_PHOTOS}`, String(photos), "Paint more."));
  }
  await expectFreshFolder(folder, "Delete it, or choose another --out.");
  await readModel(PAINTED); // rather a failure now than after the training
  const began = performance.now();
  const stages: StageTime[] = [];
  const timed = async <T>(name: string, work: () => Promise<T>, describe: (result: T, seconds: number) => string) => {
    const start = performance.now();
    const result = await work().catch((error: unknown) => {
      // Stages that can be resumed by themselves say how; the demo cannot, and its own words are in the signal.
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
  const config: ModelConfig = {
    ...OFFICIAL_NETWORK,
    size: DEMO_SIZE,
    width: DEMO_WIDTH,
    attributes: [...DEMO_ATTRIBUTES],
  };
  const trained = await timed(
    "train",
    () =>
      train({
        dataset,
        folder: run,
        config,
        settings: { ...METHODS.official.method, batch: DEMO_BATCH, seed },
        resume: false,
        steps: 1_000_000,
        seconds: options.trainSeconds,
        saveEvery: 1_000_000,
        sampleEvery: 1_000_000,
        workers: Math.max(1, Math.floor(workers / 2)),
        signal,
        onProgress: (progress) => onProgress({ ...progress, total: null }),
      }),
    ({ step, updates, trainingSeconds }) => `${step} steps, ${(trainingSeconds / updates).toFixed(3)} s an update`,
  );

  const held = await loadHeldOut(dataset, seed);
  const groups = await timed(
    "truth",
    () =>
      Promise.all(
        DEMO_ATTRIBUTES.flatMap((name) =>
          [true, false].map((adding) => choosePairs(held, name, adding, options.pairs)),
        ),
      ),
    (all) => `${all.flat().length} true answers painted`,
  );
  const names = { shipped: "the shipped checkpoint", trained: describeRun(trained.step, DEMO_WIDTH) };
  const [shippedEdits, trainedEdits, sheets] = await timed(
    "edit",
    async () => {
      const shipped = await openGenerator(PAINTED);
      const own = await openGenerator(run);
      const total = 2 * groups.flat().length;
      let swapped = 0;
      const onSwapped = (count: number): void => {
        swapped += count;
        onProgress({ stage: "edit", done: swapped, total, unit: "swaps" });
      };
      const first = await editAll(shipped, groups, "Swaps by the shipped checkpoint", names.shipped, onSwapped);
      const title = "The same swaps by the model trained just now";
      const second = await editAll(own, groups, title, names.trained, onSwapped);
      const adding = groups.filter((pairs) => pairs.length > 0 && pairs[0].adding);
      const both = combine(groups, held);
      const more = [await linearSheet(shipped, adding.map(strongest), names.shipped)];
      if (both.length > 0) {
        const [across, down] = both.reduce((best, pairs) => (changeOf(pairs) > changeOf(best) ? pairs : best));
        more.push(await matrixSheet(shipped, [across, down], names.shipped));
        more.push(await manySheet(shipped, both.slice(0, SHOWN_PAIRS), names.shipped));
      }
      shipped.dispose();
      own.dispose();
      return [first, second, more] as const;
    },
    ([first, second]) => `${[...first.scores, ...second.scores].reduce((sum, { n }) => sum + n, 0)} swaps scored`,
  );

  const table = await timed(
    "table",
    async () => {
      const linalg = await Linalg.open(workers);
      const shipped = await openGenerator(PAINTED);
      const own = await openGenerator(run);
      const opened = await openExtractor("random-inception", TABLE_DIMS, undefined, seed);
      const { extractor } = opened;
      const common = {
        dataset,
        extractor,
        systems: [],
        limit: Math.min(TABLE_PAIRS, Math.max(2, options.pairs)),
        workers,
        onProgress,
      };
      const [first, second] = [
        await computeTable(linalg, { ...common, generator: shipped }),
        await computeTable(linalg, { ...common, generator: own }),
      ];
      shipped.dispose();
      own.dispose();
      opened.dispose();
      await linalg.close();
      const named = (made: Table, name: string) =>
        formatRows(made, DEMO_ATTRIBUTES).map(([system, ...cells]) => [
          system === "this run" ? name : system,
          ...cells,
        ]);
      const rows = [...named(first, names.shipped), ...named(second, names.trained).slice(0, 1)];
      return { rows, pictures: first.pictures, heldOut: first.heldOut };
    },
    ({ pictures }) => `${Object.values(pictures).reduce((sum, count) => sum + count, 0)} pairs, two models`,
  );

  const scores = [...shippedEdits.scores, ...trainedEdits.scores];
  const gain = { shipped: meanGain(shippedEdits.scores), trained: meanGain(trainedEdits.scores) };
  const seconds = (performance.now() - began) / 1000;
  const story = summarise({ ...options, gain, seconds, step: trained.step, scores });
  const model: ReportModel = {
    ...story,
    generatedBy: `elegant-faces ${options.version}, elegant demo`,
    sheets: [
      await photosAndCrops(join(painted, "images"), held.slice(0, 6)),
      shippedEdits.swaps,
      trainedEdits.swaps,
      ...sheets,
    ],
    watchdog: watchdogSection(await readLossLog(join(run, WATCHDOG_FILE)), trained.step),
    losses: trainingSeries(
      await readLossLog(join(run, LOSSES_FILE)),
      await readLossLog(join(run, SCORES_FILE)),
      DEMO_ATTRIBUTES,
    ),
    settings: [],
    tables: [
      {
        title: "Frechet distance, added / removed",
        caption: `Of edited ${table.heldOut ? "held-out pictures" : "pictures (training ones among them)"} to real ones of the side that they were moved to, lower is better; "no edit" is the distance of the two sides. By a seeded random network (random-inception, ${TABLE_DIMS} dims) over ${Object.entries(
          table.pictures,
        )
          .map(([name, count]) => `${count} pairs for ${name}`)
          .join(", ")}: it orders these rows and is not comparable with published scores.`,
        columns: ["model", ...DEMO_ATTRIBUTES],
        rows: table.rows,
      },
    ],
    scores,
    stages,
    machine: [...listMachine(describeMachine()), { label: "Device", value: device.description }],
  };
  const report = join(folder, "report.html");
  await writeFileAtomic(report, renderReport(model));
  return { report, seconds, scores, gain };
}
