/** Reads a user's own photo. */
import { readPhoto } from "../image/photo.js";
import type { RgbaImage } from "../types.js";

/**
 * Reads a photo upright. No other place has to apply the orientation in the file: landmarks, crops and edits that are
 * pasted back all refer to this image.
 * @throws InputError if it cannot be read or decoded; RetryableError if the file system fails
 */
export function readOwnPhoto(path: string): Promise<RgbaImage> {
  return readPhoto(path, path);
}
