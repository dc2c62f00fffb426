/** Decodes WebP with libwebp in WASM (@jsquash/webp); of animations, the first frame. Alpha is dropped. */

import decoderFactory from "@jsquash/webp/codec/dec/webp_dec.js";
import { bytesOf } from "../../bytes.js";
import type { RgbaImage } from "../../types.js";
import { Damage, type Decoded } from "./damage.js";
import { CodecHolder, expectDensity, KEPT_PIXELS } from "./wasm-codec.js";
import { readWebp } from "./webp-chunks.js";

interface Codec {
  decode(data: Uint8Array): RgbaImage | null;
}

const decoder = new CodecHolder<Codec>(decoderFactory, "@jsquash/webp/codec/dec/webp_dec.wasm");

/** A file with a single VP8 or VP8L chunk. The codec gets no other kind, whatever else the original file contains. */
function fileOf(picture: Uint8Array): Uint8Array {
  const padding = picture.length & 1;
  const file = new Uint8Array(12 + picture.length + padding);
  file.set(bytesOf("RIFF"));
  new DataView(file.buffer).setUint32(4, 4 + picture.length + padding, true);
  file.set(bytesOf("WEBP"), 8);
  file.set(picture, 12);
  return file;
}

/** The frame on an animation's canvas, which is black outside the frame. */
function placed(frame: RgbaImage, width: number, height: number, left: number, top: number): Uint8Array {
  const out = new Uint8Array(width * height * 4);
  for (let y = 0; y < frame.height; y++) {
    const row = frame.data.subarray(y * frame.width * 4, (y + 1) * frame.width * 4);
    out.set(row, ((top + y) * width + left) * 4);
  }
  return out;
}

/**
 * Decodes a WebP file to RGBA as stored. With `tolerant`, other parts may be missing, but the image must be complete,
 * because libwebp returns nothing otherwise. @throws Error that says what is wrong
 */
export async function decodeWebp(bytes: Uint8Array, tolerant: boolean): Promise<Decoded> {
  const damage = new Damage(tolerant);
  const found = readWebp(bytes);
  if (found === null) throw new Error("no picture in the file");
  const { width, height, left, top, frameWidth, frameHeight, picture, missing, contradiction } = found;
  if (contradiction !== null) throw new Error(contradiction);
  if (missing !== null) damage.note(missing);
  expectDensity(picture.length, frameWidth, frameHeight);
  const { result: image } = await decoder.run((codec) => codec.decode(fileOf(picture)));
  if (frameWidth * frameHeight > KEPT_PIXELS) decoder.drop();
  if (image === null) throw new Error(missing ?? "broken image data");
  if (image.width !== frameWidth || image.height !== frameHeight) throw new Error("the pixels do not fit the header");
  const filled = frameWidth === width && frameHeight === height;
  const canvas = filled ? image.data : placed(image, width, height, left, top);
  const data = new Uint8Array(canvas.buffer, canvas.byteOffset, canvas.byteLength);
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
  return { width, height, data, damaged: damage.reason };
}
