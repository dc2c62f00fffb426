/**
 * Reads photo files and cuts aligned crops out of them, in the calling thread. Files are read and written
 * synchronously: a worker has nothing else to do meanwhile, and Node's I/O threads would cost more.
 */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { temporaryName } from "../files.js";
import type { Affine, FivePoints, Rectangle, RgbaImage } from "../types.js";
import { matrixOfCrop, similarityFromLandmarks } from "./align.js";
import { type DecodedImage, type DecodeOptions, decodeImage } from "./codec.js";
import { readBaselineJpeg } from "./formats/jpeg-header.js";
import { DEFAULT_MAX_PIXELS } from "./header.js";
import { landmarkProblem } from "./landmarks.js";
import { type Pixels, type PixelWindow, windowOfWarp } from "./pixels.js";
import { readImageFile } from "./read-file.js";
import { noSeconds, type StageSeconds, timed } from "./stage-times.js";
import type { Placement } from "./tasks.js";

/**
 * Reads and decodes an image file, upright by default. @throws InputError if it cannot be read or decoded;
 * RetryableError if the file system fails
 */
export async function readPhoto(
  path: string,
  name: string,
  seconds: StageSeconds = noSeconds(),
  options: DecodeOptions = {},
): Promise<DecodedImage> {
  const bytes = await timed(seconds, "read", () => readImageFile(path, name, options.maxPixels));
  return timed(seconds, "decode", () => decodeImage(bytes, name, options));
}

/** True if none of the points is in the image: the landmarks are for another photo, or another version of it. */
export function isOutside(points: FivePoints, { width, height }: { width: number; height: number }): boolean {
  return points.every(([x, y]) => x < 0 || y < 0 || x >= width || y >= height);
}

/** @throws InputError if a rectangle is not within an image */
export function checkCrop(crop: Rectangle, image: { width: number; height: number }, name: string): void {
  const { x, y, width, height } = crop;
  if (x < 0 || y < 0 || width < 1 || height < 1 || x + width > image.width || y + height > image.height) {
    const expected = `a crop within ${image.width} x ${image.height} pixels`;
    throw new InputError(describeMismatch(name, expected, `${x},${y},${width},${height}`, "Correct the crop."));
  }
}

/** @throws InputError if an image is not square; only an aligned face is cropped to a square */
export function checkSquare({ width, height }: { width: number; height: number }, name: string): void {
  if (width === height) return;
  const remedy = "Edit a whole photo with 'elegant swap --paste-back', or crop its face first with 'elegant align'.";
  throw new InputError(describeMismatch(name, "a square picture of an aligned face", `${width} x ${height}`, remedy));
}

/** The matrix photo -> crop. @throws InputError if the landmarks do not belong to this image */
function matrixFor(points: FivePoints, image: { width: number; height: number }, size: number, name: string): Affine {
  if (isOutside(points, image)) {
    const expected = `landmarks within ${image.width} x ${image.height} pixels`;
    throw new InputError(
      describeMismatch(name, expected, JSON.stringify(points), "Use the list that belongs to these photos."),
    );
  }
  const problem = landmarkProblem(points);
  if (problem !== null) {
    const received = `${problem} (${JSON.stringify(points)})`;
    throw new InputError(describeMismatch(`${name}: landmarks`, "a face", received, "Correct the list."));
  }
  return similarityFromLandmarks(points, size);
}

export interface AlignedCrop<Crop = RgbaImage> {
  readonly crop: Crop;
  readonly matrix: Affine;
}

/** The crop of a face, [size, size] RGBA, and the matrix photo -> crop. @throws InputError if the face cannot be placed */
export function cropFace(
  pixels: Pixels,
  image: RgbaImage,
  placement: Placement,
  size: number,
  name: string,
): AlignedCrop {
  if (placement.kind === "crop") {
    checkCrop(placement.square, image, name);
    const { x, y, width } = placement.square;
    return { crop: pixels.resize(image, placement.square, size, size), matrix: matrixOfCrop(x, y, width, size) };
  }
  const matrix = matrixFor(placement.points, image, size, name);
  return { crop: pixels.warp(image, matrix, size), matrix };
}

/**
 * Makes the same crop as cropFace(), byte for byte, but decodes only the pixels that it needs and leaves the crop in
 * the kernels' memory, which is faster. It works for landmarks in a baseline JPEG file that is stored upright. It
 * returns null for all other files and for damaged ones, which decodeImage() reports.
 */
export async function cropFromJpeg(
  pixels: Pixels,
  bytes: Uint8Array,
  { placement, file }: { readonly placement: Placement; readonly file: string },
  { size, maxPixels = DEFAULT_MAX_PIXELS }: { readonly size: number; readonly maxPixels?: number | undefined },
  seconds: StageSeconds,
): Promise<AlignedCrop<PixelWindow> | null> {
  if (placement.kind !== "landmarks") return null;
  const jpeg = readBaselineJpeg(bytes);
  if (jpeg === null || jpeg.orientation !== 1 || jpeg.width * jpeg.height > maxPixels) return null;
  const matrix = matrixFor(placement.points, jpeg, size, file);
  const needed = windowOfWarp(jpeg, matrix, size);
  const window = await timed(seconds, "decode", () => pixels.decodeWindow(bytes, jpeg, needed));
  if (typeof window === "string") return null;
  return { crop: await timed(seconds, "warp", () => pixels.warpWindow(window, matrix, size)), matrix };
}

/** Writes a file completely or not at all. Its folder must exist. @throws RetryableError if the disk is full */
export function writeWhole(path: string, bytes: Uint8Array | string): void {
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw fromSystemError(error, `Writing ${path}`);
  }
}
