/** Reading image files that may be anything: never a pipe, which would wait for ever, and never more than a photo has. */
import { closeSync, constants, openSync, readFileSync, readSync, statSync } from "node:fs";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { DEFAULT_MAX_PIXELS, type ImageHeader, readImageHeader } from "./header.js";

/** Room for side matter (thumbnails, profiles, raw previews) beside the pixels. */
const SIDE_BYTES = 64 * 2 ** 20;
/** 16-bit RGBA, not compressed. */
const MAX_BYTES_A_PIXEL = 8;

/**
 * The bytes of an image file that can hold at most `maxPixels`. Throws InputError when it is missing, no plain file or
 * far too large, RetryableError when the file system fails for now.
 */
export function readImageFile(path: string, name: string, maxPixels = DEFAULT_MAX_PIXELS): Buffer {
  try {
    const found = statSync(path);
    if (!found.isFile()) {
      const received = found.isDirectory() ? "a folder" : "a pipe or device";
      throw new InputError(
        describeMismatch(name, "an image file", received, "Name an image file, or correct the list."),
      );
    }
    const limit = maxPixels * MAX_BYTES_A_PIXEL + SIDE_BYTES;
    if (found.size > limit) {
      const received = `${(found.size / 2 ** 20).toFixed(0)} MiB`;
      const expected = `at most ${(limit / 2 ** 20).toFixed(0)} MiB`;
      throw new InputError(describeMismatch(`${name}: file too large`, expected, received, "Scale the picture down."));
    }
    return readFileSync(path);
  } catch (error) {
    throw fromSystemError(error, `${name}: reading the photo`);
  }
}

/** Enough of a file for most headers, and for nearly every other: a JPEG's frame header follows its thumbnail. */
const MORE_BYTES = 256 * 1024;
const first = new Uint8Array(4096);

/** The header of an image file, from its first bytes; null when it cannot be read or is no image. */
export function readFileHeader(path: string): ImageHeader | null {
  let file: number | null = null;
  try {
    // Without blocking: a pipe gives nothing at once. A stat first would take as long as all the rest.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    for (const bytes of [first, null]) {
      const target = bytes ?? new Uint8Array(MORE_BYTES);
      const read = readSync(file, target, 0, target.length, 0);
      const header = readImageHeader(target.subarray(0, read));
      if (header !== null || read < target.length) return header;
    }
    return null;
  } catch {
    return null; // the worker that decodes it says why
  } finally {
    if (file !== null) closeSync(file);
  }
}
