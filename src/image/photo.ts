/**
 * From a photo file to an aligned crop, in the calling thread, with the time of each stage. Files are read and written
 * synchronously: a worker has nothing else to do meanwhile, and the detour over Node's I/O threads costs more.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import type { Affine, FivePoints, Rectangle, RgbaImage } from "../types.js";
import { matrixOfCrop, similarityFromLandmarks } from "./align.js";
import { DEFAULT_MAX_PIXELS, decodeImage, encodePng } from "./codec.js";
import { readBaselineJpeg } from "./jpeg-header.js";
import { type Pixels, windowOfWarp } from "./pixels.js";
import type { AlignItem, AlignTask, Placement, StageSeconds } from "./tasks.js";

export function noSeconds(): StageSeconds {
  return { read: 0, decode: 0, warp: 0, normalise: 0, encode: 0, write: 0 };
}

/** Adds the time of `work` to a stage's. */
export async function timed<T>(
  seconds: StageSeconds,
  stage: keyof StageSeconds,
  work: () => T | Promise<T>,
): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    seconds[stage] += (performance.now() - start) / 1000;
  }
}

function readBytes(path: string, name: string, seconds: StageSeconds): Promise<Uint8Array> {
  return timed(seconds, "read", () => {
    try {
      return readFileSync(path);
    } catch (error) {
      throw fromSystemError(error, `${name}: reading the photo`);
    }
  });
}

/** Reads and decodes an image file, in its stored frame. Throws InputError, or RetryableError of the file system. */
export async function readPhoto(path: string, name: string, seconds: StageSeconds = noSeconds()): Promise<RgbaImage> {
  const bytes = await readBytes(path, name, seconds);
  return timed(seconds, "decode", () => decodeImage(bytes, name));
}

/** True when none of the points is in the picture: landmarks of another photo, or of another variant of it. */
export function isOutside(points: FivePoints, { width, height }: { width: number; height: number }): boolean {
  return points.every(([x, y]) => x < 0 || y < 0 || x >= width || y >= height);
}

/** Throws InputError when a rectangle is not within a picture. */
export function checkCrop(crop: Rectangle, image: { width: number; height: number }, name: string): void {
  const { x, y, width, height } = crop;
  if (x < 0 || y < 0 || width < 1 || height < 1 || x + width > image.width || y + height > image.height) {
    const expected = `a crop within ${image.width} x ${image.height} pixels`;
    throw new InputError(describeMismatch(name, expected, `${x},${y},${width},${height}`, "Correct the crop."));
  }
}

/** The matrix photo -> crop. Throws InputError when the landmarks are none of this picture's. */
function matrixFor(points: FivePoints, image: { width: number; height: number }, size: number, name: string): Affine {
  if (isOutside(points, image)) {
    const expected = `landmarks within ${image.width} x ${image.height} pixels`;
    throw new InputError(
      describeMismatch(name, expected, JSON.stringify(points), "Use the list that belongs to these photos."),
    );
  }
  return similarityFromLandmarks(points, size);
}

/** The crop of a face, [size, size] RGBA, and the matrix photo -> crop. Throws InputError when it cannot be placed. */
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

interface AlignedCrop {
  readonly crop: RgbaImage;
  readonly matrix: Affine;
}

/**
 * The same crop, bytes included, from the pixels that it needs alone, which is faster: for the landmarks of a baseline
 * JPEG file that is stored upright. Null for all other files, and for damaged ones: decodeImage() has the words.
 */
export async function cropFromJpeg(
  pixels: Pixels,
  bytes: Uint8Array,
  placement: Placement,
  size: number,
  name: string,
  seconds: StageSeconds,
): Promise<AlignedCrop | null> {
  if (placement.kind !== "landmarks") return null;
  const jpeg = readBaselineJpeg(bytes);
  if (jpeg === null || jpeg.width * jpeg.height > DEFAULT_MAX_PIXELS) return null;
  const matrix = matrixFor(placement.points, jpeg, size, name);
  const needed = windowOfWarp(jpeg, matrix, size);
  const window = await timed(seconds, "decode", () => pixels.decodeWindow(bytes, jpeg, needed));
  if (window === null) return null;
  return { crop: await timed(seconds, "warp", () => pixels.warpWindow(window, matrix, size)), matrix };
}

/** Writes a file so that its name never shows half of it; its folder exists. Throws RetryableError on a full disk. */
export function writeWhole(path: string, bytes: Uint8Array | string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw fromSystemError(error, `Writing ${path}`);
  }
}

/** Reads, aligns, encodes and writes one photo; returns the matrix photo -> crop. */
export async function alignPhoto(
  pixels: Pixels,
  item: AlignItem,
  { size, format, quality }: Omit<AlignTask, "items">,
  seconds: StageSeconds,
): Promise<Affine> {
  const { input, file, placement } = item;
  const data = await readBytes(input, file, seconds);
  let aligned = await cropFromJpeg(pixels, data, placement, size, file, seconds);
  if (aligned === null) {
    const image = await timed(seconds, "decode", () => decodeImage(data, file));
    aligned = await timed(seconds, "warp", () => cropFace(pixels, image, placement, size, file));
  }
  const { crop, matrix } = aligned;
  const bytes = await timed(seconds, "encode", () =>
    format === "png" ? encodePng(crop) : pixels.encodeJpeg(crop, quality),
  );
  await timed(seconds, "write", () => writeWhole(item.output, bytes));
  return matrix;
}
