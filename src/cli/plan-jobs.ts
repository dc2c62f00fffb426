/** A command's options as a job of the planner, as the command itself reads them. */

import type { Device } from "../device/device.js";
import type { Job } from "../planner/jobs/job.js";
import type { FidCommand } from "./fid.js";
import { expandInputs } from "./inputs.js";
import { choiceOfBatches } from "./planned.js";
import type { PreprocessCommand } from "./preprocess.js";
import type { SwapCommand } from "./swap.js";
import type { TrainCommand } from "./train.js";
import { chooseMethod } from "./train-method.js";

export interface OpenedJob {
  readonly job: Job<unknown>;
  /** Those that the command would let a plan choose among. */
  readonly batches: readonly number[];
}

/** Where a job is opened, and how. */
export interface JobPlace {
  readonly device: Device | null;
  /** Whether the user gave an option. */
  readonly isAskedFor: (option: string) => boolean;
}

const withItsBatches = (job: unknown): OpenedJob => {
  const opened = job as Job<unknown>;
  return { job: opened, batches: opened.batches };
};

export const openPreprocess = async ([source]: readonly string[], options: PreprocessCommand): Promise<OpenedJob> => {
  const { preprocessJob } = await import("../planner/jobs/preprocess.js");
  const { size, images, format, quality, crop = null, limit = null, workers } = options;
  const { maxPixels, tolerant, landmarkFrame } = options;
  const wanted = { size, images, format, quality, crop, limit, maxPixels, tolerant, landmarkFrame };
  return withItsBatches(await preprocessJob(source, workers, wanted));
};

export const openTrain = async ([data]: readonly string[], options: TrainCommand): Promise<OpenedJob> => {
  const [{ openDataset }, { createConfig }, { elegantModel }, { trainJob }, { chooseBatch }] = await Promise.all([
    import("../dataset/dataset.js"),
    import("../methods/elegant/config.js"),
    import("../methods/elegant/model.js"),
    import("../planner/jobs/train.js"),
    import("../training/batch-choice.js"),
  ]);
  const { size, width, attributes, seed, workers, images, resume, out } = options;
  const { network, method } = chooseMethod(options);
  const config = createConfig({ ...network, size: Number(size), width, attributes });
  const dataset = await openDataset(data, images);
  const { batch } = await chooseBatch(options.batch, dataset, config.attributes, method.joint, resume ? out : null);
  return withItsBatches(await trainJob(dataset, elegantModel(config), { ...method, batch, seed }, workers));
};

export const openSwap = async (
  _: readonly string[],
  options: SwapCommand,
  { device }: JobPlace,
): Promise<OpenedJob> => {
  const { pairReferences } = await import("./swap.js");
  const { swapJob } = await import("../planner/jobs/swap.js");
  const { PICTURES_AT_ONCE } = await import("../editing/faces.js");
  const reference = pairReferences(options.attribute, options.reference);
  const input = await expandInputs(options.input);
  const job = await swapJob({ ...options, input, reference });
  return { job: job as Job<unknown>, batches: choiceOfBatches(job.batches, PICTURES_AT_ONCE, device, false) };
};

export const openFid = async (
  names: readonly string[],
  options: FidCommand,
  { device, isAskedFor }: JobPlace,
): Promise<OpenedJob> => {
  const { fidJob } = await import("../planner/jobs/fid.js");
  const job = await fidJob(names, options);
  const batches = choiceOfBatches(job.batches, options.batch, device, isAskedFor("batch"));
  return { job: job as Job<unknown>, batches };
};
