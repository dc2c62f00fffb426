/** Warps that shrink an image a lot. Bilinear sampling alone would skip pixels. */
import type { Affine, Rectangle, RgbaImage } from "../types.js";
import { composeAffine, invertAffine, transformPoint } from "./align.js";
import type { Pixels } from "./pixels.js";

/**
 * Smallest scale for bilinear sampling alone, which still sees every pixel. Preprocessing always uses it, so its crops
 * stay bit-identical.
 */
const LEAST_SCALE = 0.5;

/**
 * The rectangle of whole pixels of an image that a target of `width` x `height` shows, with a margin; null if it shows
 * none.
 */
export function shownPart(
  image: { readonly width: number; readonly height: number },
  matrix: Affine,
  [width, height]: readonly [number, number],
  margin: number,
): Rectangle | null {
  const inverse = invertAffine(matrix);
  const corners = [
    [0, 0],
    [width, 0],
    [0, height],
    [width, height],
  ].map(([x, y]) => transformPoint(inverse, x, y));
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const left = Math.max(0, Math.floor(Math.min(...xs)) - margin);
  const top = Math.max(0, Math.floor(Math.min(...ys)) - margin);
  const right = Math.min(image.width, Math.ceil(Math.max(...xs)) + margin);
  const bottom = Math.min(image.height, Math.ceil(Math.max(...ys)) + margin);
  return right > left && bottom > top ? { x: left, y: top, width: right - left, height: bottom - top } : null;
}

/**
 * Warps like pixels.warp(), by a similarity image -> target. If the image becomes less than half as large, the visible
 * part is first reduced with an antialiasing filter. @returns [height, width] RGBA, opaque, black outside the image
 */
export function warpReduced(
  pixels: Pixels,
  image: RgbaImage,
  matrix: Affine,
  width: number,
  height: number = width,
): RgbaImage {
  const scale = Math.sqrt(Math.abs(matrix[0] * matrix[4] - matrix[1] * matrix[3]));
  const part = scale < LEAST_SCALE ? shownPart(image, matrix, [width, height], Math.ceil(2 / scale)) : null;
  if (part === null) return pixels.warp(image, matrix, width, height);
  const [columns, rows] = [part.width, part.height].map((side) => Math.max(1, Math.round(side * scale)));
  const [across, down] = [columns / part.width, rows / part.height];
  // Pixels are areas here, so their centres are at half a pixel.
  const shrink: Affine = [across, 0, (0.5 - part.x) * across - 0.5, 0, down, (0.5 - part.y) * down - 0.5];
  const reduced = pixels.resize(image, part, columns, rows);
  return pixels.warp(reduced, composeAffine(matrix, invertAffine(shrink)), width, height);
}
