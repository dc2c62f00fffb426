/** Trains a labeller on a labelled data set: network, calibration and accuracy. */
import type { FaceDataset } from "../dataset/dataset.js";
import { OPEN } from "../dataset/lists.js";
import { describeMismatch, InputError } from "../errors.js";
import type { NamedTensors } from "../interop/safetensors.js";
import { disposeParameters } from "../nn/parameters.js";
import type { ClassifierShape } from "../scoring/classifier.js";
import { downloadClassifier, uploadClassifier } from "../scoring/classifier-file.js";
import { FEWEST_OF_SIDE } from "../scoring/judge.js";
import { labelsOf, splitFiles, spread } from "../scoring/pairs.js";
import { loadPictures, type Pictures } from "../scoring/pictures.js";
import type { OnProgress } from "../types.js";
import { accuracyByConfidence, accuracyOf } from "./accuracy.js";
import { type Calibration, calibrate, probability } from "./calibration.js";
import { asStored, type LabellerFile } from "./labeller-file.js";
import { answersForLevels } from "./predict.js";
import { labellerUpdates, trainLabeller } from "./training.js";

/** From 64 to 32, 16, 16, 8 and 4 pixels. */
export const LABELLER: ClassifierShape = {
  size: 64,
  layers: [
    { channels: 24, stride: 2 },
    { channels: 48, stride: 2 },
    { channels: 96, stride: 1 },
    { channels: 96, stride: 2 },
    { channels: 128, stride: 2 },
  ],
};
/** Largest number of images in memory: 800 MB. */
const MOST_IMAGES = 65_536;
/** One of so many training images is for the calibration. */
const CALIBRATION_EVERY = 10;

/** The images of a training by their positions in the data set's files. */
interface Split {
  readonly training: readonly number[];
  readonly calibration: readonly number[];
  readonly heldOut: readonly number[];
}

function splitForLabeller(dataset: FaceDataset): Split {
  const { training, heldOut } = splitFiles(dataset);
  const all = spread(training, MOST_IMAGES);
  const isCalibrated = (i: number): boolean => i % CALIBRATION_EVERY === CALIBRATION_EVERY - 1;
  return {
    training: all.filter((_, i) => !isCalibrated(i)),
    calibration: all.filter((_, i) => isCalibrated(i)),
    heldOut: spread(heldOut, MOST_IMAGES),
  };
}

/** Numbers of training images with and without an attribute. */
interface Sides {
  readonly name: string;
  readonly having: number;
  readonly lacking: number;
}

function countSides(dataset: FaceDataset, files: readonly number[]): readonly Sides[] {
  const { names, values } = dataset.attributes as NonNullable<FaceDataset["attributes"]>;
  return names.map((name, column) => {
    const count = (value: number): number =>
      files.filter((file) => values[file * names.length + column] === value).length;
    return { name, having: count(1), lacking: count(0) };
  });
}

/** Which attributes can be learned, and which have too few training images on one side. */
export interface Learnable {
  readonly attributes: readonly string[];
  readonly left: readonly string[];
}

/** @throws InputError if the data set has no list, or too few images with and without every attribute */
export function findLearnable(dataset: FaceDataset): Learnable {
  if (dataset.attributes === null) {
    const remedy = "Put a list of labels next to the pictures.";
    throw new InputError(describeMismatch(dataset.dir, "list_attr_celeba.txt", "no such file", remedy));
  }
  const sides = countSides(dataset, splitForLabeller(dataset).training);
  const isLearnable = ({ having, lacking }: Sides): boolean => Math.min(having, lacking) >= FEWEST_OF_SIDE;
  const attributes = sides.filter(isLearnable).map(({ name }) => name);
  if (attributes.length > 0) return { attributes, left: sides.flatMap((s) => (isLearnable(s) ? [] : [s.name])) };
  const expected = `an attribute that at least ${FEWEST_OF_SIDE} training pictures have and ${FEWEST_OF_SIDE} lack`;
  throw new InputError(describeMismatch(dataset.dir, expected, "none", "Label more pictures."));
}

export interface LearnOptions {
  readonly attributes: readonly string[];
  readonly shape: ClassifierShape;
  readonly seed: number;
  readonly passes: number;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
  readonly warn: (line: string) => void;
}

/** The more frequent label of each attribute: 1 or 0. */
function usualLabels(labels: Int8Array, attributes: number): readonly number[] {
  return Array.from({ length: attributes }, (_, a) => {
    let balance = 0;
    for (let at = a; at < labels.length; at += attributes) {
      if (labels[at] !== OPEN) balance += labels[at] === 1 ? 1 : -1;
    }
    return balance > 0 ? 1 : 0;
  });
}

const columnOf = (values: ArrayLike<number>, column: number, columns: number): number[] =>
  Array.from({ length: values.length / columns }, (_, row) => values[row * columns + column]);

/**
 * Probabilities of all answers.
 * @param answers [n, attributes]
 */
export function probabilitiesOf(answers: Float32Array, calibrations: readonly Calibration[]): Float64Array {
  return Float64Array.from(answers, (answer, at) => probability(calibrations[at % calibrations.length], answer));
}

/**
 * Trains on the current device. All numbers are those of the network as its file has it, in float16.
 * @throws InputError if images are missing or too many cannot be read; the signal's reason after an abort
 */
export async function learnLabels(dataset: FaceDataset, options: LearnOptions): Promise<LabellerFile> {
  const { attributes, shape, seed, passes, workers, signal, onProgress, warn } = options;
  const split = splitForLabeller(dataset);
  const load = async (files: readonly number[], stage: string): Promise<Pictures> => {
    const pictures = await loadPictures(dataset, files, { size: shape.size, workers, stage, onProgress });
    signal.throwIfAborted();
    const { unreadable } = pictures;
    if (unreadable.length > 0) warn(`${unreadable.length} pictures are left out, such as ${unreadable[0]}`);
    return pictures;
  };
  const labels = (pictures: Pictures): Int8Array => labelsOf(dataset, pictures.files, attributes);
  const count = attributes.length;

  const learned = await load(split.training, "read");
  const usual = usualLabels(labels(learned), count);
  const data = { levels: learned.levels, labels: labels(learned), attributes: count };
  const trained = await trainLabeller(data, { shape, seed, passes, signal, onProgress });
  const tensors: NamedTensors = asStored(await downloadClassifier(trained));
  disposeParameters(trained);

  const parameters = uploadClassifier(shape, tensors, count);
  if (parameters === null) throw new Error("labeller: the tensors do not fit the network");
  try {
    const fitted = await load(split.calibration, "calibrate");
    const answers = await answersForLevels(shape, parameters, fitted.levels);
    const calibrations = attributes.map((_, a) =>
      calibrate(columnOf(answers, a, count), columnOf(labels(fitted), a, count)),
    );
    const tested = await load(split.heldOut, "test");
    const found = probabilitiesOf(await answersForLevels(shape, parameters, tested.levels), calibrations);
    const accuracy = accuracyOf(found, labels(tested), usual);
    return {
      tensors,
      record: {
        ...{ shape, seed, passes, updates: labellerUpdates(learned.files.length, passes) },
        training: learned.files.length,
        calibration: fitted.files.length,
        heldOut: tested.files.length,
        attributes: attributes.map((name, a) => ({ name, ...calibrations[a], ...accuracy[a] })),
        confidences: [...accuracyByConfidence(found, labels(tested))],
      },
    };
  } finally {
    disposeParameters(parameters);
  }
}
