/**
 * Painted data sets, whose true results are known. They are recognised by the record that `elegant synth` writes next
 * to its photos.
 */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { FaceDataset } from "../dataset/dataset.js";
import { composeAffine } from "../image/align.js";
import { parseJson } from "../json.js";
import { type FinishedCrop, MANIFEST, readAllRecords, readManifest } from "../preprocess/manifest.js";
import { SWAPPABLE_ATTRIBUTES, type SwappableAttribute } from "../synth/attributes.js";
import type { SynthFace } from "../synth/face.js";
import { loadPainter } from "../synth/raster.js";
import { sampleFace } from "../synth/sample.js";
import { type SwapTruth, swapTruth } from "../synth/truth.js";
import { SYNTH_VERSION } from "../synth/write.js";
import type { Affine } from "../types.js";

const RECORD = "synth.json";
const recordSchema = z.object({ generator: z.literal("elegant synth"), version: z.number(), seed: z.number() });

/** A painted face, and the matrix from the photo to the crop. */
export interface PaintedFace {
  readonly face: SynthFace;
  readonly matrix: Affine;
}

export class PaintedFaces {
  constructor(
    /** Seed of the painter. */
    readonly seed: number,
    private readonly records: ReadonlyMap<string, FinishedCrop>,
    /** Side of the crops in pixels. */
    private readonly size: number,
  ) {}

  /** The face of a file of the data set; null for a file that preprocessing did not record. */
  face(file: string): PaintedFace | null {
    const record = this.records.get(file);
    if (record === undefined) return null;
    const index = Number.parseInt(record.file, 10) - 1; // photos are numbered from 1
    return { face: sampleFace(this.seed, index), matrix: record.matrix };
  }

  /**
   * The result of an ideal swap into `input`; null for an attribute that is not painted, and for a file without a
   * record. The mask is empty if the true result is the input itself.
   * @param size side of the compared images in pixels
   */
  truth(input: string, reference: string, attribute: string, size: number): SwapTruth | null {
    const [own, other] = [this.face(input), this.face(reference)];
    if (own === null || other === null || !isSwappable(attribute)) return null;
    const matrix = scaled(own.matrix, size / this.size);
    return swapTruth(own.face, other.face, attribute, { matrix, size });
  }
}

function isSwappable(attribute: string): attribute is SwappableAttribute {
  return (SWAPPABLE_ATTRIBUTES as readonly string[]).includes(attribute);
}

/** The matrix to a crop `scale` times as large. Pixels are areas here, so their centres are at half a pixel. */
function scaled(matrix: Affine, scale: number): Affine {
  if (scale === 1) return matrix;
  const shift = (scale - 1) / 2;
  return composeAffine([scale, 0, shift, 0, scale, shift], matrix);
}

/** The painter's seed of a preprocessed data set; null if its photos were not painted, or if their record is missing. */
async function findSeed(images: string): Promise<{ readonly seed: number; readonly version: number } | null> {
  const text = await readFile(join(dirname(images), RECORD), "utf8").catch(() => null);
  return text === null ? null : parseJson(recordSchema, text);
}

/**
 * Checks whether a data set was made by `elegant preprocess` from photos of `elegant synth`. Both folders must still be
 * in their places: the crops' manifest names the photos' folder, and the record with the seed is next to it.
 * @returns null if it was not
 */
export async function findPainted(dataset: FaceDataset): Promise<PaintedFaces | null> {
  const manifest = await readManifest(join(dataset.dir, MANIFEST)).catch(() => null);
  if (manifest === null) return null;
  const found = await findSeed(manifest.options.images);
  // Another version of the painter painted other faces with the same seed.
  if (found === null || found.version !== SYNTH_VERSION) return null;
  const records = new Map((await readAllRecords(dataset.dir)).map((record) => [record.output, record]));
  await loadPainter();
  return new PaintedFaces(found.seed, records, manifest.options.size);
}
