/** Trains the models of a system, one after the other. It skips models whose budget is used up. */

import type { FaceDataset } from "../dataset/dataset.js";
import { createModel } from "../methods/registry.js";
import { listCheckpoints } from "../models/checkpoint-store.js";
import { train } from "../training/loop.js";
import { usedByUpdates } from "../training/pace.js";
import type { OnProgress } from "../types.js";
import type { ComparisonPlan, PlannedSystem } from "./plan.js";

/** Steps between checkpoints and between sheets. */
const SAVE_EVERY = 500;
/** A run that only seconds end. */
const NO_LIMIT = 1_000_000_000;

export interface TrainedFacts {
  readonly name: string;
  /** Seconds of all updates of all models. */
  readonly seconds: number;
  readonly updates: number;
}

export interface TrainSystemsOptions {
  readonly plan: ComparisonPlan;
  readonly dataset: FaceDataset;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  readonly print: (line: string) => void;
}

/**
 * Trains a system's models within its budget.
 * @throws InterruptedError after an abort, with the state saved; errors of train()
 */
export async function trainSystem(
  { name, method, width, batch, network, training, models }: PlannedSystem,
  { plan, dataset, workers, signal, onProgress, print }: TrainSystemsOptions,
): Promise<TrainedFacts> {
  let [seconds, updates] = [0, 0];
  for (const { attributes, folder, share } of models) {
    const model = createModel(method, { ...network, size: plan.size, width, attributes });
    const resume = (await listCheckpoints(folder).catch(() => [])).length > 0;
    const label = models.length === 1 ? name : `${name}, ${attributes.join(" ")}`;
    const { joint } = model.training({ ...training, seed: plan.seed, batch: 1, dataset: "" }, "table");
    const perStep = joint ? 1 : attributes.length;
    const steps = plan.updates === null ? NO_LIMIT : Math.max(1, Math.round((plan.updates * share) / perStep));
    await train({
      dataset,
      folder,
      model,
      settings: { ...training, batch: "auto", seed: plan.seed },
      publishedBatch: batch,
      resume,
      steps,
      ...(plan.seconds === null ? {} : { budget: plan.seconds * share }),
      saveEvery: SAVE_EVERY,
      sampleEvery: SAVE_EVERY,
      workers: Math.max(1, Math.floor(workers / 2)),
      signal,
      onStart: () => print(`${label}: ${resume ? "going on" : "training"} in ${folder}`),
      onMessage: (line) => print(`${label}: ${line}`),
      onProgress: (progress) => {
        const total = plan.updates === null ? progress.done : progress.total;
        onProgress({ ...progress, stage: label, total });
      },
    });
    const used = await usedByUpdates(folder);
    seconds += used.seconds;
    updates += used.updates;
  }
  return { name, seconds, updates };
}
