/** What edits by label take from a labelled data set: references, and the labels of other faces. */
import type { FaceDataset } from "../dataset/dataset.js";
import { describeMismatch, InputError } from "../errors.js";
import { checkSquare } from "../image/photo.js";
import { nameOf } from "../image/picture-source.js";
import { readSource } from "../image/source.js";
import { Random } from "../random.js";
import type { RgbaImage } from "../types.js";
import { FEWEST_OF_SIDE, Judge, type JudgeOptions, lackingAttribute } from "./judge.js";
import { labelsOf, splitFiles } from "./pairs.js";

export interface DrawnReference {
  /** Its name in the data set. */
  readonly file: string;
  readonly picture: RgbaImage;
}

/**
 * Draws an image with a value of an attribute: one of the held-out images, or one of the training images if no held-out
 * one has the value. It depends only on the data set, the seed, the attribute and the value.
 * @throws InputError if no image has the value, the list does not have the attribute, or the image cannot be read
 */
export async function drawReference(
  dataset: FaceDataset,
  attribute: string,
  value: 0 | 1,
  seed: number,
): Promise<DrawnReference> {
  const { heldOut, training } = splitFiles(dataset);
  const having = (files: readonly number[]): readonly number[] => {
    const labels = labelsOf(dataset, files, [attribute]);
    return files.filter((_, row) => labels[row] === value);
  };
  const held = having(heldOut);
  const candidates = held.length > 0 ? held : having(training);
  if (candidates.length === 0) {
    const expected = `an image ${value === 1 ? "with" : "without"} ${attribute}`;
    const remedy = "Use other data, or name a face with --reference.";
    throw new InputError(describeMismatch(`--data ${dataset.dir}`, expected, "none", remedy));
  }
  const index = Random.fromSeed(seed, `edit/${attribute}=${value}`).pick(candidates);
  const source = dataset.picture(index);
  const picture = await readSource(source);
  checkSquare(picture, nameOf(source));
  return { file: dataset.files[index], picture };
}

/**
 * Checks without a device that decideLabels() can train its classifier.
 * @throws InputError if the data set has no labels, lacks an attribute or has too few images on one of its sides
 */
export function expectLearnable(dataset: FaceDataset, attributes: readonly string[]): void {
  const lacking = lackingAttribute(dataset, attributes);
  if (lacking === null) return;
  const expected = `${FEWEST_OF_SIDE} training images with and ${FEWEST_OF_SIDE} without ${lacking} for the classifier`;
  const remedy = "Use other data, or give the labels with --labels.";
  throw new InputError(describeMismatch(`--data ${dataset.dir}`, expected, "fewer", remedy));
}

export interface DecidedLabels {
  /** 0 or 1 for each attribute: [pictures][attributes] */
  readonly labels: readonly (readonly number[])[];
  /** Path of the classifier. */
  readonly classifier: string;
}

/**
 * Decides the labels of faces with the classifier of `elegant score`, on the current device. It is trained on the data
 * set the first time.
 * @param pictures faces of any size
 * @throws InputError if the data set does not have enough images on both sides of an attribute
 */
export async function decideLabels(pictures: readonly RgbaImage[], options: JudgeOptions): Promise<DecidedLabels> {
  const { dataset, attributes } = options;
  expectLearnable(dataset, attributes);
  const judge = await Judge.open(options);
  if (judge === null) throw new Error("labels: no classifier");
  try {
    const decided = await judge.decide(pictures);
    const labels = pictures.map((_, i) => [...decided.slice(i * attributes.length, (i + 1) * attributes.length)]);
    return { labels, classifier: judge.path };
  } finally {
    judge.dispose();
  }
}
