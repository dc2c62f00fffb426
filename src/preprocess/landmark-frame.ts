/**
 * Decides whether a list's landmarks refer to the stored or the upright image, for photos that EXIF turns. Lists do not
 * state it, so it is determined from the faces: they should be within the image, with the eyes above the mouth and the
 * left eye on the left.
 */
import { landmarksAt } from "../dataset/lists.js";
import { describeMismatch, InputError } from "../errors.js";
import type { ImageHeader } from "../image/header.js";
import { uprightMatrix, uprightPoints, uprightSize } from "../image/orientation.js";
import { readFileHeader } from "../image/read-file.js";
import type { LandmarkFrame } from "../image/tasks.js";
import type { FivePoints } from "../types.js";
import { type PreprocessPlan, pointsOf } from "./plan.js";

/** Largest number of turned photos that are examined. */
const SAMPLE = 100;
/** Largest number of headers that are read to find them, spread over all photos. This takes about a second. */
const MOST_HEADERS = 20_000;
/** Number of turned photos from which it is not a coincidence if no frame fits half of them. */
const ENOUGH = 10;

/** True if the points are an upright face within an image of this size. */
export function isUprightFace(points: FivePoints, { width, height }: { width: number; height: number }): boolean {
  const [leftEye, rightEye, , leftMouth, rightMouth] = points;
  const inside = points.every(([x, y]) => x >= 0 && y >= 0 && x < width && y < height);
  const eyes = (leftEye[1] + rightEye[1]) / 2;
  const mouth = (leftMouth[1] + rightMouth[1]) / 2;
  return inside && eyes < mouth && leftEye[0] < rightEye[0];
}

/** For each frame, whether a photo's landmarks form an upright face if they refer to that frame. */
export function fitsOf(points: FivePoints, header: ImageHeader): Readonly<Record<LandmarkFrame, boolean>> {
  const upright = uprightSize(header, header.orientation);
  const turned = uprightPoints(points, uprightMatrix(header, header.orientation));
  return { stored: isUprightFace(turned, upright), upright: isUprightFace(points, upright) };
}

export interface FrameChoice {
  /** Null if no photo is turned, so that both frames are the same. */
  readonly frame: LandmarkFrame | null;
  /** The choice and its reason; null if no photo is turned or the user chose. */
  readonly notice: string | null;
}

/**
 * Chooses the frame of the landmarks: `asked`, or for `auto` the frame that fits more of the first hundred photos that
 * EXIF turns; null if there are none. Only headers are read (some 45 microseconds each): of every photo if there are up
 * to 20,000, otherwise of that many, spread over all.
 * @throws InputError if ten or more are turned and neither frame fits half of them
 */
export function chooseLandmarkFrame(plan: PreprocessPlan, asked: LandmarkFrame | "auto"): FrameChoice {
  const { landmarks } = plan.lists;
  // Faces are found in the upright photo.
  if (plan.photos[0]?.placement.kind === "detect") return { frame: "upright", notice: null };
  if (asked !== "auto") return { frame: asked, notice: null };
  const fits = { stored: 0, upright: 0 };
  let turned = 0;
  const stride = Math.ceil(plan.photos.length / MOST_HEADERS);
  for (let i = 0; i < plan.photos.length && turned < SAMPLE; i += stride) {
    const { input, placement, rows } = plan.photos[i];
    // The landmarks of photos that are cut out by a square are moved into the crop, too.
    const points =
      pointsOf(placement) ?? (landmarks && rows.landmarks !== null ? landmarksAt(landmarks, rows.landmarks) : null);
    if (points === null) continue;
    const { path, range } = plan.locate(input);
    const header = readFileHeader(path, range?.offset);
    if (header === null || header.orientation === 1) continue;
    turned++;
    const { stored, upright } = fitsOf(points, header);
    if (stored) fits.stored++;
    if (upright) fits.upright++;
  }
  if (turned === 0) return { frame: null, notice: null };
  const frame: LandmarkFrame = fits.stored > fits.upright ? "stored" : "upright";
  const seen = `of ${turned} photos with an EXIF orientation, the landmarks are an upright face for`;
  const counts = `${fits.stored} in the stored frame and ${fits.upright} in the upright one`;
  if (fits[frame] * 2 <= turned) {
    if (turned >= ENOUGH) {
      const remedy =
        "The list and the photos do not belong together; or name the frame: --landmark-frame stored|upright.";
      throw new InputError(describeMismatch("--landmark-frame auto", "a frame that fits", `${seen} ${counts}`, remedy));
    }
    return { frame, notice: `neither landmark frame fits well: ${seen} ${counts}; took ${frame}. Check these crops.` };
  }
  return { frame, notice: `landmark frame: ${frame} (${seen} ${counts})` };
}
