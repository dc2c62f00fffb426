/** How a worker reads an image from a file of its own, or from a range of a file that contains many. */
import { closeSync, openSync, readSync } from "node:fs";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import type { RgbaImage } from "../types.js";
import { decodeImage } from "./codec.js";
import { type ByteRange, nameOf, type PictureSource } from "./picture-source.js";
import { type Pixels, wholeOf } from "./pixels.js";
import { expectPhotoBytes, readFileHeader, readImageFile } from "./read-file.js";
import { noSeconds, type StageSeconds, timed } from "./stage-times.js";

/** Number of files that a thread keeps open. All threads together stay far below the usual limit of 1024 or 256 per process. */
const MOST_OPEN = 16;
/** File descriptors by path. The least recently used one comes first. */
const openFiles = new Map<string, number>();

function descriptorOf(path: string): number {
  const known = openFiles.get(path);
  if (known !== undefined) {
    openFiles.delete(path);
    openFiles.set(path, known);
    return known;
  }
  if (openFiles.size >= MOST_OPEN) {
    const [[oldest, descriptor]] = openFiles;
    openFiles.delete(oldest);
    closeSync(descriptor);
  }
  const descriptor = openSync(path, "r");
  openFiles.set(path, descriptor);
  return descriptor;
}

/**
 * Reads a range of a file, which stays open for the next read. @throws InputError if the range cannot be read;
 * RetryableError if the file system fails
 */
function readRange(path: string, { offset, length }: ByteRange, name: string): Uint8Array {
  // Not Buffer.allocUnsafe(): decoders would get a view into its pool, a larger buffer.
  const bytes = new Uint8Array(length);
  let at = 0;
  try {
    const descriptor = descriptorOf(path);
    while (at < length) {
      const count = readSync(descriptor, bytes, at, length - at, offset + at);
      if (count === 0) break;
      at += count;
    }
  } catch (error) {
    throw fromSystemError(error, `${name}: reading the picture`);
  }
  if (at === length) return bytes;
  const remedy = "The file was cut short after it had been listed. Make it again.";
  throw new InputError(describeMismatch(name, `${length} bytes at ${offset}`, `${at}`, remedy));
}

/** Closes the files that this thread keeps open. The next image opens its file again. */
export function closeSources(): void {
  for (const descriptor of openFiles.values()) closeSync(descriptor);
  openFiles.clear();
}

/** Raw pixels as an opaque image. */
function fromRaw(rgb: Uint8Array, side: number): RgbaImage {
  const data = new Uint8Array(side * side * 4).fill(255);
  for (let to = 0, from = 0; to < data.length; to += 4, from += 3) {
    data[to] = rgb[from];
    data[to + 1] = rgb[from + 1];
    data[to + 2] = rgb[from + 2];
  }
  return { width: side, height: side, data };
}

function expectRaw(name: string, bytes: Uint8Array, side: number): void {
  if (bytes.length === side * side * 3) return;
  const expected = `${side * side * 3} bytes of ${side} x ${side} pixels`;
  throw new InputError(describeMismatch(name, expected, `${bytes.length}`, "Make the packed file again."));
}

/** The size of an image, without decoding it; null if it cannot be read or is not an image. */
export function readSourceHeader({ path, range, raw }: PictureSource): { width: number; height: number } | null {
  return raw === undefined ? readFileHeader(path, range?.offset) : { width: raw, height: raw };
}

/**
 * The bytes of an encoded image of at most `maxPixels`. @param name used in messages only @throws InputError if they
 * cannot be read or are far too many; RetryableError if the file system fails
 */
export async function readSourceBytes(
  { path, range }: PictureSource,
  name: string,
  maxPixels?: number,
): Promise<Uint8Array> {
  if (range === undefined) return readImageFile(path, name, maxPixels);
  expectPhotoBytes(range.length, name, maxPixels);
  return readRange(path, range, name);
}

/**
 * Reads an image, and decodes it if it is encoded. @throws InputError if it cannot be read or decoded; RetryableError
 * if the file system fails
 */
export async function readSource(source: PictureSource, seconds: StageSeconds = noSeconds()): Promise<RgbaImage> {
  const name = nameOf(source);
  const { raw } = source;
  const bytes = await timed(seconds, "read", () => readSourceBytes(source, name));
  return timed(seconds, "decode", () => {
    if (raw === undefined) return decodeImage(bytes, name);
    expectRaw(name, bytes, raw);
    return fromRaw(bytes, raw);
  });
}

/**
 * The floats of the 256 levels, computed by the kernel that converts decoded images. So raw images become bit-identical
 * floats.
 */
function levelsOf(pixels: Pixels): Float32Array {
  const data = Uint8Array.from({ length: 256 * 4 }, (_, i) => i >> 2);
  const image: RgbaImage = { width: 256, height: 1, data };
  const floats = new Float32Array(256 * 3);
  pixels.resizeToFloat(image, wholeOf(image), 256, 1, floats);
  return floats.filter((_, i) => i % 3 === 0);
}

const levels = new WeakMap<Pixels, Float32Array>();

/**
 * Converts a raw image of the requested side to floats directly, without an RGBA image in between. Packed files exist for
 * this purpose.
 * @param target [raw, raw, 3]
 */
export async function readRawFloats(
  pixels: Pixels,
  source: Extract<PictureSource, { raw: number }>,
  target: Float32Array,
  seconds: StageSeconds,
): Promise<void> {
  const name = nameOf(source);
  const bytes = await timed(seconds, "read", () => readRange(source.path, source.range, name));
  expectRaw(name, bytes, source.raw);
  await timed(seconds, "normalise", () => {
    let table = levels.get(pixels);
    if (table === undefined) {
      table = levelsOf(pixels);
      levels.set(pixels, table);
    }
    for (let i = 0; i < bytes.length; i++) target[i] = table[bytes[i]];
  });
}
