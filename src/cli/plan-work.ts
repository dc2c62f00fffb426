/** The work of a command line, for `elegant plan`: opened as the command itself opens it, with its device. */
import type { Device } from "../device/device.js";
import type { InceptionDims } from "../metrics/inception.js";
import type { Work } from "../planner/work/work.js";
import type { CommandContext } from "./command.js";
import { openDeviceFor } from "./device.js";
import { type FidCommand, openFidDevice } from "./fid-options.js";
import { expandInputs } from "./inputs.js";
import { choiceOfBatches } from "./planned.js";
import { chooseFaceSource, type PreprocessCommand } from "./preprocess.js";
import type { SwapCommand } from "./swap-options.js";
import { chooseTraining, type TrainCommand } from "./train.js";

export interface OpenedWork {
  readonly work: Work;
  /** The batches among which a plan of the command would choose. */
  readonly batches: readonly number[];
  /** Null if the work has no model. */
  readonly device: Device | null;
  close(): Promise<void>;
}

/** Opens the work of a command. @param isRequested whether the user gave an option */
export type OpenWork<Options> = (
  args: readonly string[],
  options: Options,
  context: CommandContext,
  isRequested: (option: string) => boolean,
) => Promise<OpenedWork>;

/** The work on a device, both of which are closed together; the device also if the work does not open. */
async function onDevice(
  device: Device,
  open: () => Promise<Pick<OpenedWork, "work" | "batches"> & { readonly dispose: () => void }>,
): Promise<OpenedWork> {
  try {
    const { dispose, ...opened } = await open();
    const close = async (): Promise<void> => {
      dispose();
      await device.close();
    };
    return { ...opened, device, close };
  } catch (error) {
    await device.close();
    throw error;
  }
}

export const openPreprocess: OpenWork<PreprocessCommand> = async ([source], options) => {
  const { checkVariant, planPreprocess } = await import("../preprocess/plan.js");
  const { preprocessWork } = await import("../planner/work/preprocess.js");
  const { size, images, format, quality, crop = null, limit = null } = options;
  const { maxPixels, tolerant, landmarkFrame } = options;
  const read = { maxPixels, tolerant, landmarkFrame };
  const wanted = { size, images, format, quality, crop, limit, ...read, ...chooseFaceSource(options) };
  const plan = await planPreprocess(source, wanted);
  checkVariant(plan);
  const work = preprocessWork(plan, wanted);
  return { work, batches: work.batches, device: null, close: async () => {} };
};

export const openTrain: OpenWork<TrainCommand> = async ([data], options, context) => {
  const { openDataset } = await import("../dataset/dataset.js");
  const { trainWork } = await import("../planner/work/train.js");
  const { chooseBatch } = await import("../training/batch-choice.js");
  const { createPairSampler } = await import("../training/pairs.js");
  const { seed, images, resume, out } = options;
  const chosen = await chooseTraining(options);
  const { model, publishedBatch } = chosen;
  const resumed = resume ? out : null;
  const { attributes } = model.config;
  const dataset = await openDataset(data, images);
  const { flip, joint } = model.training({ ...chosen.method, seed, batch: 1, dataset: "" }, "plan");
  const { batch } = await chooseBatch(chosen.batch, dataset, attributes, joint, resumed, publishedBatch);
  const method = { ...chosen.method, batch, seed };
  createPairSampler(dataset, attributes, { batch, seed, flip, joint }); // refuses data without enough images
  const device = await openDeviceFor(({ updateTrial }) => updateTrial(model, method), options, context);
  return onDevice(device, async () => {
    const work = trainWork(dataset, model, method);
    return { work, batches: work.batches, dispose: () => {} };
  });
};

export const openSwap: OpenWork<SwapCommand> = async (_, options, context) => {
  const { pairReferences } = await import("./swap-options.js");
  const { swapWork } = await import("../planner/work/swap.js");
  const { PICTURES_AT_ONCE } = await import("../editing/faces.js");
  const { readModel } = await import("../models/open.js");
  const { uploadGenerator } = await import("../models/generator.js");
  const { expectExemplar } = await import("./editing.js");
  const { attribute, model } = options;
  const reference = pairReferences(attribute, options.reference);
  const input = await expandInputs(options.input);
  const found = await readModel(model);
  await expectExemplar(found, attribute);
  const device = await openDeviceFor(({ editTrial }) => editTrial(model, input.length), options, context);
  return onDevice(device, async () => {
    const generator = uploadGenerator(found);
    const work = swapWork(generator, { model, attribute, input, reference });
    const batches = choiceOfBatches(work.batches, PICTURES_AT_ONCE, device, false);
    return { work, batches, dispose: () => generator.dispose() };
  });
};

/** @throws InputError if no name is a folder: features and statistics need no plan */
export const openFid: OpenWork<FidCommand> = async (names, options, context, isRequested) => {
  const { describeMismatch, InputError } = await import("../errors.js");
  const { areFolders } = await import("../metrics/fid-inputs.js");
  const { openExtractor } = await import("../metrics/extractors.js");
  const { fidWork } = await import("../planner/work/fid.js");
  const isFolder = await areFolders(names);
  const folders = names.filter((_, i) => isFolder[i]);
  if (folders.length === 0) {
    const remedy = "There is nothing to plan for features and statistics: run 'elegant fid' itself.";
    throw new InputError(describeMismatch(names.join(" and "), "a folder of images", "files", remedy));
  }
  const device = await openFidDevice(options, context);
  return onDevice(device, async () => {
    const { features, dims, weights, seed, batch } = options;
    const network = await openExtractor(features, Number(dims) as InceptionDims, weights, seed);
    const work = fidWork(folders, network, options);
    const batches = choiceOfBatches(work.batches, batch, device, isRequested("batch"));
    return { work, batches, dispose: () => network.dispose() };
  });
};
