/** The work of a command line, for `elegant plan`: opened as the command itself opens it. */
import type { Device } from "../device/device.js";
import type { InceptionDims } from "../metrics/inception.js";
import type { Work } from "../planner/work/work.js";
import type { FidCommand } from "./fid.js";
import { expandInputs } from "./inputs.js";
import { choiceOfBatches } from "./planned.js";
import type { PreprocessCommand } from "./preprocess.js";
import type { SwapCommand } from "./swap.js";
import type { TrainCommand } from "./train.js";
import { chooseMethod } from "./train-method.js";

export interface OpenedWork {
  readonly work: Work;
  /** The batches among which a plan of the command would choose. */
  readonly batches: readonly number[];
  /** Frees what is on the device. */
  close(): void;
}

export interface WorkPlace {
  readonly device: Device | null;
  /** Whether the user gave an option. */
  readonly isRequested: (option: string) => boolean;
}

export async function openPreprocess([source]: readonly string[], options: PreprocessCommand): Promise<OpenedWork> {
  const [{ checkVariant, planPreprocess }, { preprocessWork }] = await Promise.all([
    import("../preprocess/plan.js"),
    import("../planner/work/preprocess.js"),
  ]);
  const { size, images, format, quality, crop = null, limit = null } = options;
  const { maxPixels, tolerant, landmarkFrame } = options;
  const wanted = { size, images, format, quality, crop, limit, maxPixels, tolerant, landmarkFrame };
  const plan = await planPreprocess(source, wanted);
  checkVariant(plan);
  const work = preprocessWork(plan, wanted);
  return { work, batches: work.batches, close: () => {} };
}

export async function openTrain([data]: readonly string[], options: TrainCommand): Promise<OpenedWork> {
  const [{ openDataset }, { createConfig }, { trainWork }, { chooseBatch }, { createPairSampler }] = await Promise.all([
    import("../dataset/dataset.js"),
    import("../methods/elegant/config.js"),
    import("../planner/work/train.js"),
    import("../training/batch-choice.js"),
    import("../training/pairs.js"),
  ]);
  const { size, width, attributes, seed, images, resume, out } = options;
  const { network, method } = chooseMethod(options);
  const config = createConfig({ ...network, size: Number(size), width, attributes });
  const dataset = await openDataset(data, images);
  const { batch } = await chooseBatch(options.batch, dataset, config.attributes, method.joint, resume ? out : null);
  createPairSampler(dataset, config.attributes, { ...method, batch, seed }); // refuses data without enough images
  const work = trainWork(dataset, config, { ...method, batch, seed });
  return { work, batches: work.batches, close: () => {} };
}

export async function openSwap(_: readonly string[], options: SwapCommand, { device }: WorkPlace): Promise<OpenedWork> {
  const [{ pairReferences }, { swapWork }, { PICTURES_AT_ONCE }, { openGenerator }, { attributeIndex }] =
    await Promise.all([
      import("./swap.js"),
      import("../planner/work/swap.js"),
      import("../editing/faces.js"),
      import("../models/open.js"),
      import("../methods/elegant/config.js"),
    ]);
  const reference = pairReferences(options.attribute, options.reference);
  const input = await expandInputs(options.input);
  const generator = await openGenerator(options.model);
  for (const name of options.attribute) attributeIndex(generator.config, name);
  const work = swapWork(generator, { ...options, input, reference });
  const batches = choiceOfBatches(work.batches, PICTURES_AT_ONCE, device, false);
  return { work, batches, close: () => generator.dispose() };
}

/** @throws InputError if no name is a folder: features and statistics need no plan */
export async function openFid(
  names: readonly string[],
  options: FidCommand,
  { device, isRequested }: WorkPlace,
): Promise<OpenedWork> {
  const [{ describeMismatch, InputError }, { areFolders }, { openExtractor }, { fidWork }] = await Promise.all([
    import("../errors.js"),
    import("../metrics/fid-inputs.js"),
    import("../metrics/extractors.js"),
    import("../planner/work/fid.js"),
  ]);
  const isFolder = await areFolders(names);
  const folders = names.filter((_, i) => isFolder[i]);
  if (folders.length === 0) {
    const remedy = "There is nothing to plan for features and statistics: run 'elegant fid' itself.";
    throw new InputError(describeMismatch(names.join(" and "), "a folder of images", "files", remedy));
  }
  const { features, dims, weights, seed } = options;
  const network = await openExtractor(features, Number(dims) as InceptionDims, weights, seed);
  const work = fidWork(folders, network, options);
  const batches = choiceOfBatches(work.batches, options.batch, device, isRequested("batch"));
  return { work, batches, close: () => network.dispose() };
}
