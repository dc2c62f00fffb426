/**
 * Reads the chunks of a PNG file (header, palette and compressed data), checks their checksums, and describes the
 * layout of rows.
 */
import { crc32 } from "#platform";
import { concat, indexOfText } from "../../bytes.js";
import type { Damage } from "./damage.js";

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colour: number;
  readonly interlaced: boolean;
}

export interface PngChunks extends PngHeader {
  /** RGB triples; null without a PLTE chunk. */
  readonly palette: Uint8Array | null;
  /** The zlib stream of all IDAT chunks together. */
  readonly data: Uint8Array;
}

const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

function readHeader(view: DataView): PngHeader {
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colour, compression, filter, interlace] = [24, 25, 26, 27, 28].map((at) => view.getUint8(at));
  if (!DEPTHS[colour]?.includes(depth)) throw new Error(`${depth} bits of colour type ${colour} do not exist`);
  if (compression !== 0) throw new Error(`compression method ${compression} is unknown`);
  if (filter !== 0) throw new Error(`filter method ${filter} is unknown`);
  if (interlace > 1) throw new Error(`interlace method ${interlace} is unknown`);
  return { width, height, depth, colour, interlaced: interlace === 1 };
}

function typeAt(view: DataView, at: number): string {
  return String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));
}

/**
 * Finds the next IDAT or IEND after a chunk whose length makes no sense. Calls must not go back in the file: each
 * search continues the previous one, so all searches together read the file once.
 */
function knownChunkFinder(bytes: Uint8Array): (from: number) => number | null {
  const ahead = ["IDAT", "IEND"].map((type) => ({ type, at: indexOfText(bytes, type) }));
  return (from) => {
    for (const next of ahead) {
      if (next.at >= 0 && next.at < from + 4) next.at = indexOfText(bytes, next.type, from + 4);
    }
    const found = ahead.map(({ at }) => at).filter((at) => at >= 0);
    return found.length === 0 ? null : Math.min(...found) - 4;
  };
}

const KNOWN_CRITICAL = new Set(["IHDR", "PLTE", "IDAT", "IEND"]);
/** The chunks that the upright image depends on. A wrong checksum of any other chunk is harmless. */
const CHECKED = new Set(["IHDR", "PLTE", "IDAT", "eXIf"]);
const HEADER_BYTES = 13;
/** Largest number of entries in a palette. */
const MAX_PALETTE = 256;

/**
 * Reads the chunks of a file that begins with PNG's signature and an IHDR chunk. Other chunks than IHDR, PLTE and IDAT
 * are skipped and never inflated. Wrong checksums of those and of eXIf, and missing and broken chunks, are noted as
 * damage. @throws Error if no decoder could read the header
 */
export function readPngChunks(bytes: Uint8Array, damage: Damage): PngChunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 33) throw new Error("the file ends within its header");
  const header = readHeader(view);
  let palette: Uint8Array | null = null;
  const parts: Uint8Array[] = [];
  let nextKnownChunk: ((from: number) => number | null) | null = null;
  let [at, ended, dataEnded] = [8, false, false];
  while (at + 8 <= bytes.length && !ended) {
    const type = typeAt(view, at);
    const length = view.getUint32(at);
    const end = at + 12 + length;
    const readable = /^[A-Za-z]{4}$/.test(type);
    if (!readable || end > bytes.length) {
      damage.note(readable ? `the file ends within its ${type} chunk` : `no chunk at byte ${at}`);
    } else if (CHECKED.has(type) && crc32(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) {
      damage.note(`wrong checksum of the ${type} chunk at byte ${at}`);
    } else if (type[0] === type[0].toUpperCase() && !KNOWN_CRITICAL.has(type)) {
      damage.note(`unknown critical chunk ${type}`);
    } else if (type === "IHDR" && (at !== 8 || length !== HEADER_BYTES)) {
      damage.note(at === 8 ? `a header of ${length} bytes` : "a second header");
    }
    const body = bytes.subarray(at + 8, Math.min(end - 4, bytes.length));
    if (type === "IDAT") {
      if (dataEnded) damage.note("other chunks lie between the IDAT chunks");
      parts.push(body);
    } else {
      dataEnded = parts.length > 0;
    }
    if (type === "PLTE" && palette === null) {
      const entries = Math.min(MAX_PALETTE, Math.floor(body.length / 3));
      // The palette of an RGB image is only a suggestion.
      const fits = body.length === entries * 3 && entries > 0;
      if (!fits && header.colour === 3) damage.note(`a palette of ${body.length} bytes`);
      palette = body.subarray(0, entries * 3);
    }
    ended = type === "IEND";
    if (readable && end <= bytes.length) {
      at = end;
    } else {
      nextKnownChunk ??= knownChunkFinder(bytes);
      const next = nextKnownChunk(at + 4);
      if (next === null) break;
      if (type === "IDAT") parts[parts.length - 1] = bytes.subarray(at + 8, Math.max(at + 8, next - 4));
      at = next;
    }
  }
  if (!ended) damage.note("the IEND chunk is missing: the file is cut off");
  if (parts.length === 0) throw new Error("no IDAT chunk, so no pixels");
  if (header.colour === 3 && palette === null) throw new Error("no PLTE chunk, so no colours");
  return { ...header, palette, data: parts.length === 1 ? parts[0] : concat(parts) };
}

/** One pass over the image: every `stepX`-th pixel of every `stepY`-th row, starting at (x, y). */
export interface PngPass {
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
  /** Number of pixels in this pass. */
  readonly width: number;
  readonly height: number;
  /** Bytes per row, without its filter byte. */
  readonly rowBytes: number;
}

const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Number of samples per pixel. */
export function samplesOf({ colour }: PngHeader): number {
  return SAMPLES[colour];
}

/** The passes that contain pixels, in file order: one, or Adam7's seven. */
export function passesOf(header: PngHeader): PngPass[] {
  const { width, height, interlaced, depth } = header;
  const bits = samplesOf(header) * depth;
  const grids = interlaced ? ADAM7 : [[0, 0, 1, 1] as const];
  return grids
    .map(([x, y, stepX, stepY]) => {
      const [across, down] = [Math.ceil((width - x) / stepX), Math.ceil((height - y) / stepY)];
      return { x, y, stepX, stepY, width: across, height: down, rowBytes: Math.ceil((across * bits) / 8) };
    })
    .filter((pass) => pass.width > 0 && pass.height > 0);
}
