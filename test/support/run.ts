/** Training runs of the smallest possible model. */
import { join } from "node:path";
import type { FaceDataset } from "../../src/dataset/dataset.js";
import { createConfig, OFFICIAL_NETWORK } from "../../src/model/config.js";
import { readLossLog } from "../../src/training/log.js";
import type { TrainOptions } from "../../src/training/loop.js";
import { METHODS } from "../../src/training/method.js";
import { LOSSES_FILE } from "../../src/training/run-report.js";

export const ATTRIBUTES = ["Bangs", "Smiling"];
export const NEVER = 1_000_000;

/** A run of the smallest possible model. It saves only at its end. */
export function tinyRun(dataset: FaceDataset, folder: string, changes: Partial<TrainOptions> = {}): TrainOptions {
  return {
    dataset,
    folder,
    config: createConfig({ ...OFFICIAL_NETWORK, size: 64, width: 4, attributes: ATTRIBUTES }),
    settings: { ...METHODS.official.method, batch: 2, seed: 5 },
    resume: false,
    steps: 2,
    saveEvery: NEVER,
    sampleEvery: NEVER,
    workers: 1,
    ...changes,
  };
}

/** A tiny run of the preset `modern`: one update per step, for all attributes. */
export function modernRun(dataset: FaceDataset, folder: string, changes: Partial<TrainOptions> = {}): TrainOptions {
  const { network, method } = METHODS.modern;
  return tinyRun(dataset, folder, {
    config: createConfig({ ...network, size: 64, width: 4, attributes: ATTRIBUTES }),
    settings: { ...method, batch: 4, seed: 5 },
    ...changes,
  });
}

/** Stops a run as Ctrl-C does while step `step` is reported. */
export function abortAt(step: number): Pick<TrainOptions, "signal" | "onProgress"> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onProgress: ({ done }) => {
      if (done === step) controller.abort();
    },
  };
}

/** The loss rows without the seconds, which depend on the machine. */
export async function rowsOf(run: string): Promise<unknown[]> {
  return (await readLossLog(join(run, LOSSES_FILE))).map(({ seconds, ...row }) => row);
}
