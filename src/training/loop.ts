/** The training loop: fetch, update, log, sample, save. One step covers all attributes. */
import { join } from "node:path";
import { closing } from "../closing.js";
import { describeMismatch, InterruptedError, RetryableError } from "../errors.js";
import { ensureDir, removeTemporaries } from "../files.js";
import { RunLock } from "../lock.js";
import type { Losses, Moment, RunSettings, Training } from "../methods/method.js";
import { NOT_FINITE_REMEDY } from "../models/checkpoint.js";
import { newestCheckpoint } from "../models/checkpoint-store.js";
import { type Feeding, fixedFeeding, MOST_AHEAD } from "../pool/feeding.js";
import { type ChosenBatch, chooseBatch, type PlannedBatch, planBatch } from "./batch-choice.js";
import { PairBatches } from "./batches.js";
import { type LeftOut, listLeftOut, mostLeftOut, recallLeftOut, tooManyLeftOut } from "./left-out.js";
import type { TrainOptions } from "./options.js";
import { Pace } from "./pace.js";
import { createPairSampler, type PairSampler } from "./pairs.js";
import { rescue } from "./rescue.js";
import { disposeState, expectFreshFolder, expectSameModel, type RunStart, resumeRun, startRun } from "./run.js";
import { LEFT_OUT_FILE, SAMPLES_FOLDER } from "./run-report.js";
import { RunWriter } from "./run-writer.js";
import { drawSamples, loadSamplePairs, type SamplePairs } from "./samples.js";
import { loadScoreFaces, type ScoreFaces, scoreGenerator } from "./score.js";
import { takeUpdate, type UpdateWork } from "./take-update.js";

export interface TrainResult {
  readonly step: number;
  /** Seconds of training alone, without sheets, checkpoints and the start. */
  readonly trainingSeconds: number;
  /** Number of updates (one attribute's D and G) in this call. */
  readonly updates: number;
  /** Pairs per update, the most pairs computed at the same time, and the reason if there is something to report. */
  readonly batch: Pick<PlannedBatch, "batch" | "part" | "description">;
  /** The checkpoint with the lowest score (score.ts). */
  readonly best: { readonly step: number; readonly score: number } | null;
  /** Number of unreadable training images that the run leaves out (left-out.jsonl). */
  readonly leftOut: number;
}

/** Stands in the logs for the attribute if an update has all attributes. */
const ALL = "all";

/** Number of steps per row for TensorBoard; the JSON log has every step. */
const SCALARS_EVERY = 10;

function expectFinite(step: number, attribute: string, losses: Losses): void {
  const values = Object.entries(losses);
  if (values.every(([, value]) => Number.isFinite(value))) return;
  const parts = values.map(([name, value]) => `${name} ${value.toPrecision(4)}`).join(", ");
  throw new RetryableError(describeMismatch(`step ${step}, ${attribute}`, "finite losses", parts, NOT_FINITE_REMEDY));
}

/**
 * Trains on the current device until `steps`, the time or the signal ends it, and saves.
 * @throws InputError if the data cannot be used for training, before anything is written
 * @throws InterruptedError after an abort, with the state saved; RetryableError if a loss is not finite or the
 * device fails
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { dataset, folder, model, resume, workers } = options;
  const { config } = model;
  const { seed } = options.settings;
  const { flip, joint } = model.training({ ...options.settings, batch: 1, dataset: "" }, "train");
  if (options.from) expectSameModel(model, options.from);
  const { publishedBatch } = options;
  const resumed = resume ? folder : null;
  const asked = options.settings.batch;
  const chosen = await chooseBatch(asked, dataset, config.attributes, joint, resumed, publishedBatch);
  const { batch } = chosen;
  const sampler = createPairSampler(dataset, config.attributes, { batch, seed, flip, joint });
  const settings: RunSettings = { ...options.settings, batch, dataset: sampler.fingerprint };
  await expectFolder(folder, resume);
  const unreadable = new Map<number, string>();
  const samplePairs = await loadSamplePairs(dataset, model, workers, unreadable);
  const scoreFaces = await loadScoreFaces(dataset, model, workers, unreadable);
  await ensureDir(folder);
  const { takeOver = false, onMessage } = options;
  const lock = await RunLock.acquire(folder, "training", { takeOver, onNotice: onMessage });
  return closing(
    () => lock.release(),
    async () => {
      // Removes files that a killed run left half-written. Saving a checkpoint tidies the checkpoints' folder.
      await removeTemporaries(folder);
      await removeTemporaries(join(folder, SAMPLES_FOLDER));
      await expectFolder(folder, resume); // Checked again: another training may have begun and ended in the meantime.
      return trainLocked(options, lock, { sampler, settings, chosen, samplePairs, scoreFaces, unreadable });
    },
  );
}

/** The number of open labels of each attribute that has some: " (open labels: Bangs 3)"; empty if there are none. */
function describeOpen(attributes: readonly string[], open: readonly number[]): string {
  const some = attributes.flatMap((name, i) => (open[i] > 0 ? [`${name} ${open[i]}`] : []));
  return some.length === 0 ? "" : ` (open labels: ${some.join(", ")})`;
}

