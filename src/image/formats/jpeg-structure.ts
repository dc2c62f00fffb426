/** The segments and scans of a JPEG file: how much work and which damage can be found before anything is decoded. */
import { concat } from "../../bytes.js";
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
  /** Second byte of the frame header's marker, 0xc0 to 0xcf; 0 if there is none. */
  readonly frame: number;
  /** Bits per sample. */
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly scans: number;
  /** True if the end marker comes after the last scan. */
  readonly ended: boolean;
  /** Description of the first marker at an invalid position; null if there is none. */
  readonly misplaced: string | null;
  /** Segments that have a length. A scan ends after its data, and no segment ends beyond the file. */
  readonly segments: readonly Segment[];
}

/**
 * The end of the entropy-coded data from `at`: the next marker that is neither stuffing nor a restart. Markers below
 * 0xc0 are broken data. They end the data only if no restart marker follows, because a decoder continues there. The
 * first such marker is returned as well.
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

/** Why a marker may not be at its position, by libjpeg's rules; null if it may. */
function whyMisplaced(marker: number, framed: boolean): string | null {
  if (isFrame(marker)) return framed ? "a second frame header" : null;
  if (marker === SOI) return "a second start marker: the file continues within another picture";
  const isOther = marker === TEM || isRestart(marker) || (marker >= APP0 && marker <= APP0 + 15);
  const isKnown = isOther || [DHT, DQT, DRI, DAC, DNL, SOS, EOI, COM].includes(marker);
  return isKnown ? null : `marker 0x${marker.toString(16)}, which does not exist`;
}

/** Reads a file that begins with the start marker, up to its end marker or last byte. It takes linear time and never throws. */
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

/** Number of scans that any image may have, however large. Encoders write at most about 20. */
const USUAL_SCANS = 40;
/** Up to this number of pixels, the start of a file is decoded if damage is tolerated, however little of the file is left. */
const USUAL_PIXELS = 16e6;
/** Pixels times scans that take a second or two. Small files may need less, so that the time grows with their size. */
const USUAL_WORK = 100e6;
const KINDS: Readonly<Record<number, string>> = { 3: "lossless", 5: "hierarchical", 6: "hierarchical", 7: "lossless" };

function cannotHold(width: number, height: number, fileBytes: number): string {
  return `${fileBytes} bytes cannot hold the ${width} x ${height} pixels of the header`;
}

/** Why our decoders cannot read a file, or only with more work than any photo needs; null if they can. */
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

/** Damage that is visible without decoding; null if there is none. */
export function damageOf({ width, height, ended, misplaced }: JpegStructure, fileBytes: number): string | null {
  if (!ended) return PREMATURE_END;
  return width * height > fileBytes * MAX_PIXELS_A_BYTE ? cannotHold(width, height, fileBytes) : misplaced;
}

/** True for frames whose scans contain whole blocks one after the other: baseline and extended sequential. */
export function isSequential({ frame }: JpegStructure): boolean {
  return frame === 0xc0 || frame === 0xc1;
}

/** True for segments that pixels depend on, other than the colour space: frame headers, tables, restart intervals and scans. */
function isEssential(marker: number): boolean {
  return isFrame(marker) || [DHT, DQT, DRI, SOS].includes(marker);
}

/** Short segments that specify a colour space for libjpeg: JFIF 1.01 for YCbCr, Adobe's transform 0 for RGB. */
const JFIF_SEGMENT = [0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0];
const ADOBE_RGB_SEGMENT = [0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0];

/**
 * Returns the scan with the only valid band for the single scan of a sequential file. libjpeg warns about any other
 * band and ignores it.
 */
function withWholeBand(scan: Uint8Array): Uint8Array {
  const band = 5 + 2 * scan[4];
  if (((scan[2] << 8) | scan[3]) !== band + 1 || scan.length < band + 3) return scan;
  const copy = new Uint8Array(scan);
  copy.set([0, 63, 0], band);
  return copy;
}

/**
 * The file with only the segments that pixels depend on, up to `scans` scans, the colour space, and an end marker. Then
 * libjpeg warns only about damage to the pixels, no other segment makes it fail, and many of them do not slow it down.
 * A second frame header is omitted.
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
  return concat(parts);
}
