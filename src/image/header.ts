/** What an image file's first bytes say: its format by magic number and its size, before anything is decoded. */
import { type Orientation, parseExif } from "./orientation.js";
import { readTiffPage } from "./tiff-page.js";

/** 100 megapixels: 400 MB as RGBA. */
export const DEFAULT_MAX_PIXELS = 100e6;

export type ImageFormat = "jpeg" | "png" | "gif" | "bmp" | "tiff";

export interface ImageHeader {
  readonly format: ImageFormat;
  /** Pixels of the stored frame; of a TIFF file its first page's, of a GIF file its screen's. */
  readonly width: number;
  readonly height: number;
  /** Colour components: 1 grey, 3 colour, 4 CMYK; JPEG only, else 0. */
  readonly components: number;
  /** From the EXIF block of JPEG and PNG and from TIFF's tag; 1 where there is none or it is malformed. */
  readonly orientation: Orientation;
}

/** The format by its magic number, whatever the file is called; null when it is none that we read. */
export function sniffFormat(bytes: Uint8Array): ImageFormat | null {
  const starts = (...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);
  if (starts(0xff, 0xd8)) return "jpeg";
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "png";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "gif";
  if (starts(0x42, 0x4d)) return "bmp";
  if (starts(0x49, 0x49, 0x2a, 0) || starts(0x4d, 0x4d, 0, 0x2a)) return "tiff";
  return null;
}

/** "Exif" and two zeros open the APP1 segment that holds an EXIF block. */
const EXIF_SIGNATURE = [0x45, 0x78, 0x69, 0x66, 0, 0];

/** Walks the segments to the frame header (SOF0..SOF15 without DHT, JPG and DAC) and on to the first scan. */
function readJpeg(view: DataView): ImageHeader | null {
  let at = 2;
  let frame: { width: number; height: number; components: number } | null = null;
  let orientation: Orientation | null = null;
  const found = (): ImageHeader | null =>
    frame === null ? null : { format: "jpeg", ...frame, orientation: orientation ?? 1 };
  while (at + 4 < view.byteLength) {
    if (view.getUint8(at) !== 0xff) {
      at++; // stray bytes between segments are skipped, as decoders do
      continue;
    }
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0x00 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
      continue;
    }
    if (marker === 0xd9 || marker === 0xda) return found(); // the picture ends or its data begins
    const length = view.getUint16(at + 2);
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      if (at + 9 >= view.byteLength) return null;
      // A second frame header is an error that the decoder tells; the first says how much memory it takes.
      frame ??= { height: view.getUint16(at + 5), width: view.getUint16(at + 7), components: view.getUint8(at + 9) };
    }
    const block = at + 4 + EXIF_SIGNATURE.length;
    if (marker === 0xe1 && orientation === null && block < view.byteLength) {
      if (EXIF_SIGNATURE.every((byte, i) => view.getUint8(at + 4 + i) === byte)) {
        const end = Math.min(view.byteLength, at + 2 + length);
        orientation = parseExif(new Uint8Array(view.buffer, view.byteOffset + block, Math.max(0, end - block)));
      }
    }
    at += 2 + length;
  }
  return found();
}

/** Walks the chunks for eXIf, which may lie behind the pixels. */
function readPng(view: DataView): ImageHeader | null {
  if (view.getUint32(12) !== 0x49484452) return null; // "IHDR"
  let orientation: Orientation = 1;
  for (let at = 8; at + 12 <= view.byteLength; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) !== 0x65584966) continue; // "eXIf"
    const length = Math.min(view.getUint32(at), view.byteLength - at - 8);
    orientation = parseExif(new Uint8Array(view.buffer, view.byteOffset + at + 8, length));
    break;
  }
  return { format: "png", width: view.getUint32(16), height: view.getUint32(20), components: 0, orientation };
}

/** Of the first page. */
function readTiff(bytes: Uint8Array): ImageHeader | null {
  const { width, height, orientation } = readTiffPage(bytes);
  return { format: "tiff", width, height, components: 0, orientation };
}

/** The old header of OS/2 has 16 bits for each side; in later ones a negative height means rows from the top. */
function readBmp(view: DataView): ImageHeader {
  const old = view.getUint32(14, true) === 12;
  const width = old ? view.getUint16(18, true) : Math.abs(view.getInt32(18, true));
  const height = old ? view.getUint16(20, true) : Math.abs(view.getInt32(22, true));
  return { format: "bmp", width, height, components: 0, orientation: 1 };
}

/** Format and size, or null when the bytes are no image that we read or the header is incomplete. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const format = sniffFormat(bytes);
  if (format === null) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    switch (format) {
      case "jpeg":
        return readJpeg(view);
      case "png":
        return readPng(view);
      case "gif":
        return {
          format,
          width: view.getUint16(6, true),
          height: view.getUint16(8, true),
          components: 0,
          orientation: 1,
        };
      case "bmp":
        return readBmp(view);
      case "tiff":
        return readTiff(bytes);
    }
  } catch {
    return null; // the file ends within its header
  }
}
