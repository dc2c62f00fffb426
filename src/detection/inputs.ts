/** Puts pictures onto the memory of the face networks, normalized as each network was trained. */
import { describeMismatch } from "../errors.js";
import type { RgbaImage } from "../types.js";
import type { FaceLayers, Features } from "./layers.js";

export interface Normalization {
  /** Subtracted from the red, green and blue bytes. */
  readonly mean: readonly [number, number, number];
  /** What the differences are divided by. */
  readonly divisor: number;
}

/**
 * Uploads pictures of one size, or smaller ones at the top left of a black image.
 * @param size [width, height] of the input; default: the first picture's
 * @returns [pictures, height, width, 3]
 */
export function pictureInput(
  layers: FaceLayers,
  pictures: readonly RgbaImage[],
  { mean, divisor }: Normalization,
  [width, height]: readonly [number, number] = [pictures[0].width, pictures[0].height],
): Features {
  const [red, green, blue] = mean;
  return layers.input(pictures.length, height, width, (values) => {
    for (const [i, picture] of pictures.entries()) {
      if (picture.width > width || picture.height > height) {
        throw new Error(
          describeMismatch("face networks", `pictures within ${width} x ${height}`, "a larger one", "Reduce it first."),
        );
      }
      const isWhole = picture.width === width && picture.height === height;
      const image = values.subarray(i * width * height * 3, (i + 1) * width * height * 3);
      for (let at = 0; !isWhole && at < image.length; at += 3) {
        image[at] = -red / divisor;
        image[at + 1] = -green / divisor;
        image[at + 2] = -blue / divisor;
      }
      const { data } = picture;
      for (let y = 0; y < picture.height; y++) {
        let to = y * width * 3;
        for (let from = y * picture.width * 4, end = from + picture.width * 4; from < end; from += 4) {
          image[to++] = (data[from] - red) / divisor;
          image[to++] = (data[from + 1] - green) / divisor;
          image[to++] = (data[from + 2] - blue) / divisor;
        }
      }
    }
  });
}
