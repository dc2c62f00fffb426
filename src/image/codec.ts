/**
 * Converts image files to RGBA pixels and back. The format is recognised by the first bytes, not by the name. Sizes are
 * checked before anything is decoded, and they limit each decoder. Our kernels (pixels.ts) read baseline JPEG and
 * decide whether it is damaged. mozjpeg (jpeg.ts) reads other JPEG files and the rest of damaged ones, with equal
 * pixels. @jsquash's codecs (webp.ts, avif.ts) read WebP and AVIF. The decoders of the other formats are our own,
 * because they must return the rows before a damaged place, use no more memory than the image, and agree with Pillow.
 */
import { describeMismatch, InputError } from "../errors.js";
import { loadModule } from "../kernels/module.js";
import type { RgbaImage } from "../types.js";
import { decodeAvif } from "./formats/avif.js";
import { decodeBmp } from "./formats/bmp.js";
import { Damage, type Decoded } from "./formats/damage.js";
import { decodeGif } from "./formats/gif.js";
import { decodeJpeg } from "./formats/jpeg.js";
import { decodePlainJpeg, needsPlainDecoder } from "./formats/jpeg-colour.js";
import { readBaselineJpeg } from "./formats/jpeg-header.js";
import { damageOf, readJpegStructure, refusalOf } from "./formats/jpeg-structure.js";
import { decodePng } from "./formats/png.js";
import { type PngTexts, writePng } from "./formats/png-writer.js";
import { decodeTiff } from "./formats/tiff.js";
import { decodeWebp } from "./formats/webp.js";
import { DEFAULT_MAX_PIXELS, type ImageHeader, readImageHeader, sniffFormat } from "./header.js";
import { kindOfFile } from "./kinds.js";
import { type Orientation, orientImage } from "./orientation.js";
import { Pixels } from "./pixels.js";

/** How decodeImage() decodes. */
export interface DecodeOptions {
  /** Largest number of pixels. Larger images are refused because of their header. Default 100 million. */
  readonly maxPixels?: number | undefined;
  /** `upright` (default) turns the image according to its EXIF orientation; `stored` does not turn it. */
  readonly frame?: "upright" | "stored";
  /** If true, a damaged file gives what could be decoded, with the rest grey, instead of an error. Default false. */
  readonly tolerant?: boolean;
}

/** A decoded image, and what its file says about it. */
export interface DecodedImage extends Decoded {
  /** Orientation stated by the file, whether it was applied or not. */
  readonly orientation: Orientation;
}

let jpegPixels: Promise<Pixels> | null = null;

function ownPixels(): Promise<Pixels> {
  jpegPixels ??= loadModule("image").then((module) => new Pixels(module));
  return jpegPixels;
}

/** Largest number of pixels for our plain JPEG decoder. It keeps all coefficients: 16 bytes per pixel of CMYK. */
const MAX_PLAIN_PIXELS = 50e6;

async function decodeAnyJpeg(bytes: Uint8Array, tolerant: boolean): Promise<Decoded> {
  const structure = readJpegStructure(bytes);
  const refusal = refusalOf(structure, bytes.length);
  if (refusal !== null) throw new Error(refusal);
  const damage = new Damage(tolerant);
  const found = damageOf(structure, bytes.length);
  if (found !== null) damage.note(found);
  const baseline = found === null ? readBaselineJpeg(bytes) : null;
  if (baseline !== null) {
    const whole = (await ownPixels()).decodeWhole(bytes, baseline);
    if (typeof whole !== "string") return { ...whole, damaged: null };
    damage.note(whole);
  }
  if (needsPlainDecoder(bytes, structure)) {
    const pixels = structure.width * structure.height;
    if (pixels > MAX_PLAIN_PIXELS) throw new Error("CMYK or an unusual sampling of more than 50 megapixels");
    return decodePlainJpeg(bytes, structure, damage);
  }
  return decodeJpeg(bytes, structure, damage);
}

/** Decodes a strip or tile of a TIFF file. Its size is checked before it is decoded. */
async function decodeJpegBlock(
  bytes: Uint8Array,
  width: number,
  height: number,
  mostRows: number,
  tolerant: boolean,
): Promise<Decoded> {
  const header = readImageHeader(bytes);
  if (header === null || header.width !== width || header.height < height || header.height > mostRows) {
    const size = header === null ? "no size" : `${header.width} x ${header.height} pixels`;
    throw new Error(`a strip or tile of ${width} x ${height} pixels holds JPEG of ${size}`);
  }
  return decodeAnyJpeg(bytes, tolerant);
}

