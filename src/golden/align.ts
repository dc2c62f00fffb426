/** Checks the alignment against golden matrices and OpenCV's pixels (align.json). */
import { z } from "zod";
import { similarityFromLandmarks } from "../image/align.js";
import { Pixels } from "../image/pixels.js";
import { loadModule } from "../kernels/module.js";
import { coordinate, Largest, type Quantity } from "./compare.js";
import { photo } from "./formula.js";

const point = z.tuple([z.number(), z.number()]);
const row = z.tuple([z.number(), z.number(), z.number()]);

export const alignSchema = z.object({
  seed: z.number().int().nonnegative(),
  cases: z.array(
    z.object({
      photo: z.string(),
      height: z.number().int().positive(),
      width: z.number().int().positive(),
      size: z.number().int().positive(),
      landmarks: z.array(point).length(5),
      /** Photo -> crop. */
      matrix: z.tuple([row, row]),
      mean: z.number(),
      zeros: z.number().int(),
      /** Flat index into [size, size, 3], and the grey level there. */
      at: z.array(point),
    }),
  ),
});
export type AlignGolden = z.infer<typeof alignSchema>;

/** Both sides compute in float64. The entries reach a thousand pixels. */
const MATRIX_TOLERANCE = 1e-6;
/** In grey levels. OpenCV rounds its coordinates to 1/32 of a pixel. */
const LEVEL_TOLERANCE = 3;
const MEAN_TOLERANCE = 0.1;
/** Share of the black pixels outside the photo that may differ, plus ten pixels on its border. */
const OUTSIDE_TOLERANCE = 0.02;
const OUTSIDE_SLACK = 10 / OUTSIDE_TOLERANCE;

/** Compares the matrix of each case, and the pixels of its warped photo. */
export async function checkAlign(golden: AlignGolden): Promise<Quantity[]> {
  const pixels = new Pixels(await loadModule("image"));
  return golden.cases.flatMap((item) => {
    const { size } = item;
    const matrix = similarityFromLandmarks(item.landmarks, size);
    const entries = new Largest();
    item.matrix.flat().forEach((value, i) => {
      entries.see(matrix[i] - value, coordinate([2, 3], i));
    });

    const { data } = pixels.warp(photo(item.photo, golden.seed, item.height, item.width), matrix, size);
    const levels = new Largest();
    for (const [index, level] of item.at) {
      const received = data[Math.floor(index / 3) * 4 + (index % 3)];
      levels.see(received - level, coordinate([size, size, 3], index));
    }
    let [sum, outside] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
      const total = data[i] + data[i + 1] + data[i + 2];
      sum += total;
      if (total === 0) outside++;
    }
    const mean = Math.abs(sum / (size * size * 3) - item.mean);
    const border = Math.abs(outside - item.zeros) / (item.zeros + OUTSIDE_SLACK);
    const at = `${item.photo}, ${size} px`;
    const named = (group: string, error: number, tolerance: number, where = ""): Quantity => {
      return { group, name: `${group} of ${item.photo}`, error, tolerance, at: `${at}${where}` };
    };
    return [
      named("matrix", entries.error, MATRIX_TOLERANCE, ` ${entries.at}`),
      named("grey levels", levels.error, LEVEL_TOLERANCE, ` ${levels.at}`),
      named("mean grey level", mean, MEAN_TOLERANCE),
      named("black pixels", border, OUTSIDE_TOLERANCE),
    ];
  });
}
