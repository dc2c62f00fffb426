/** Iterates over the segments of a JPEG file (ITU T.81, B.1.1.4). */

export const SOI = 0xd8;
export const EOI = 0xd9;
export const SOS = 0xda;
export const DHT = 0xc4;
export const DQT = 0xdb;
export const DRI = 0xdd;
export const DNL = 0xdc;
export const COM = 0xfe;
export const DAC = 0xcc;
export const APP0 = 0xe0;
export const APP1 = 0xe1;
export const APP14 = 0xee;
export const TEM = 0x01;
const JPG = 0xc8;

/** The APP1 segment with an EXIF block begins with "Exif" and two zeros. */
const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0];
const JFIF = [0x4a, 0x46, 0x49, 0x46, 0];
const ADOBE = [0x41, 0x64, 0x6f, 0x62, 0x65];

/** Largest number of pixels per byte of a file: a block of 64 pixels needs at least one bit of DC data. */
export const MAX_PIXELS_A_BYTE = 512;

export interface Segment {
  /** Second byte of the marker. */
  readonly marker: number;
  /** Byte offset of the marker. */
  readonly start: number;
  /**
   * Byte offset after the segment, according to its length; it may be beyond the file. A marker without a length has
   * two bytes.
   */
  readonly end: number;
}

export const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7;

/** True for SOF0 to SOF15. DHT, JPG and DAC have codes in the same range but are not frames. */
export const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== DHT && marker !== JPG && marker !== DAC;

/** The first segment from `at` on; null at the end. Stray bytes and fill bytes before it are skipped, as decoders do. */
export function nextSegment(bytes: Uint8Array, at: number): Segment | null {
  for (let start = at; start + 2 <= bytes.length; start++) {
    const marker = bytes[start + 1];
    if (bytes[start] !== 0xff || marker === 0xff || marker === 0) continue;
    if (marker === EOI || marker === SOI || marker === TEM || isRestart(marker))
      return { marker, start, end: start + 2 };
    const length = start + 4 <= bytes.length ? (bytes[start + 2] << 8) | bytes[start + 3] : 2;
    return { marker, start, end: start + 2 + Math.max(2, length) };
  }
  return null;
}

/** The contents of a segment after its length, as far as the file contains them. */
export function bodyOf(bytes: Uint8Array, { start, end }: Segment): Uint8Array {
  return bytes.subarray(start + 4, end);
}

function startsWith(body: Uint8Array, text: readonly number[]): boolean {
  return text.every((byte, i) => body[i] === byte);
}

/** The EXIF block in the body of an APP1 segment; null if the segment contains something else. */
export function exifOf(body: Uint8Array): Uint8Array | null {
  return startsWith(body, EXIF) ? body.subarray(EXIF.length) : null;
}

/** True for the body of a JFIF APP0 segment, by libjpeg's rule. */
export function isJfif(body: Uint8Array): boolean {
  return body.length >= 14 && startsWith(body, JFIF);
}

/** The colour transform in the body of an APP14 segment: 0 none, 1 YCbCr, 2 YCCK; null if the segment is not Adobe's. */
export function adobeTransformOf(body: Uint8Array): number | null {
  return body.length >= 12 && startsWith(body, ADOBE) ? body[11] : null;
}
