/** A command's options as a job of the planner, as the command itself reads them. */
import type { Job } from "../planner/jobs/job.js";
import type { FidCommand } from "./fid.js";
import type { PreprocessCommand } from "./preprocess.js";
import type { SwapCommand } from "./swap.js";
import type { TrainCommand } from "./train.js";
import { chooseMethod } from "./train-method.js";

export const openPreprocess = async (
  [source]: readonly string[],
  options: PreprocessCommand,
): Promise<Job<unknown>> => {
  const { preprocessJob } = await import("../planner/jobs/preprocess.js");
  const { size, images, format, quality, crop = null, limit = null, workers } = options;
  const { maxPixels, tolerant, landmarkFrame } = options;
  const wanted = { size, images, format, quality, crop, limit, maxPixels, tolerant, landmarkFrame };
  return (await preprocessJob(source, workers, wanted)) as Job<unknown>;
};

export const openTrain = async ([data]: readonly string[], options: TrainCommand): Promise<Job<unknown>> => {
  const [{ openDataset }, { createConfig }, { trainJob }, { chooseBatch }] = await Promise.all([
    import("../dataset/dataset.js"),
    import("../model/config.js"),
    import("../planner/jobs/train.js"),
    import("../training/batch-choice.js"),
  ]);
  const { size, width, attributes, seed, learningRate, workers, images, resume, out } = options;
  const { network, method } = chooseMethod(options);
  const config = createConfig({ ...network, size: Number(size), width, attributes });
  const dataset = await openDataset(data, images);
  const { batch } = await chooseBatch(options.batch, dataset, config.attributes, resume ? out : null);
  return (await trainJob(dataset, config, { ...method, batch, seed, learningRate }, workers)) as Job<unknown>;
};

export const openSwap = async (_: readonly string[], options: SwapCommand): Promise<Job<unknown>> => {
  const { pairReferences } = await import("./swap.js");
  const { swapJob } = await import("../planner/jobs/swap.js");
  const reference = pairReferences(options.attribute, options.reference);
  return (await swapJob({ ...options, reference })) as Job<unknown>;
};

export const openFid = async (names: readonly string[], options: FidCommand): Promise<Job<unknown>> => {
  const { fidJob } = await import("../planner/jobs/fid.js");
  return (await fidJob(names, options)) as Job<unknown>;
};
