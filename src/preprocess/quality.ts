/**
 * Measures of a face that help to choose training data: sharpness, exposure, and how far the head is turned. All are
 * pure functions of pixels or landmarks.
 */
import { invertAffine, similarityFromLandmarks, transformPoint } from "../image/align.js";
import type { Pixels } from "../image/pixels.js";
import { warpReduced } from "../image/reduce.js";
import type { Affine, FivePoints, RgbaImage } from "../types.js";

/** Side in pixels of the crop that is measured, whatever --size is, so that values compare across data sets. */
export const MEASURED_SIDE = 128;
/** Luma below or above which a pixel counts as clipped. */
const DARKEST = 5;
const BRIGHTEST = 250;

/** `value` with so many digits after the point, as it is stored. Never -0. */
export function rounded(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale + 0;
}

export interface Measures {
  /** Variance of the Laplacian of luma (0 to 255). Blurred faces have low values. */
  readonly sharpness: number;
  /** Mean luma, 0 (black) to 1 (white). */
  readonly exposure: number;
  /** Share of the pixels with a luma below 5 or above 250, 0 to 1. */
  readonly clipped: number;
}

/** Rec. 601 luma, 0 to 255, [height, width]. */
function lumaOf({ width, height, data }: RgbaImage): Float64Array {
  const luma = new Float64Array(width * height);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 0.299 * data[i * 4] + 0.587 * data[i * 4 + 1] + 0.114 * data[i * 4 + 2];
  }
  return luma;
}

/**
 * Measures an aligned face. The Laplacian has four neighbours.
 * @param shown whether each pixel shows the photo, 0 or 1, [height, width]. The rest is black, with an edge that would
 *   look sharp, so it is left out.
 */
export function measure(crop: RgbaImage, shown: Uint8Array): Measures {
  const { width, height } = crop;
  const luma = lumaOf(crop);
  let [pixels, total, clipped] = [0, 0, 0];
  for (const [at, value] of luma.entries()) {
    if (shown[at] === 0) continue;
    pixels++;
    total += value;
    if (value < DARKEST || value > BRIGHTEST) clipped++;
  }
  let [inner, sum, squares] = [0, 0, 0];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      if ((shown[at] & shown[at - width] & shown[at + width] & shown[at - 1] & shown[at + 1]) === 0) continue;
      const value = luma[at - width] + luma[at + width] + luma[at - 1] + luma[at + 1] - 4 * luma[at];
      inner++;
      sum += value;
      squares += value * value;
    }
  }
  return {
    sharpness: inner === 0 ? 0 : rounded(squares / inner - (sum / inner) ** 2, 2),
    exposure: pixels === 0 ? 0 : rounded(total / pixels / 255, 4),
    clipped: pixels === 0 ? 0 : rounded(clipped / pixels, 4),
  };
}

/** Which pixels of a square crop show the photo, without those that mix with what is outside of it. */
function shownPixels({ width, height }: RgbaImage, matrix: Affine, side: number): Uint8Array {
  const inverse = invertAffine(matrix);
  const margin = Math.hypot(inverse[0], inverse[3]); // the side of a crop's pixel, in pixels of the photo
  const shown = new Uint8Array(side * side);
  for (let at = 0; at < shown.length; at++) {
    const [x, y] = transformPoint(inverse, at % side, Math.floor(at / side));
    const isInside = x >= margin && y >= margin && x <= width - 1 - margin && y <= height - 1 - margin;
    shown[at] = isInside ? 1 : 0;
  }
  return shown;
}

/** Measures a face of a photo in an aligned crop of 128 px. */
export function measureFace(pixels: Pixels, photo: RgbaImage, points: FivePoints): Measures {
  const matrix = similarityFromLandmarks(points, MEASURED_SIDE);
  const crop = warpReduced(pixels, photo, matrix, MEASURED_SIDE);
  return measure(crop, shownPixels(photo, matrix, MEASURED_SIDE));
}

/**
 * How far a head is turned, in degrees: `roll` is the slope of the line between the eyes, positive if the head leans
 * clockwise in the photo; `yaw` is atan(2 (t - 1/2)), where t is the nose's position along that line, 0 at the left eye
 * and 1 at the right one. It assumes that the nose stands out by half of the distance between the eyes, and is positive
 * for a face that looks to the right side of the photo.
 */
export function anglesOf([left, right, nose]: FivePoints): { readonly yaw: number; readonly roll: number } {
  const [ex, ey] = [right[0] - left[0], right[1] - left[1]];
  const t = (ex * (nose[0] - left[0]) + ey * (nose[1] - left[1])) / (ex * ex + ey * ey);
  const degrees = (radians: number): number => rounded((radians * 180) / Math.PI, 2);
  return { yaw: degrees(Math.atan(2 * (t - 0.5))), roll: degrees(Math.atan2(ey, ex)) };
}
