/** Reads an image file's first bytes: its format by magic number, and its size, before anything is decoded. */
import { avifBrands, readAvif } from "./formats/avif-boxes.js";
import { findGifFrame } from "./formats/gif-frame.js";
import { APP1, bodyOf, EOI, exifOf, isFrame, nextSegment, SOS } from "./formats/jpeg-segments.js";
import { readTiffPage } from "./formats/tiff-page.js";
import { readWebp } from "./formats/webp-chunks.js";
import { type Orientation, parseExif } from "./orientation.js";

/** Pixels. 100 megapixels need 400 MB as RGBA. */
export const DEFAULT_MAX_PIXELS = 100e6;

export type ImageFormat = "jpeg" | "png" | "gif" | "bmp" | "tiff" | "webp" | "avif";

export interface ImageHeader {
  readonly format: ImageFormat;
  /** Size of the stored image in pixels: for TIFF, of the first page; for GIF, of the screen; for WebP, of the canvas. */
  readonly width: number;
  readonly height: number;
  /** Number of colour components in JPEG: 1 grey, 3 colour, 4 CMYK; 0 for other formats. */
  readonly components: number;
  /** From the EXIF block of JPEG, PNG and WebP, TIFF's tag, or AVIF's rotation and mirror; 1 if it is missing or malformed. */
  readonly orientation: Orientation;
}

/** The format by its magic number, whatever the file's name; null for formats that we do not read. */
export function sniffFormat(bytes: Uint8Array): ImageFormat | null {
  const starts = (...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);
  if (starts(0xff, 0xd8)) return "jpeg";
  if (starts(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "png";
  if (starts(0x47, 0x49, 0x46, 0x38)) return "gif";
  // Text can begin with these letters, too. But a BMP header has fewer than 256 bytes.
  if (starts(0x42, 0x4d) && [15, 16, 17].every((i) => bytes[i] === 0)) return "bmp";
  const isCanonRaw = bytes[8] === 0x43 && bytes[9] === 0x52; // its first page is only a small preview
  if ((starts(0x49, 0x49, 0x2a, 0) && !isCanonRaw) || starts(0x4d, 0x4d, 0, 0x2a)) return "tiff";
  if (starts(0x52, 0x49, 0x46, 0x46) && [0x57, 0x45, 0x42, 0x50].every((byte, i) => bytes[8 + i] === byte))
    return "webp";
  if (avifBrands(bytes).some((brand) => brand === "avif" || brand === "avis")) return "avif";
  return null;
}

/** Reads the segments up to the first scan, or to the end of the available bytes. */
function readJpeg(bytes: Uint8Array): ImageHeader | null {
  let frame: { width: number; height: number; components: number } | null = null;
  let orientation: Orientation | null = null;
  for (let segment = nextSegment(bytes, 2); segment !== null; segment = nextSegment(bytes, segment.end)) {
    const { marker, start } = segment;
    if (marker === EOI || marker === SOS) break;
    if (isFrame(marker)) {
      if (start + 10 > bytes.length) return null;
      const word = (at: number): number => (bytes[start + at] << 8) | bytes[start + at + 1];
      // A second frame header is an error that the decoder reports. The first one determines how much memory is needed.
      frame ??= { height: word(5), width: word(7), components: bytes[start + 9] };
    }
    const exif = marker === APP1 && orientation === null ? exifOf(bodyOf(bytes, segment)) : null;
    if (exif !== null) orientation = parseExif(exif);
  }
  return frame === null ? null : { format: "jpeg", ...frame, orientation: orientation ?? 1 };
}

/** Searches the chunks for eXIf, which may come after the pixels. */
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

/** Reads the header of the first page. */
function readTiff(bytes: Uint8Array): ImageHeader | null {
  const { width, height, orientation } = readTiffPage(bytes);
  return { format: "tiff", width, height, components: 0, orientation };
}

/** Reads the size of the screen, enlarged until the first frame fits on it. */
function readGif(bytes: Uint8Array): ImageHeader {
  const { screenWidth, screenHeight } = findGifFrame(bytes);
  return { format: "gif", width: screenWidth, height: screenHeight, components: 0, orientation: 1 };
}

/** The old header of OS/2 has 16 bits per side. In later headers, a negative height means rows from the top. */
function readBmp(view: DataView): ImageHeader {
  const old = view.getUint32(14, true) === 12;
  const width = old ? view.getUint16(18, true) : Math.abs(view.getInt32(18, true));
  const height = old ? view.getUint16(20, true) : Math.abs(view.getInt32(22, true));
  return { format: "bmp", width, height, components: 0, orientation: 1 };
}

/** Format, size and orientation; null if the bytes are not an image that we read, or if the header is incomplete. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const format = sniffFormat(bytes);
  if (format === null) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    switch (format) {
      case "jpeg":
        return readJpeg(bytes);
      case "png":
        return readPng(view);
      case "gif":
        return readGif(bytes);
      case "bmp":
        return readBmp(view);
      case "tiff":
        return readTiff(bytes);
      case "webp":
      case "avif": {
        const found = format === "webp" ? readWebp(bytes) : readAvif(bytes);
        if (found === null) return null;
        const { width, height, orientation } = found;
        return { format, width, height, components: 0, orientation };
      }
    }
  } catch {
    return null; // the file ends within its header
  }
}
