/** Reads the chunks of a WebP file: its size, its EXIF block, and the image or the first frame of an animation. */
import { textOf } from "../../bytes.js";
import { type Orientation, parseExif } from "../orientation.js";

export interface WebpFile {
  /** Size of the canvas in pixels; for a still image, the image's size. */
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
  /** Position of the frame on the canvas, in pixels. */
  readonly left: number;
  readonly top: number;
  readonly frameWidth: number;
  readonly frameHeight: number;
  /** The VP8 or VP8L chunk with its header, as far as the file contains it. */
  readonly picture: Uint8Array;
  /** Which part of the file is missing; null if it is complete. */
  readonly missing: string | null;
  /** Description of sizes that contradict each other, so that nothing can be decoded; null if there are none. */
  readonly contradiction: string | null;
}

interface Chunk {
  readonly type: string;
  readonly start: number;
  /** End of the contents, without the padding byte; beyond the file if the chunk is cut off. */
  readonly end: number;
}

const CHUNK_HEADER = 8;
const FIRST_CHUNK = 12;
const FRAME_HEADER = 16;
const [EXIF_FLAG_BYTE, EXIF_FLAG] = [0, 8];

function* chunksOf(bytes: Uint8Array, from: number, to: number): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = from; at + CHUNK_HEADER <= to; ) {
    const type = textOf(bytes, at, at + 4);
    const start = at + CHUNK_HEADER;
    const end = start + view.getUint32(at + 4, true);
    yield { type, start, end };
    at = end + (end & 1);
  }
}

/** The size in the image's own data; null if the data are not of the kind that the chunk's name states. */
function sizeOfPicture(view: DataView, { type, start }: Chunk): { width: number; height: number } | null {
  if (type === "VP8L") {
    if (view.getUint8(start) !== 0x2f) return null;
    const packed = view.getUint32(start + 1, true);
    return { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1 };
  }
  if (view.getUint8(start + 3) !== 0x9d || view.getUint16(start + 4, true) !== 0x2a01) return null;
  return { width: view.getUint16(start + 6, true) & 0x3fff, height: view.getUint16(start + 8, true) & 0x3fff };
}

const isPicture = ({ type }: Chunk): boolean => type === "VP8 " || type === "VP8L";
const uint24 = (view: DataView, at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);

/**
 * Reads a file that begins with WebP's signature, or the first part of it. Alpha is never read: it is in a chunk of its
 * own, or is dropped after decoding. Returns null if there is no image, or if the image's header is missing or makes no
 * sense.
 */
export function readWebp(bytes: Uint8Array): WebpFile | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stated = CHUNK_HEADER + view.getUint32(4, true);
  const end = Math.min(bytes.length, stated);
  let missing = stated > bytes.length ? `the file has ${bytes.length} of its ${stated} bytes` : null;
  let canvas: { width: number; height: number; exif: boolean } | null = null;
  let picture: Chunk | null = null;
  let frame: { left: number; top: number; width: number; height: number } | null = null;
  let orientation: Orientation | null = null;
  for (const chunk of chunksOf(bytes, FIRST_CHUNK, end)) {
    const { type, start } = chunk;
    if (type === "VP8X" && canvas === null) {
      const exif = (view.getUint8(start + EXIF_FLAG_BYTE) & EXIF_FLAG) !== 0;
      canvas = { width: uint24(view, start + 4) + 1, height: uint24(view, start + 7) + 1, exif };
    } else if (type === "ANMF" && picture === null) {
      const [left, top, across, down] = [0, 3, 6, 9].map((at) => uint24(view, start + at));
      frame = { left: left * 2, top: top * 2, width: across + 1, height: down + 1 };
      for (const inner of chunksOf(bytes, start + FRAME_HEADER, Math.min(chunk.end, end))) {
        if (isPicture(inner)) picture ??= inner;
      }
    } else if (isPicture(chunk)) {
      picture ??= chunk;
    } else if (type === "EXIF" && canvas?.exif === true && orientation === null) {
      const block = bytes.subarray(start, Math.min(chunk.end, end));
      const prefixed = textOf(block, 0, 6) === "Exif\0\0";
      orientation = parseExif(prefixed ? block.subarray(6) : block);
    }
    if (chunk.end > end) missing ??= `the ${type.trim()} chunk is cut off`;
  }
  if (picture === null) return null;
  const size = sizeOfPicture(view, picture);
  if (size === null) return null;
  const { width, height } = canvas ?? size;
  const { left, top, ...place } = frame ?? { left: 0, top: 0, width, height };
  if (picture.end > end) missing ??= "the picture is cut off";
  const of = `${place.width} x ${place.height}`;
  let contradiction: string | null = null;
  if (left + place.width > width || top + place.height > height) {
    contradiction = `a frame of ${of} at ${left},${top} leaves the canvas of ${width} x ${height}`;
  } else if (size.width !== place.width || size.height !== place.height) {
    contradiction = `a picture of ${size.width} x ${size.height} in a frame of ${of}`;
  }
  const contents = bytes.subarray(picture.start - CHUNK_HEADER, Math.min(picture.end, end));
  return {
    ...{ width, height, left, top, frameWidth: place.width, frameHeight: place.height },
    orientation: orientation ?? 1,
    picture: contents,
    ...{ missing, contradiction },
  };
}
