/**
 * Finds the faces of large JPEG photos from a copy of an eighth of the size, which decodes in a fraction of the time, and then
 * decodes only the part of the photo around them.
 */
import type { FaceFinder } from "../detection/face-finder.js";
import type { PartialPhoto } from "../detection/locate.js";
import type { DetectedFace, SearchOptions } from "../detection/protocol.js";
import { similarityFromLandmarks } from "../image/align.js";
import { decodeImage } from "../image/codec.js";
import { type BaselineJpeg, readBaselineJpeg } from "../image/formats/jpeg-header.js";
import { DEFAULT_MAX_PIXELS } from "../image/header.js";
import type { Pixels } from "../image/pixels.js";
import { shownPart } from "../image/reduce.js";
import type { Rectangle, RgbaImage } from "../types.js";
import { MEASURED_SIDE } from "./quality.js";

/** Longer side of the smallest photos whose eighth is large enough for the detector. */
const LEAST_SIDE = 2560;

/** The photo with the pixels of a window, and black elsewhere; null if the file is damaged. */
async function decodePart(
  pixels: Pixels,
  bytes: Uint8Array,
  jpeg: BaselineJpeg,
  window: Rectangle,
): Promise<RgbaImage | null> {
  const { width, height } = jpeg;
  if (window.width === width && window.height === height) return decodeImage(bytes, "photo").catch(() => null);
  const decoded = pixels.decodeWindow(bytes, jpeg, window);
  if (typeof decoded === "string") return null;
  const part = pixels.copyWindow(decoded).data;
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < window.height; y++) {
    const row = part.subarray(y * window.width * 4, (y + 1) * window.width * 4);
    data.set(row, ((window.y + y) * width + window.x) * 4);
  }
  return { width, height, data };
}

/** True if everything that is read for a face's crop and its measures is in the window. */
function isCovered({ points }: DetectedFace, photo: RgbaImage, window: Rectangle): boolean {
  const matrix = similarityFromLandmarks(points, MEASURED_SIDE);
  const scale = Math.hypot(matrix[0], matrix[3]);
  // Beyond the crop, resizing reads up to two of its pixels, and warping up to two of the photo's.
  const needed = shownPart(photo, matrix, [MEASURED_SIDE, MEASURED_SIDE], Math.ceil(2 / scale) + 2);
  if (needed === null) return false;
  return (
    needed.x >= window.x &&
    needed.y >= window.y &&
    needed.x + needed.width <= window.x + window.width &&
    needed.y + needed.height <= window.y + window.height
  );
}

/**
 * Finds the faces of a JPEG file, and returns the photo with the pixels around them. Returns null for other files, for
 * photos that are turned, damaged or not large, and where the whole photo is needed.
 */
export async function findInLargeJpeg(
  finder: FaceFinder,
  pixels: Pixels,
  bytes: Uint8Array,
  { minScore, all, maxPixels = DEFAULT_MAX_PIXELS }: SearchOptions & { readonly maxPixels?: number | undefined },
): Promise<{ readonly photo: RgbaImage; readonly faces: readonly DetectedFace[] } | null> {
  const jpeg = readBaselineJpeg(bytes);
  if (jpeg === null || jpeg.orientation !== 1) return null;
  const { width, height } = jpeg;
  if (Math.max(width, height) < LEAST_SIDE || width * height > maxPixels) return null;
  const eighth = pixels.decodeEighth(bytes, jpeg);
  if (typeof eighth === "string") return null;
  const partial: PartialPhoto = { width, height, eighth, decode: (window) => decodePart(pixels, bytes, jpeg, window) };
  const found = await finder.detectInParts(partial, { minScore, all });
  if (found === null || !found.faces.every((face) => isCovered(face, found.photo, found.window))) return null;
  return found;
}