/** Requires a run to resume, or a folder where a new one can start. */
async function expectFolder(folder: string, resume: boolean): Promise<void> {
  if (resume) await newestCheckpoint(folder);
  else await expectFreshFolder(folder, "Add --resume to continue a run, or choose another --out.");
}

interface Prepared {
  readonly sampler: PairSampler;
  readonly settings: RunSettings;
  readonly chosen: ChosenBatch;
  readonly samplePairs: SamplePairs;
  readonly scoreFaces: ScoreFaces;
  /** Images that are known to be unreadable, by their position in the data set's files, with the reason. */
  readonly unreadable: Map<number, string>;
}

async function trainLocked(options: TrainOptions, lock: RunLock, prepared: Prepared): Promise<TrainResult> {
  const { dataset, folder, model, resume, steps, workers } = options;
  const { config } = model;
  const { sampler, settings, chosen, samplePairs, scoreFaces, unreadable } = prepared;
  const { batch } = settings;
  const training = model.training(settings, folder);
  // Planned before anything is on the device, since the estimate covers everything that will be there.
  const planned = planBatch(training.memory, chosen);
  let feeding: Feeding = fixedFeeding(workers, MOST_AHEAD);
  const messages = [...unreadable.values()].map((reason) => `Warning: left out of sheets and scores: ${reason}`);
  const accepted = async (from: number): Promise<void> => {
    if (resume) {
      const recalled = await recallLeftOut(join(folder, LEFT_OUT_FILE), dataset, from);
      if (recalled.unreadable.size > mostLeftOut(sampler.size)) {
        throw tooManyLeftOut(recalled.unreadable.size, sampler.size, [...recalled.unreadable.values()][0]);
      }
      for (const [file, reason] of recalled.unreadable) unreadable.set(file, reason);
      if (recalled.repaired > 0)
        messages.push(`pictures of ${LEFT_OUT_FILE} that can be read again: ${recalled.repaired}`);
    }
    options.onStart?.();
    const updates = Math.max(0, steps - from) * sampler.updatesPerStep;
    feeding = (await options.feeding?.({ settings, updates })) ?? feeding;
  };
  if (!resume) await accepted(0);
  const start = resume
    ? await resumeRun(folder, model, settings, accepted)
    : await startRun(folder, model, settings, options.from);
  const { state } = start;
  const work = { training, planned, feeding, start, samplePairs, scoreFaces, sampler };
  return closing(
    () => disposeState(state),
    async () => {
      for (const warning of [...start.warnings, ...messages]) options.onMessage?.(warning);
      const open = describeOpen(config.attributes, sampler.open);
      options.onMessage?.(
        `${sampler.size} training pictures${open}; ${resume ? `going on after step ${start.step}` : "a new run"}`,
      );
      if (planned.description !== null) options.onMessage?.(planned.description);
      const writer = await RunWriter.open(folder, model, settings, start, resume, lock);
      const withWriter = async (): Promise<TrainResult> => {
        const leftOut: LeftOut[] = [];
        const batches = new PairBatches({
          dataset,
          sampler,
          size: model.config.size,
          batch,
          workers: feeding,
          fromStep: start.step,
          unreadable,
          onLeftOut: (files) => leftOut.push(...files),
        });
        return closing(
          () => batches.close(),
          () => takeSteps(options, { ...work, writer, batches, leftOut }),
        );
      };
      return closing(() => writer.close(), withWriter);
    },
  );
}

