/** Faces in photos, for users of the package in Node.js and in browsers: finding them, and putting edits back. */

import type { CroppedFace } from "./detection/cropped-face.js";
import * as detection from "./detection/face-finder.js";
import { cropFrontal } from "./detection/find-faces.js";
import * as pasting from "./detection/paste.js";
import { Pixels } from "./image/pixels.js";
import { loadModule } from "./kernels/module.js";
import type { RgbaImage } from "./types.js";

/** Finds and crops the faces of photos in the calling thread. */
export interface FaceFinder {
  /**
   * Finds the faces of a photo that can be aligned, the largest first. Faces that are turned to the side are left out.
   * @returns the faces with their crops; empty if there are none
   */
  find(
    photo: RgbaImage,
    options?: {
      /** Side of the crops in pixels. Default 256. */
      readonly size?: number;
      /** Lowest score that counts as a face, 0 to 1: how well the landmarks of a face and of its mirror image agree. Default 0.5. */
      readonly minScore?: number;
    },
  ): Promise<CroppedFace[]>;
}

/**
 * Loads the networks that find faces: 0.5 MB, and 6 MB with the first photo that needs the large one. They need no device and
 * use the calling thread alone.
 *
 * @throws InputError if their files are missing; in a browser, see setAssetFolder()
 * @example
 * ```ts
 * import { decodeImage, openFaceFinder } from "elegant-faces";
 *
 * async function cropFaces(bytes: Uint8Array) {
 *   const finder = await openFaceFinder();
 *   return (await finder.find(await decodeImage(bytes, "photo"), { size: 64 })).map(({ crop }) => crop);
 * }
 * ```
 */
export async function openFaceFinder(): Promise<FaceFinder> {
  const detector = await detection.FaceFinder.open(1);
  const pixels = new Pixels(await loadModule("image"));
  return {
    async find(photo, { size = 256, minScore = 0.5 } = {}) {
      const found = await detector.detect(photo, { minScore, all: true });
      return cropFrontal(pixels, photo, found, size);
    },
  };
}

/**
 * Adds the change of an edit to a photo. The photo keeps its own sharpness, and everything around the face stays as it is.
 *
 * @param face   where the face is in the photo, as find() returns it
 * @param before the face without the edit, as the model sees it: square, of any size
 * @param after  the face with the edit, of the same size
 * @returns a new image
 */
export async function pasteFace(
  photo: RgbaImage,
  { matrix, crop }: Pick<CroppedFace, "matrix" | "crop">,
  before: RgbaImage,
  after: RgbaImage,
): Promise<RgbaImage> {
  const pixels = new Pixels(await loadModule("image"));
  return pasting.pasteFace(pixels, photo, { matrix, size: crop.width }, before, after);
}
