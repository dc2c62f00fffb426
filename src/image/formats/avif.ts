/** Decodes the primary image of AVIF files with libavif in WASM (@jsquash/avif). Alpha is dropped. */

import decoderFactory from "@jsquash/avif/codec/dec/avif_dec.js";
import { bytesOf, textOf } from "../../bytes.js";
import { av1Sizes } from "./av1-sequence.js";
import { type AvifFile, readAvif } from "./avif-boxes.js";
import { stillFile } from "./avif-still.js";
import { Damage, type Decoded } from "./damage.js";
import { CodecHolder, expectDensity, KEPT_PIXELS } from "./wasm-codec.js";

interface Codec {
  /** Decodes to RGBA with `depth` bits, in elements of 8 or 16 bits. */
  decode(data: Uint8Array, depth: 8): { data: Uint8ClampedArray; width: number; height: number } | null;
  decode(data: Uint8Array, depth: 16): { data: Uint16Array; width: number; height: number } | null;
}

const decoder = new CodecHolder<Codec>(decoderFactory, "@jsquash/avif/codec/dec/avif_dec.wasm");

/** Largest number of pixels. The codec uses up to 15 bytes per pixel, and 0.2 s per megapixel. */
const MAX_PIXELS = 50e6;
/** Limit on the item data that is searched, as a multiple of the file's length. Items may share bytes. */
const MOST_READING = 4;
/** The weights of red and blue in luma, by CICP's number of the matrix. */
const LUMA: Readonly<Record<number, readonly [number, number]>> = { 1: [0.2126, 0.0722], 9: [0.2627, 0.0593] };
const LUMA_601: readonly [number, number] = [0.299, 0.114];

/** Refuses files whose coded images are much larger than the size in the container. */
function expectSizes(bytes: Uint8Array, { width, height, items }: AvifFile): void {
  let read = 0;
  for (const item of items) {
    read += item.length;
    if (read > MOST_READING * bytes.length) throw new Error("items that share their data many times");
    for (const coded of av1Sizes(item)) {
      if (coded.width * coded.height <= 4 * width * height + 2 ** 20) continue;
      throw new Error(`coded pictures of ${coded.width} x ${coded.height} in a file of ${width} x ${height}`);
    }
  }
}

/** The file that the codec gets. A sequence also contains a still image. With the brand avif, the codec decodes that image. */
function asStill(bytes: Uint8Array, { still, width, height }: AvifFile): Uint8Array {
  if (still !== null) return stillFile(still, width, height);
  if (textOf(bytes, 8, 12) !== "avis") return bytes;
  const copy = bytes.slice();
  copy.set(bytesOf("avif"), 8);
  return copy;
}

/**
 * Corrects the last column of an image with an odd width. That column has a chroma sample of its own. libavif blends it
 * with its neighbour; libyuv (and so Pillow and browsers) does not. The last two columns are 3/4 and 1/4 mixtures of
 * the last sample and its neighbour, so the sample lies half their difference beyond the last column. Clipped colours
 * do not reveal their chroma and stay unchanged.
 */
function unblendLastColumn(data: Uint16Array, width: number, height: number, matrix: number): void {
  const [red, blue] = LUMA[matrix] ?? LUMA_601;
  const lumaOf = (at: number): number => red * data[at] + (1 - red - blue) * data[at + 1] + blue * data[at + 2];
  const isClipped = (at: number): boolean => [0, 1, 2].some((c) => data[at + c] === 0 || data[at + c] === 65535);
  for (let y = 0; y < height; y++) {
    const at = ((y + 1) * width - 1) * 4;
    if (isClipped(at) || isClipped(at - 4)) continue;
    const luma = lumaOf(at) - lumaOf(at - 4);
    for (let c = 0; c < 3; c++) {
      const beyond = (data[at + c] - data[at - 4 + c] - luma) / 2;
      data[at + c] = Math.min(65535, Math.max(0, Math.round(data[at + c] + beyond)));
    }
  }
}

function eightBits(data: Uint16Array): Uint8Array {
  const out = new Uint8Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.round(data[i] / 257);
  return out;
}

/**
 * Decodes an AVIF file to RGBA as stored; the caller applies the rotation. @throws Error that says what is wrong, even
 * with `tolerant`, because libavif returns nothing for a damaged image
 */
export async function decodeAvif(bytes: Uint8Array, tolerant: boolean): Promise<Decoded> {
  const damage = new Damage(tolerant);
  const found = readAvif(bytes);
  if (found === null) throw new Error("no still picture in the file");
  const { width, height, halfChroma, matrix, missing } = found;
  if (width * height > MAX_PIXELS) throw new Error(`more than ${MAX_PIXELS / 1e6} megapixels are not supported`);
  if (missing !== null) damage.note(missing);
  expectDensity(bytes.length, width, height);
  expectSizes(bytes, found);
  const file = asStill(bytes, found);
  const exact = halfChroma && width % 2 === 1 && width > 1;
  const { result: image } = await decoder.run((codec) => (exact ? codec.decode(file, 16) : codec.decode(file, 8)));
  if (width * height > KEPT_PIXELS) decoder.drop();
  if (image === null) throw new Error(missing ?? "broken image data");
  if (image.width !== width || image.height !== height) throw new Error("the pixels do not fit the header");
  let data: Uint8Array;
  if (image.data instanceof Uint16Array) {
    unblendLastColumn(image.data, width, height, matrix);
    data = eightBits(image.data);
  } else {
    data = new Uint8Array(image.data.buffer, image.data.byteOffset, image.data.byteLength);
  }
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
  return { width, height, data, damaged: damage.reason };
}
