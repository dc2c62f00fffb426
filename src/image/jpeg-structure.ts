/** The segments and scans of a JPEG file: what can be known about the work and the damage before anything is decoded. */

interface Segment {
  /** Second byte of the marker. */
  readonly marker: number;
  /** Of the marker's first byte. */
  readonly start: number;
  /** Behind the segment; of a scan, behind its data. */
  readonly end: number;
}

export interface JpegStructure {
  /** Second byte of the frame header's marker: 0xc0 to 0xcf; 0 when there is none. */
  readonly frame: number;
  /** Bits a sample. */
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly scans: number;
  /** The end marker comes after the last scan. */
  readonly ended: boolean;
  readonly segments: readonly Segment[];
}

const [SOI, EOI, SOS, DAC] = [0xd8, 0xd9, 0xda, 0xcc];
const isRestart = (marker: number): boolean => marker >= 0xd0 && marker <= 0xd7;
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== DAC;

/** Where the entropy-coded data from `at` end: at the next marker that is neither stuffing nor a restart. */
function endOfData(bytes: Uint8Array, at: number): number {
  for (let next = bytes.indexOf(0xff, at); next >= 0; next = bytes.indexOf(0xff, next + 1)) {
    const marker = bytes[next + 1];
    if (marker !== undefined && marker !== 0 && marker !== 0xff && !isRestart(marker)) return next;
  }
  return bytes.length;
}

/** Walks a file that begins with the start marker, up to its end marker or its last byte; linear, and never throws. */
export function readJpegStructure(bytes: Uint8Array): JpegStructure {
  const segments: Segment[] = [];
  let [frame, precision, width, height, components, scans] = [0, 0, 0, 0, 0, 0];
  let ended = false;
  let at = 2;
  while (at + 2 <= bytes.length && !ended) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === 0xff || marker === 0) {
      at++;
      continue;
    }
    if (marker === EOI || marker === SOI || marker === 1 || isRestart(marker)) {
      ended = marker === EOI;
      at += 2;
      continue;
    }
    const start = at;
    const length = at + 4 <= bytes.length ? (bytes[at + 2] << 8) | bytes[at + 3] : 2;
    if (isFrame(marker) && frame === 0 && at + 10 <= bytes.length) {
      frame = marker;
      [precision, components] = [bytes[at + 4], bytes[at + 9]];
      [height, width] = [(bytes[at + 5] << 8) | bytes[at + 6], (bytes[at + 7] << 8) | bytes[at + 8]];
    }
    at += 2 + Math.max(2, length);
    if (marker === SOS) {
      scans++;
      at = endOfData(bytes, at);
    }
    segments.push({ marker, start, end: Math.min(at, bytes.length) });
  }
  return { frame, precision, width, height, components, scans, ended, segments };
}

/** Scans that any picture may have, however large: encoders write at most about 20. */
const USUAL_SCANS = 40;
/** Pixels times scans that take a second or two. */
const USUAL_WORK = 100e6;
/** A block of 64 pixels takes at least a bit of DC data. */
const MAX_PIXELS_A_BYTE = 512;

const KINDS: Readonly<Record<number, string>> = { 3: "lossless", 5: "hierarchical", 6: "hierarchical", 7: "lossless" };

/** What our decoders cannot read at all, or only at a price that no photo has; null when they can. */
export function refusalOf({ frame, precision, width, height, scans }: JpegStructure): string | null {
  if (frame === 0) return "no frame header, so no size";
  if (frame > 0xc8) return "arithmetic coding is not supported; save the photo as baseline or progressive JPEG";
  if (frame > 0xc2) return `${KINDS[frame & 15] ?? "this kind of"} JPEG is not supported; save it as baseline JPEG`;
  if (precision !== 8) return `${precision} bits a sample are not supported; save the photo with 8`;
  if (scans === 0) return "no scan, so no pixels";
  if (scans > USUAL_SCANS && scans * width * height > USUAL_WORK) {
    return `${scans} scans of ${width} x ${height} pixels are more work than a photo takes (a decompression bomb?)`;
  }
  return null;
}

/** Damage that shows without decoding; null when there is none. */
export function damageOf({ width, height, ended }: JpegStructure, fileBytes: number): string | null {
  if (!ended) return "Premature end of JPEG file: the end marker is missing";
  return width * height <= fileBytes * MAX_PIXELS_A_BYTE
    ? null
    : `${fileBytes} bytes cannot hold the ${width} x ${height} pixels of the header`;
}

/** Segments that pixels depend on: frame headers, tables, restart intervals, scans and Adobe's colour transform. */
function isEssential(marker: number): boolean {
  return isFrame(marker) || marker === 0xc4 || marker === 0xdb || marker === 0xdd || marker === SOS || marker === 0xee;
}

/**
 * The file again with the segments that pixels depend on, up to `scans` scans, and an end marker: for a decoder that gives
 * up at a damaged segment. A second frame header is left out.
 */
export function essentialJpeg(bytes: Uint8Array, { segments }: JpegStructure, scans: number): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0xff, SOI)];
  let [taken, framed] = [0, false];
  for (const { marker, start, end } of segments) {
    if (!isEssential(marker) || (isFrame(marker) && framed)) continue;
    if (marker === SOS && ++taken > scans) break;
    framed ||= isFrame(marker);
    parts.push(bytes.subarray(start, end));
  }
  parts.push(Uint8Array.of(0xff, EOI));
  return Buffer.concat(parts);
}
