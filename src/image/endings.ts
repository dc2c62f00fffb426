/**
 * The name endings of image files: the ones that we read, and the ones that we only recognise. Folder walks and tar
 * files use them to choose files. Decoders never use them, because the first bytes identify a file.
 */

/** Endings of the formats that decodeImage reads, in lower case with the dot. */
export const READABLE_ENDINGS: readonly string[] = [
  ...[".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".jps"],
  ...[".png", ".apng"],
  ".gif",
  ...[".bmp", ".dib"],
  ...[".tif", ".tiff"],
  ...[".webp", ".avif"],
];

/**
 * Endings of image formats that decodeImage does not read, in lower case with the dot. A folder that has such files
 * gets a warning.
 */
export const PICTURE_ENDINGS_NOT_READ: readonly string[] = [
  ...[".heic", ".heif", ".hif", ".heics", ".avifs"],
  ...[".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".jpm", ".jxl", ".jxr", ".wdp"],
  ...[".ppm", ".pgm", ".pbm", ".pnm", ".pam", ".pfm"],
  ...[".svg", ".svgz", ".eps", ".psd", ".psb", ".xcf", ".ico", ".cur", ".icns"],
  ...[".tga", ".exr", ".hdr", ".pcx", ".dds", ".sgi", ".ras", ".xbm", ".xpm", ".qoi"],
  ...[".dng", ".raw", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw"],
];

const readable = new Set(READABLE_ENDINGS);
const notRead = new Set(PICTURE_ENDINGS_NOT_READ);

/** A file name's ending in lower case with its dot, or "": `A/b.JPG` -> `.jpg`. A leading dot does not start an ending. */
export function endingOf(name: string): string {
  const dot = name.lastIndexOf(".");
  const base = Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1;
  return dot > base ? name.slice(dot).toLowerCase() : "";
}

/** `name` without its ending if that is one of READABLE_ENDINGS, otherwise unchanged. */
export function withoutEnding(name: string): string {
  const ending = endingOf(name);
  return readable.has(ending) ? name.slice(0, -ending.length) : name;
}

/** True if a file of this name should be an image that decodeImage reads, in upper or lower case. */
export function hasReadableEnding(name: string): boolean {
  return readable.has(endingOf(name));
}

/** True if a file of this name should be an image of a format that decodeImage does not read. */
export function hasUnreadPictureEnding(name: string): boolean {
  return notRead.has(endingOf(name));
}
