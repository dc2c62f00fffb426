/**
 * Reads files that should be images but may be anything. It never reads a pipe, which could wait forever, and never
 * more bytes than a photo has.
 */
import { closeSync, constants, openSync, readFileSync, readSync, statSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { describeMismatch, fromSystemError, InputError, UnreadableFileError } from "../errors.js";
import { DEFAULT_MAX_PIXELS, type ImageFormat, type ImageHeader, readImageHeader } from "./header.js";

/** Bytes for other contents than pixels: thumbnails, profiles, raw previews. */
const SIDE_BYTES = 64 * 2 ** 20;
/** Bytes of an uncompressed 16-bit RGBA pixel. */
const MAX_BYTES_A_PIXEL = 8;

/** Failures of a disk or of a network mount. They may affect only one file and may pass. */
const READ_FAILURES = new Set([
  "EIO",
  "EREMOTEIO",
  "ESTALE",
  "ETIMEDOUT",
  "ENOTCONN",
  "EHOSTDOWN",
  "ENODATA",
  "EUCLEAN",
]);
/** Milliseconds before the second and the third try. */
const PAUSES = [50, 250] as const;

function isReadFailure(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error && "code" in cause && READ_FAILURES.has(String(cause.code));
}

/**
 * The bytes of an image file of at most `maxPixels`. After a read error of the disk, it tries again, three times in
 * all.
 * @throws InputError if the file is missing, not an ordinary file or far too large; UnreadableFileError if the disk
 *   does not deliver it; RetryableError if the system lacks something, such as file handles
 */
export async function readImageFile(path: string, name: string, maxPixels = DEFAULT_MAX_PIXELS): Promise<Buffer> {
  for (const pause of [...PAUSES, null]) {
    try {
      return readOnce(path, name, maxPixels);
    } catch (error) {
      if (!isReadFailure(error)) throw error;
      if (pause === null) {
        const detail = (error as Error).message.replace(/ (Try again|Check the path and its permissions)\.$/, "");
        const remedy = "The disk or the network mount fails at this file. Copy it again from its source.";
        throw new UnreadableFileError(`${detail} ${remedy}`, { cause: error });
      }
      await setTimeout(pause);
    }
  }
  throw new Error("unreachable: the last try returns or throws");
}

/** @throws InputError for more bytes than a photo of `maxPixels` has */
export function expectPhotoBytes(bytes: number, name: string, maxPixels = DEFAULT_MAX_PIXELS): void {
  const limit = maxPixels * MAX_BYTES_A_PIXEL + SIDE_BYTES;
  if (bytes <= limit) return;
  const received = `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  const expected = `at most ${(limit / 2 ** 20).toFixed(0)} MiB`;
  throw new InputError(describeMismatch(`${name}: file too large`, expected, received, "Scale the picture down."));
}

/** Reads synchronously: a worker has nothing else to do meanwhile, and Node's I/O threads would cost more. */
function readOnce(path: string, name: string, maxPixels: number): Buffer {
  try {
    const found = statSync(path);
    if (!found.isFile()) {
      const received = found.isDirectory() ? "a folder" : "a pipe or device";
      throw new InputError(
        describeMismatch(name, "an image file", received, "Name an image file, or correct the list."),
      );
    }
    expectPhotoBytes(found.size, name, maxPixels);
    return readFileSync(path);
  } catch (error) {
    throw fromSystemError(error, `${name}: reading the photo`);
  }
}

/** Bytes that contain nearly every header. Most need less; a JPEG's frame header comes after its thumbnail. */
const MORE_BYTES = 256 * 1024;
/** Formats whose orientation may come after the pixels. */
const LATE_ORIENTATION: readonly ImageFormat[] = ["png", "webp"];
const first = new Uint8Array(4096);

/**
 * The header of an image file, read from as few bytes as possible; null if the file cannot be read or is not an image.
 * @param offset bytes before the image if it is inside another file; its orientation is then found only near its start
 */
export function readFileHeader(path: string, offset = 0): ImageHeader | null {
  let file: number | null = null;
  try {
    // Open without blocking: a pipe then returns immediately. A stat first would take as long as all the rest.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    let header: ImageHeader | null = null;
    for (const bytes of [first, null]) {
      const target = bytes ?? new Uint8Array(MORE_BYTES);
      const read = readSync(file, target, 0, target.length, offset);
      header = readImageHeader(target.subarray(0, read));
      if (read < target.length || (header !== null && !LATE_ORIENTATION.includes(header.format))) return header;
    }
    const isWhole = header === null || offset > 0 || !LATE_ORIENTATION.includes(header.format);
    return isWhole ? header : readImageHeader(readOnce(path, path, DEFAULT_MAX_PIXELS));
  } catch {
    return null; // the worker that decodes the file reports the reason
  } finally {
    if (file !== null) closeSync(file);
  }
}
