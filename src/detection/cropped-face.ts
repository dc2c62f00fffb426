/** The type of a face that was found, apart from the code that finds it: users of the package see this file. */
import type { Affine, Rectangle, RgbaImage } from "../types.js";

/** A face that was found in a photo, and its aligned crop. */
export interface CroppedFace {
  /** The confidence, 0 to 1 (how well the landmarks of the face and of its mirror image agree). */
  readonly score: number;
  /** Around the landmarks, from the brows to the chin, in pixels of the photo. */
  readonly box: Rectangle;
  /** Photo -> crop. */
  readonly matrix: Affine;
  /** The aligned face, [size, size] RGBA. */
  readonly crop: RgbaImage;
}
