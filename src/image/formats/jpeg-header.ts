/**
 * Reads the headers of the JPEG files that our own kernel decodes: baseline (ITU T.81, SOF0), 8 bits, grey or YCbCr in
 * one scan, with one chroma sample per 1 x 1, 2 x 1, 1 x 2 or 2 x 2 pixels. mozjpeg (jpeg.ts) and the plain decoder
 * read all other files.
 */
import type { HuffmanTable } from "../../kernels/jpeg-tables.js";
import { type Orientation, parseExif } from "../orientation.js";
import { colourSpaceOf } from "./jpeg-colour-space.js";
import {
  APP0,
  APP1,
  bodyOf,
  COM,
  DHT,
  DQT,
  DRI,
  exifOf,
  MAX_PIXELS_A_BYTE,
  nextSegment,
  type Segment,
  SOS,
} from "./jpeg-segments.js";

export interface JpegComponent {
  /** Quantisation steps in zigzag order, [64]. */
  readonly quantisation: Uint8Array;
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
}

export interface BaselineJpeg {
  readonly width: number;
  readonly height: number;
  /** Number of pixels across and down per chroma sample, 1 or 2; 1 for grey. */
  readonly h: number;
  readonly v: number;
  /** One component for grey, otherwise Y, Cb, Cr. */
  readonly components: readonly JpegComponent[];
  /** Number of MCUs between restart markers; 0 if there are none. */
  readonly restartInterval: number;
  /** Byte offset of the entropy-coded data. */
  readonly scan: number;
  /** Orientation in the first EXIF block; 1 without one. The pixels are decoded as stored. */
  readonly orientation: Orientation;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly components: readonly { id: number; h: number; v: number; table: number }[];
}

const SOF0 = 0xc0;
const isApplication = (marker: number): boolean => marker >= APP0 && marker <= APP0 + 15;
const isFactor = (factor: number): boolean => factor >= 1 && factor <= 4;

function readFrame(body: Uint8Array): Frame | null {
  const count = body[5];
  if (body[0] !== 8 || (count !== 1 && count !== 3) || body.length < 6 + 3 * count) return null;
  const components = Array.from({ length: count }, (_, i) => {
    const at = 6 + 3 * i;
    return { id: body[at], h: body[at + 1] >> 4, v: body[at + 1] & 15, table: body[at + 2] };
  });
  const [first, ...rest] = components;
  // The sampling of a single component has no meaning (A.2.2).
  if (count === 1 ? !isFactor(first.h) || !isFactor(first.v) : ![0x11, 0x12, 0x21, 0x22].includes(body[7])) return null;
  if (rest.some(({ h, v }) => h !== 1 || v !== 1)) return null;
  return { height: (body[1] << 8) | body[2], width: (body[3] << 8) | body[4], components };
}

/** Adds a DHT segment's tables by class and destination. @returns false if the segment is damaged */
function readHuffman(body: Uint8Array, tables: Map<number, HuffmanTable>): boolean {
  let at = 0;
  while (at < body.length) {
    const id = body[at];
    const counts = body.slice(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    at += 17 + total;
    if (at > body.length || total > 256 || (id & 0xef) > 3) return false;
    let code = 0; // the next free code of each length; none may be all ones (C.2)
    for (let i = 0; i < 16; i++) {
      code = (code << 1) + counts[i];
      if (code >= 1 << (i + 1)) return false;
    }
    const symbols = body.slice(at - total, at);
    if (id < 0x10 && symbols.some((size) => size > 11)) return false;
    tables.set(id, { id, counts, symbols });
  }
  return true;
}

function readQuantisation(body: Uint8Array, tables: Map<number, Uint8Array>): boolean {
  for (let at = 0; at < body.length; at += 65) {
    if (body[at] > 3 || at + 65 > body.length) return false; // a baseline file has no 16-bit steps
    tables.set(body[at], body.slice(at + 1, at + 65));
  }
  return true;
}

/** The headers of a file that the kernel can decode; null for other kinds of files and for damaged ones. */
export function readBaselineJpeg(bytes: Uint8Array): BaselineJpeg | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  const huffman = new Map<number, HuffmanTable>();
  const quantisation = new Map<number, Uint8Array>();
  let frame: Frame | null = null;
  let restartInterval = 0;
  let orientation: Orientation | null = null;
  const segments: Segment[] = [];
  for (let segment = nextSegment(bytes, 2); segment !== null; segment = nextSegment(bytes, segment.end)) {
    const { marker, start, end } = segment;
    // A length includes its own two bytes.
    if (end > bytes.length || ((bytes[start + 2] << 8) | bytes[start + 3]) < 2) return null;
    const body = bodyOf(bytes, segment);
    segments.push(segment);
    if (marker === SOS) {
      const space = colourSpaceOf(bytes, segments);
      if (frame === null || (space !== "grey" && space !== "YCbCr")) return null;
      const found = finish(frame, body, huffman, quantisation, bytes.length);
      return found && { ...found, restartInterval, scan: end, orientation: orientation ?? 1 };
    } else if (marker === SOF0) {
      if (frame !== null) return null;
      frame = readFrame(body);
      if (frame === null) return null;
    } else if (marker === DHT) {
      if (!readHuffman(body, huffman)) return null;
    } else if (marker === DQT) {
      if (!readQuantisation(body, quantisation)) return null;
    } else if (marker === DRI) {
      if (body.length !== 2) return null;
      restartInterval = (body[0] << 8) | body[1];
    } else if (marker === APP1) {
      const exif = orientation === null ? exifOf(body) : null;
      if (exif !== null) orientation = parseExif(exif);
    } else if (marker !== COM && !isApplication(marker)) {
      return null;
    }
  }
  return null;
}

function finish(
  { width, height, components }: Frame,
  scan: Uint8Array,
  huffman: ReadonlyMap<number, HuffmanTable>,
  quantisation: ReadonlyMap<number, Uint8Array>,
  fileBytes: number,
): Omit<BaselineJpeg, "restartInterval" | "scan" | "orientation"> | null {
  const n = components.length;
  if (
    width === 0 ||
    height === 0 ||
    width * height > fileBytes * MAX_PIXELS_A_BYTE ||
    scan.length !== 4 + 2 * n ||
    scan[0] !== n
  )
    return null;
  // The last three bytes, a band of coefficients, have no meaning here.
  const [h, v] = n === 1 ? [1, 1] : [components[0].h, components[0].v]; // a single component is not interleaved (A.2.2)
  // libjpeg enlarges such narrow chroma without its filter.
  if (h === 2 && width <= 4) return null;
  const found: JpegComponent[] = [];
  for (const [i, { id, table }] of components.entries()) {
    const tables = scan[2 + 2 * i];
    const dc = huffman.get(tables >> 4);
    const ac = huffman.get(0x10 | (tables & 15));
    const steps = quantisation.get(table);
    if (scan[1 + 2 * i] !== id || !dc || !ac || !steps) return null;
    found.push({ quantisation: steps, dc, ac });
  }
  return { width, height, h, v, components: found };
}