async function decodeAny(bytes: Uint8Array, header: ImageHeader, tolerant: boolean): Promise<Decoded> {
  switch (header.format) {
    case "jpeg":
      return decodeAnyJpeg(bytes, tolerant);
    case "png":
      return decodePng(bytes, tolerant);
    case "gif":
      return decodeGif(bytes, tolerant);
    case "bmp":
      return decodeBmp(bytes, tolerant);
    case "tiff":
      return decodeTiff(bytes, tolerant, (...block) => decodeJpegBlock(...block, tolerant));
    case "webp":
      return decodeWebp(bytes, tolerant);
    case "avif":
      return decodeAvif(bytes, tolerant);
  }
}

/** A decoder's message. Reading beyond the last byte gets a message of our own. */
function wordsOf(error: unknown): string {
  if (error instanceof RangeError && /DataView/.test(error.message)) return "the file ends within its header";
  return error instanceof Error ? error.message : String(error);
}

function refuse(name: string, reason: string, cause?: unknown): InputError {
  return new InputError(`${name}: ${reason}`, cause === undefined ? undefined : { cause });
}

const EXPECTED = "JPEG, PNG, BMP, GIF, TIFF, WebP or AVIF";

/** Says why the bytes are not an image, as far as their header shows. */
function describeUnread(bytes: Uint8Array, header: ImageHeader | null): string {
  if (header !== null) {
    return describeMismatch("image", EXPECTED, `${header.width} x ${header.height} pixels`, "Replace the file.");
  }
  const format = sniffFormat(bytes);
  if (format !== null) {
    const article = format === "avif" ? "an" : "a";
    const received = `${article} ${format.toUpperCase()} file with a damaged header`;
    return describeMismatch("image", EXPECTED, received, "Replace the file.");
  }
  const kind = kindOfFile(bytes);
  return describeMismatch("image", EXPECTED, kind?.name ?? "another kind of file", kind?.remedy ?? "Replace the file.");
}

/**
 * Decodes JPEG, PNG, BMP, GIF and WebP (first frame), TIFF (first page) or AVIF (primary image) to opaque RGBA. Grey
 * becomes R = G = B, and 16 bits become 8. Transparency is dropped: the stored colour stays, and alpha becomes 255.
 * @param bytes the whole file
 * @param name  used in messages only
 * @throws InputError if the bytes are not an image, are too large or of a kind that we do not read, or (unless
 *   `tolerant`) are damaged or cut off
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { decodeImage } from "elegant-faces";
 *
 * const { width, height, data } = await decodeImage(await readFile("photo.jpg"), "photo.jpg");
 * ```
 */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  { maxPixels = DEFAULT_MAX_PIXELS, frame = "upright", tolerant = false }: DecodeOptions = {},
): Promise<DecodedImage> {
  const header = readImageHeader(bytes);
  if (header === null || header.width === 0 || header.height === 0) throw refuse(name, describeUnread(bytes, header));
  const { width, height, format, orientation } = header;
  if (width * height > maxPixels) {
    const limit = `at most ${maxPixels / 1e6} megapixels`;
    const remedy = "Scale the picture down, or raise --max-pixels where the command has it.";
    throw refuse(name, describeMismatch("image too large", limit, `${width} x ${height}`, remedy));
  }
  let image: Decoded;
  try {
    image = await decodeAny(bytes, header, tolerant);
  } catch (error) {
    const detail = wordsOf(error);
    throw refuse(name, `damaged or unsupported ${format.toUpperCase()}: ${detail}. Replace the file.`, error);
  }
  const { data, damaged } = image;
  if (image.width !== width || image.height !== height || data.length !== width * height * 4) {
    throw refuse(name, `damaged ${format.toUpperCase()}: the pixels do not fit the header. Replace the file.`);
  }
  const turned = frame === "upright" ? orientImage(image, orientation) : image;
  return { width: turned.width, height: turned.height, data: turned.data, damaged, orientation };
}

/**
 * Encodes an RGB PNG file (lossless). Alpha is dropped.
 * @param texts texts about the image, by their keywords ("Software", "Description"), stored as iTXt chunks
 * @throws Error for a keyword or a text that the PNG specification does not allow
 */
export async function encodePng(image: RgbaImage, texts: PngTexts = {}): Promise<Uint8Array> {
  return writePng(image, texts);
}

/**
 * Encodes a baseline JPEG file with 4:2:0 subsampling. Alpha is dropped.
 * @param quality 1 to 100
 */
export async function encodeJpeg(image: RgbaImage, quality: number): Promise<Uint8Array> {
  return (await ownPixels()).encodeJpeg(image, quality);
}
