/**
 * The endings of picture files: which ones we read, and which ones we only recognise. A folder walk or a tar file uses
 * them to choose files; a decoder never looks at them, because the first bytes say what a file is.
 */

/** Lower case, with the dot: the endings of the formats that decodeImage reads. */
export const READABLE_ENDINGS: readonly string[] = [
  ...[".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".jps"],
  ...[".png", ".apng"],
  ".gif",
  ...[".bmp", ".dib"],
  ...[".tif", ".tiff"],
  ...[".webp", ".avif"],
];

/** Lower case, with the dot: endings of pictures that decodeImage does not read. A folder that has them gets a warning. */
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

/** A file name's ending in lower case with its dot, or "": `A/b.JPG` -> `.jpg`. A leading dot begins no ending. */
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

/** Whether a file of this name should be a picture that decodeImage reads. The name's letter case does not matter. */
export function hasReadableEnding(name: string): boolean {
  return readable.has(endingOf(name));
}

/** Whether a file of this name should be a picture of a kind that decodeImage does not read. */
export function hasUnreadPictureEnding(name: string): boolean {
  return notRead.has(endingOf(name));
}
