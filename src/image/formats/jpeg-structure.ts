/** The segments and scans of a JPEG file: what can be known about the work and the damage before anything is decoded. */
import { colourSpaceOf } from "./jpeg-colour-space.js";
import {
  APP0,
  COM,
  DAC,
  DHT,
  DNL,
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
  TEM,
} from "./jpeg-segments.js";
import { PREMATURE_END } from "./jpeg-tail.js";

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
  /** The first marker that has no place where it stands, in words; null when there is none. */
  readonly misplaced: string | null;
  /** Those with a length; a scan ends behind its data, and none beyond the file. */
  readonly segments: readonly Segment[];
}

/**
 * Where the entropy-coded data from `at` end: at the next marker that is neither stuffing nor a restart. Markers below 0xc0 are
 * broken data; they end it only if no restart follows, at which a decoder goes on. The first one is returned too.
 */
function endOfData(bytes: Uint8Array, at: number): { readonly end: number; readonly broken: number | null } {
  let broken: number | null = null;
  let brokenAt: number | null = null; // since the last restart
  for (let next = bytes.indexOf(0xff, at); next >= 0; next = bytes.indexOf(0xff, next + 1)) {
    const marker = bytes[next + 1];
    if (marker === undefined || marker === 0 || marker === 0xff) continue;
    if (isRestart(marker)) brokenAt = null;
    else if (marker >= 0xc0) return { end: brokenAt ?? next, broken };
    else {
      broken ??= marker;
      brokenAt ??= next;
    }
  }
  return { end: brokenAt ?? bytes.length, broken };
}

/** Why a marker cannot stand where it does, as libjpeg sees it; null when it can. */
function whyMisplaced(marker: number, framed: boolean): string | null {
  if (isFrame(marker)) return framed ? "a second frame header" : null;
  if (marker === SOI) return "a second start marker: the file goes on within another picture";
  const isOther = marker === TEM || isRestart(marker) || (marker >= APP0 && marker <= APP0 + 15);
  const isKnown = isOther || [DHT, DQT, DRI, DAC, DNL, SOS, EOI, COM].includes(marker);
  return isKnown ? null : `marker 0x${marker.toString(16)}, which does not exist`;
}

/** Walks a file that begins with the start marker, up to its end marker or its last byte; linear, and never throws. */
export function readJpegStructure(bytes: Uint8Array): JpegStructure {
  const segments: Segment[] = [];
  let [frame, precision, width, height, components, scans] = [0, 0, 0, 0, 0, 0];
  let ended = false;
  let misplaced: string | null = null;
  for (let segment = nextSegment(bytes, 2); segment !== null; ) {
    const { marker, start } = segment;
    let { end } = segment;
    if (marker === EOI) {
      ended = true;
      break;
    }
    misplaced ??= whyMisplaced(marker, frame !== 0);
    if (isFrame(marker) && frame === 0 && start + 10 <= bytes.length) {
      frame = marker;
      [precision, components] = [bytes[start + 4], bytes[start + 9]];
      [height, width] = [(bytes[start + 5] << 8) | bytes[start + 6], (bytes[start + 7] << 8) | bytes[start + 8]];
    }
    if (marker === SOS) {
      scans++;
      const data = endOfData(bytes, end);
      end = data.end;
      if (data.broken !== null) misplaced ??= `marker 0x${data.broken.toString(16)} within the image data`;
    }
    if (end - start > 2) segments.push({ marker, start, end: Math.min(end, bytes.length) });
    segment = nextSegment(bytes, end);
  }
  return { frame, precision, width, height, components, scans, ended, misplaced, segments };
}

/** Scans that any picture may have, however large: encoders write at most about 20. */
const USUAL_SCANS = 40;
/** Pixels of which the beginning of a file is worth decoding where damage is tolerated, however little of it is left. */
const USUAL_PIXELS = 16e6;
/** Pixels times scans that take a second or two; small files may ask for less, so that time grows with their size. */
const USUAL_WORK = 100e6;
const KINDS: Readonly<Record<number, string>> = { 3: "lossless", 5: "hierarchical", 6: "hierarchical", 7: "lossless" };

