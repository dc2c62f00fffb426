/** Training runs of the smallest possible model. */
import { join } from "node:path";
import type { FaceDataset } from "../../src/dataset/dataset.js";
import { createConfig, type ModelConfig, OFFICIAL_NETWORK, parseConfig } from "../../src/methods/elegant/config.js";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import { readLossLog } from "../../src/training/log.js";
import type { TrainOptions } from "../../src/training/options.js";
import { LOSSES_FILE } from "../../src/training/run-report.js";

export const ATTRIBUTES = ["Bangs", "Smiling"];
export const NEVER = 1_000_000;

/** A run of the smallest possible model. It saves only at its end. */
export function tinyRun(dataset: FaceDataset, folder: string, changes: Partial<TrainOptions> = {}): TrainOptions {
  return {
    dataset,
    folder,
    model: elegantModel(createConfig({ ...OFFICIAL_NETWORK, size: 64, width: 4, attributes: ATTRIBUTES })),
    settings: { ...PRESETS.official.method, batch: 2, seed: 5 },
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
  const { network, method } = PRESETS.modern;
  return tinyRun(dataset, folder, {
    model: elegantModel(createConfig({ ...network, size: 64, width: 4, attributes: ATTRIBUTES })),
    settings: { ...method, batch: 4, seed: 5 },
    ...changes,
  });
}

/** The configuration of a run's model. */
export function configOf({ model }: TrainOptions): ModelConfig {
  return parseConfig(model.config, "a run");
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
