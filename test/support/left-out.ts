/** Training data with images that cannot be read, and what a run says of them. */
import { writeFile } from "node:fs/promises";
import type { FaceDataset } from "../../src/dataset/dataset.js";
import { createPairSampler } from "../../src/training/pairs.js";
import { ATTRIBUTES } from "./run.js";

export const STEPS = 6;

/** Number of images: 208 of them are for training, of which two may be left out. */
export const FACES = 260;

export const damage = (dataset: FaceDataset, file: number): Promise<void> =>
  writeFile(dataset.picture(file).path, "not a picture");

/** Returns the position of an image of a step's update, with seed 5 as in tinyRun(). */
export function pictureOf(dataset: FaceDataset, step: number, attribute: number, slot = 0): number {
  const { positive, negative } = createPairSampler(dataset, ATTRIBUTES, { batch: 2, seed: 5 }).pairs(step, attribute);
  return [...positive, ...negative][slot];
}
