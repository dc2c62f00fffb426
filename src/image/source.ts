/** Where a picture's bytes are: a file of its own, or a range of a file that holds many; how a worker reads them. */
import { closeSync, openSync, readSync } from "node:fs";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import type { RgbaImage } from "../types.js";
import { decodeImage } from "./codec.js";
import { noSeconds, readPhoto, timed } from "./photo.js";
import { type Pixels, wholeOf } from "./pixels.js";
import { readFileHeader } from "./read-file.js";
import type { StageSeconds } from "./tasks.js";

/** In bytes from the start of the file. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

export type PictureSource =
  /** An image file. */
  | { readonly path: string; readonly range?: undefined; readonly raw?: undefined }
  /** An image file within another file. `name` is the picture's, for messages. */
  | { readonly path: string; readonly name: string; readonly range: ByteRange; readonly raw?: undefined }
  /** Raw rows from the top, RGB of 8 bits, of a square with side `raw`. */
  | { readonly path: string; readonly name: string; readonly range: ByteRange; readonly raw: number };

/** Files that a thread keeps open. All threads together stay far below the 1024 or 256 that a process may usually have. */
const MOST_OPEN = 16;
/** By path; the one used longest ago comes first. */
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

/** The picture's name in messages. */
export function nameOf(source: PictureSource): string {
  return source.range === undefined ? source.path : `${source.path}: ${source.name}`;
}

/** Reads a range of a file, which stays open for the next. Throws InputError, or RetryableError of the file system. */
function readRange(path: string, { offset, length }: ByteRange, name: string): Uint8Array {
  // Not Buffer.allocUnsafe(): its pool would be handed to decoders as a view into a larger buffer.
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

/** Closes the files that this thread keeps open; the next picture opens its own again. */
export function closeSources(): void {
  for (const descriptor of openFiles.values()) closeSync(descriptor);
  openFiles.clear();
}

/** Raw rows as an opaque picture. */
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
  throw new InputError(describeMismatch(name, expected, `${bytes.length}`, "Make the shard again."));
}

/** The size of a picture, without decoding it; null when it cannot be read or is no image. */
export function readSourceHeader({ path, range, raw }: PictureSource): { width: number; height: number } | null {
  return raw === undefined ? readFileHeader(path, range?.offset) : { width: raw, height: raw };
}

/** Reads a picture, decoding what is encoded. Throws InputError, or RetryableError of the file system. */
export async function readSource(source: PictureSource, seconds: StageSeconds = noSeconds()): Promise<RgbaImage> {
  const name = nameOf(source);
  const { path, range, raw } = source;
  if (range === undefined) return readPhoto(path, name, seconds);
  const bytes = await timed(seconds, "read", () => readRange(path, range, name));
  return timed(seconds, "decode", () => {
    if (raw === undefined) return decodeImage(bytes, name);
    expectRaw(name, bytes, raw);
    return fromRaw(bytes, raw);
  });
}

/** The float of each of the 256 levels, by the kernel that converts decoded pictures: raw ones come out as the same bits. */
function levelsOf(pixels: Pixels): Float32Array {
  const data = Uint8Array.from({ length: 256 * 4 }, (_, i) => i >> 2);
  const image: RgbaImage = { width: 256, height: 1, data };
  const floats = new Float32Array(256 * 3);
  pixels.resizeToFloat(image, wholeOf(image), 256, 1, floats);
  return floats.filter((_, i) => i % 3 === 0);
}

const levels = new WeakMap<Pixels, Float32Array>();

/**
 * A raw picture of the wanted side as floats, without a picture in between: what shards are for.
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