interface Opened extends Pick<Prepared, "samplePairs" | "scoreFaces" | "sampler"> {
  readonly training: Training;
  readonly planned: PlannedBatch;
  readonly feeding: Feeding;
  readonly start: RunStart;
  readonly writer: RunWriter;
  readonly batches: PairBatches;
  /** Images left out; `batches` fills the list and the steps empty it. */
  readonly leftOut: LeftOut[];
}

/** Runs the steps until the last one is saved. */
async function takeSteps(
  options: TrainOptions,
  { training, planned, feeding, start, samplePairs, scoreFaces, sampler, writer, batches, leftOut }: Opened,
): Promise<TrainResult> {
  const { model, steps, saveEvery, sampleEvery, signal } = options;
  const { state } = start;
  const weights = state.average ?? state.optimizers.get(model.groups[0])?.parameters;
  if (weights === undefined) throw new Error("training: no editing weights");
  const edited = new Map([...weights, ...state.extras]);
  const { batch, part } = planned;
  const work: UpdateWork = { training, state, batches, batch, part, feeding };
  const pace = await Pace.begin(options.folder, options);
  let updates = 0;
  let step = start.step;
  /** Whether the state is the one after `step` complete steps. */
  let isWhole = true;
  const sample = async (): Promise<void> => {
    await writer.sample(step, await drawSamples(edited, model, samplePairs));
  };
  const save = async (): Promise<void> => {
    await writer.save(step, state, await scoreGenerator(edited, model, scoreFaces));
  };
  const isOver = (): boolean => pace.isOver(step) || signal?.aborted === true;

  try {
    // A run that failed in a sheet or a score has saved its step without them.
    if (!start.isFresh && step > 0) {
      if (step % sampleEvery === 0 && !writer.isSampled(step)) await sample();
      if ((step % saveEvery === 0 || step === steps) && !writer.isScored(step)) await save();
    }
    while (!isOver()) {
      const at: Moment = { step, progress: pace.progress(step) };
      const learningRate = training.learningRate(at);
      let latest: Losses | undefined;
      for (const attribute of training.joint ? [ALL] : model.config.attributes) {
        const made = await takeUpdate(work, at, async () => {
          await listLeftOut(options, writer, step + 1, leftOut);
          isWhole = false;
        });
        const { seconds } = made;
        latest = made.losses;
        expectFinite(step + 1, attribute, latest);
        pace.trained += seconds;
        updates++;
        const alarms = await writer.log(step + 1, attribute, latest, learningRate, seconds);
        for (const { message } of alarms) options.onMessage?.(message);
        if ((step + 1) % SCALARS_EVERY === 0) await writer.scalars(step + 1, attribute, latest, learningRate);
      }
      step++;
      isWhole = true;
      const count = writer.leftOutCount;
      if (count > mostLeftOut(sampler.size)) throw tooManyLeftOut(count, sampler.size, writer.leftOutReason);
      const note = latest === undefined ? "" : training.describe(latest);
      options.onProgress?.({
        stage: "train",
        done: step,
        total: steps,
        unit: "steps",
        note,
        ...(pace.secondsLeft === undefined ? {} : { secondsLeft: pace.secondsLeft }),
      });
      // The sheet comes first: a run that is killed in between resumes from an earlier checkpoint and draws it again.
      if (step % sampleEvery === 0) await sample();
      if (step % saveEvery === 0) await save();
    }
    if (step % sampleEvery !== 0) await sample();
    if (!writer.isSaved(step)) await save();
  } catch (error) {
    throw await rescue(error, writer, isWhole ? { step, state } : null);
  }
  if (signal?.aborted === true && !pace.isDone(step)) {
    throw new InterruptedError(`Interrupted: step ${step} is saved. Continue with the same command and --resume.`);
  }
  const { description } = planned;
  return {
    step,
    trainingSeconds: pace.trained,
    updates,
    batch: { batch, part, description },
    best: writer.best,
    leftOut: writer.leftOutCount,
  };
}
