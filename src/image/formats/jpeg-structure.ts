/** The segments and scans of a JPEG file: what can be known about the work and the damage before anything is decoded. */
import {
  APP14,
  DHT,
  DQT,
  DRI,
  EOI,
  isFrame,
  isRestart,
  MAX_PIXELS_A_BYTE,
  nextSegment,
  type Segment,
  SOI,
  SOS,
} from "./jpeg-segments.js";

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
  /** Those with a length; a scan ends behind its data, and none beyond the file. */
  readonly segments: readonly Segment[];
}

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
  for (let segment = nextSegment(bytes, 2); segment !== null; ) {
    const { marker, start } = segment;
    let { end } = segment;
    if (marker === EOI) {
      ended = true;
      break;
    }
    if (isFrame(marker) && frame === 0 && start + 10 <= bytes.length) {
      frame = marker;
      [precision, components] = [bytes[start + 4], bytes[start + 9]];
      [height, width] = [(bytes[start + 5] << 8) | bytes[start + 6], (bytes[start + 7] << 8) | bytes[start + 8]];
    }
    if (marker === SOS) {
      scans++;
      end = endOfData(bytes, end);
    }
    if (end - start > 2) segments.push({ marker, start, end: Math.min(end, bytes.length) });
    segment = nextSegment(bytes, end);
  }
  return { frame, precision, width, height, components, scans, ended, segments };
}

/** Scans that any picture may have, however large: encoders write at most about 20. */
const USUAL_SCANS = 40;
/** Pixels times scans that take a second or two. */
const USUAL_WORK = 100e6;
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
  return isFrame(marker) || [DHT, DQT, DRI, SOS, APP14].includes(marker);
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
