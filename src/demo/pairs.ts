/** Held-out faces of a preprocessed synthetic data set, and pairs of them whose true swap is known. */
import type { FaceDataset } from "../dataset/dataset.js";
import { heldOutFiles } from "../dataset/split.js";
import { readSource } from "../image/source.js";
import { readRecords } from "../preprocess/manifest.js";
import { pairUp } from "../scoring/pairs.js";
import type { SwappableAttribute } from "../synth/attributes.js";
import type { SynthFace } from "../synth/face.js";
import { loadPainter } from "../synth/raster.js";
import { sampleFace } from "../synth/sample.js";
import { type SwapTruth, swapTruth } from "../synth/truth.js";
import type { Affine, RgbaImage } from "../types.js";

export interface HeldOutFace {
  readonly file: string;
  /** The crop made by preprocessing, which is the model's input. */
  readonly crop: RgbaImage;
  readonly face: SynthFace;
  /** Photo -> crop. */
  readonly matrix: Affine;
  readonly has: (attribute: string) => boolean;
}

/** An input, a reference of another person, and the true result of the swap. */
export interface ScoredPair extends SwapTruth {
  readonly attribute: SwappableAttribute;
  /** True if the reference has the attribute (it is added), false if not (it is removed). */
  readonly adding: boolean;
  readonly input: RgbaImage;
  readonly inputFace: HeldOutFace;
  readonly referenceFace: HeldOutFace;
}

/** Reads the faces that training does not see. @param seed of the painter */
export async function loadHeldOut(dataset: FaceDataset, seed: number): Promise<readonly HeldOutFace[]> {
  const records = new Map((await readRecords(dataset.dir)).map((record) => [record.output, record]));
  const table = dataset.attributes;
  if (table === null) throw new Error(`${dataset.dir}: a synthetic data set has attributes`);
  const faces: HeldOutFace[] = [];
  for (const index of heldOutFiles(dataset)) {
    const file = dataset.files[index];
    const record = records.get(file);
    if (record === undefined) throw new Error(`${dataset.dir}: no matrix of ${file}`);
    const crop = await readSource(dataset.picture(index));
    faces.push({
      file,
      crop,
      face: sampleFace(seed, Number.parseInt(record.file, 10) - 1), // photos are numbered from 1
      matrix: record.matrix,
      has: (attribute) => table.values[index * table.names.length + table.names.indexOf(attribute)] === 1,
    });
  }
  return faces;
}

/**
 * Pairs in the order of the files, with each input once. With `adding`, inputs lack the attribute and references have
 * it. Pairs whose true result is the input itself are left out.
 */
export async function choosePairs(
  faces: readonly HeldOutFace[],
  attribute: SwappableAttribute,
  adding: boolean,
  count: number,
): Promise<readonly ScoredPair[]> {
  await loadPainter();
  const pairs: ScoredPair[] = [];
  for (const [inputFace, referenceFace] of pairUp(faces, (face) => face.has(attribute), adding)) {
    if (pairs.length === count) break;
    const { matrix, crop, face } = inputFace;
    const truth = swapTruth(face, referenceFace.face, attribute, { matrix, size: crop.width });
    if (!truth.mask.includes(1)) continue;
    pairs.push({ ...truth, attribute, adding, input: crop, inputFace, referenceFace });
  }
  return pairs;
}

/** The sum over pairs of the difference between true result and input: mean absolute difference in grey levels. */
export function changeOf(pairs: readonly ScoredPair[]): number {
  return pairs.reduce((sum, { input, truth }) => {
    let difference = 0;
    for (let i = 0; i < truth.data.length; i++) difference += Math.abs(truth.data[i] - input.data[i]);
    return sum + difference / truth.data.length;
  }, 0);
}

/** The pair whose true result differs most from its input, on which an edit is most visible. */
export function strongest(pairs: readonly ScoredPair[]): ScoredPair {
  return pairs.reduce((best, pair) => (changeOf([pair]) > changeOf([best]) ? pair : best));
}
