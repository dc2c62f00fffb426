/** The views of a photo that the detectors look at: reduced, turned by quarters, or small on a black background. */
import { composeAffine } from "../image/align.js";
import { type Pixels, wholeOf } from "../image/pixels.js";
import type { Affine, RgbaImage } from "../types.js";

/** An image that shows the whole photo, and the matrix photo -> image. */
export interface View {
  readonly image: RgbaImage;
  readonly matrix: Affine;
}

/** The photo with its longer side reduced, or enlarged, to `side` pixels. */
export function resizedView(pixels: Pixels, photo: RgbaImage, side: number): View {
  const scale = side / Math.max(photo.width, photo.height);
  const [width, height] = [photo.width, photo.height].map((length) => Math.max(1, Math.round(length * scale)));
  const [across, down] = [width / photo.width, height / photo.height];
  // Pixels are areas, so their centres are at half a pixel.
  const matrix: Affine = [across, 0, across / 2 - 0.5, 0, down, down / 2 - 0.5];
  return { image: pixels.resize(photo, wholeOf(photo), width, height), matrix };
}

/** A view turned by `quarters` clockwise. */
export function turnedView(pixels: Pixels, { image, matrix }: View, quarters: 1 | 2 | 3): View {
  const [cos, sin] = [
    [0, 1],
    [-1, 0],
    [0, -1],
  ][quarters - 1];
  const [x, y] = [(image.width - 1) / 2, (image.height - 1) / 2];
  const [u, v] = quarters === 2 ? [x, y] : [y, x];
  const turn: Affine = [cos, -sin, u - cos * x + sin * y, sin, cos, v - sin * x - cos * y];
  return { image: pixels.warp(image, turn, 2 * u + 1, 2 * v + 1), matrix: composeAffine(turn, matrix) };
}

/** A view at half its size in the middle of a black square of `side` pixels, for faces that fill the photo. */
export function smallView(pixels: Pixels, { image, matrix }: View, side: number): View {
  const shrink: Affine = [0.5, 0, side / 4, 0, 0.5, side / 4];
  return { image: pixels.warp(image, shrink, side), matrix: composeAffine(shrink, matrix) };
}