function cannotHold(width: number, height: number, fileBytes: number): string {
  return `${fileBytes} bytes cannot hold the ${width} x ${height} pixels of the header`;
}

/** What our decoders cannot read at all, or only at a price that no photo has; null when they can. */
export function refusalOf({ frame, precision, width, height, scans }: JpegStructure, fileBytes: number): string | null {
  if (frame === 0) return "no frame header, so no size";
  if (frame > 0xc8) return "arithmetic coding is not supported; save the photo as baseline or progressive JPEG";
  if (frame > 0xc2) return `${KINDS[frame & 15] ?? "this kind of"} JPEG is not supported; save it as baseline JPEG`;
  if (precision !== 8) return `${precision} bits a sample are not supported; save the photo with 8`;
  if (scans === 0) return "no scan, so no pixels";
  if (width * height > Math.max(USUAL_PIXELS, fileBytes * MAX_PIXELS_A_BYTE)) {
    return cannotHold(width, height, fileBytes);
  }
  if (scans > USUAL_SCANS && scans * width * height > Math.min(USUAL_WORK, fileBytes * MAX_PIXELS_A_BYTE)) {
    return `${scans} scans of ${width} x ${height} pixels are more work than a photo takes (a decompression bomb?)`;
  }
  return null;
}

/** Damage that shows without decoding; null when there is none. */
export function damageOf({ width, height, ended, misplaced }: JpegStructure, fileBytes: number): string | null {
  if (!ended) return PREMATURE_END;
  return width * height > fileBytes * MAX_PIXELS_A_BYTE ? cannotHold(width, height, fileBytes) : misplaced;
}

/** Frames whose scans bring whole blocks one after the other: baseline and extended sequential. */
export function isSequential({ frame }: JpegStructure): boolean {
  return frame === 0xc0 || frame === 0xc1;
}

/** Segments that pixels depend on, besides the colour space: frame headers, tables, restart intervals and scans. */
function isEssential(marker: number): boolean {
  return isFrame(marker) || [DHT, DQT, DRI, SOS].includes(marker);
}

/** Short segments that mean a colour space to libjpeg: JFIF 1.01 for YCbCr, Adobe's transform 0 for RGB. */
const JFIF_SEGMENT = [0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0];
const ADOBE_RGB_SEGMENT = [0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0];

/** A scan whose band says what the only scan of a sequential file must say: libjpeg warns of anything else and ignores it. */
function withWholeBand(scan: Uint8Array): Uint8Array {
  const band = 5 + 2 * scan[4];
  if (((scan[2] << 8) | scan[3]) !== band + 1 || scan.length < band + 3) return scan;
  const copy = new Uint8Array(scan);
  copy.set([0, 63, 0], band);
  return copy;
}

/**
 * The file again with nothing but the segments that pixels depend on, up to `scans` scans, the colour space, and an end marker.
 * libjpeg then warns of nothing but damage to the pixels, gives up at no other segment, and is not slowed down by many of them. A
 * second frame header is left out.
 */
export function essentialJpeg(bytes: Uint8Array, structure: JpegStructure, scans: number): Uint8Array {
  const { segments } = structure;
  const colours = colourSpaceOf(bytes, segments);
  const parts: Uint8Array[] = [Uint8Array.of(0xff, SOI)];
  if (colours === "YCbCr") parts.push(Uint8Array.from(JFIF_SEGMENT));
  if (colours === "RGB") parts.push(Uint8Array.from(ADOBE_RGB_SEGMENT));
  let [taken, framed] = [0, false];
  for (const { marker, start, end } of segments) {
    if (!isEssential(marker) || (isFrame(marker) && framed)) continue;
    if (marker === SOS && ++taken > scans) break;
    framed ||= isFrame(marker);
    const part = bytes.subarray(start, end);
    parts.push(marker === SOS && isSequential(structure) ? withWholeBand(part) : part);
  }
  parts.push(Uint8Array.of(0xff, EOI));
  return Buffer.concat(parts);
}
