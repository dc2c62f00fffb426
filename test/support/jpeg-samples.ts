/** JPEG files in the forms that photos have, and damage to their image data. */
import sharp, { type JpegOptions } from "sharp";
import { encodeJpeg } from "../../src/image/codec.js";
import type { Random } from "../../src/random.js";
import { type JpegShape, jpegFile } from "./jpeg-files.js";
import { mutate, type Sample } from "./mutants.js";
import { goldenPhoto } from "./pictures.js";

/** Files of about 100 x 90 pixels: every sampling, restart markers, EXIF, RGB, CMYK, baseline and progressive. */
export async function jpegSamples(random: Random): Promise<Sample[]> {
  const [width, height] = [101, 89];
  const photo = goldenPhoto("jpeg-fuzz", 12, height, width);
  const raw = sharp(photo.data, { raw: { width, height, channels: 4 } });
  const jpeg = (options: JpegOptions): Promise<Buffer> => raw.clone().jpeg(options).toBuffer();
  const made = (shape: Partial<JpegShape>): Uint8Array =>
    jpegFile(random, { width, height, h: 1, v: 1, grey: false, restartInterval: 0, ...shape });
  return [
    { name: "420.jpg", bytes: await encodeJpeg(photo, 92) },
    { name: "420-optimised.jpg", bytes: await jpeg({ quality: 85, mozjpeg: false, optimiseCoding: true }) },
    { name: "444.jpg", bytes: await jpeg({ quality: 90, chromaSubsampling: "4:4:4" }) },
    { name: "grey.jpg", bytes: await raw.clone().toColourspace("b-w").jpeg().toBuffer() },
    { name: "422-restarts.jpg", bytes: made({ h: 2, restartInterval: 5 }) },
    { name: "440.jpg", bytes: made({ v: 2 }) },
    { name: "420-restarts.jpg", bytes: made({ h: 2, v: 2, restartInterval: 1 }) },
    { name: "turned.jpg", bytes: await raw.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer() },
    { name: "progressive.jpg", bytes: await jpeg({ quality: 85, progressive: true }) },
    { name: "cmyk.jpg", bytes: await raw.clone().removeAlpha().toColourspace("cmyk").jpeg().toBuffer() },
  ];
}

/** Where the image data of the first scan begin. */
export function scanOf(bytes: Uint8Array): number {
  const at = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xda);
  return at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
}

/** `bytes` without `length` of them at `at`. */
export function without(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + length)]);
}

/** `bytes` with `more` inserted at `at`. */
export function inserted(bytes: Uint8Array, at: number, more: Iterable<number>): Uint8Array {
  return Uint8Array.from([...bytes.subarray(0, at), ...more, ...bytes.subarray(at)]);
}

/**
 * Damages a file. In half of the mutants, bytes of the image data are changed, lost, doubled, exchanged or inserted
 * before the end; in the others, any bytes are.
 */
export function mutateJpeg(bytes: Uint8Array, random: Random): Uint8Array {
  if (random.below(2) === 0) return mutate(bytes, random);
  const scan = scanOf(bytes);
  const room = bytes.length - 2 - scan;
  const at = scan + random.below(room);
  const length = Math.min(1 + random.below([4, 40, 700][random.below(3)]), bytes.length - 2 - at, at - scan);
  const copy = Uint8Array.from(bytes);
  switch (random.below(6)) {
    case 0:
      for (let flips = 1 + random.below(3); flips > 0; flips--) copy[scan + random.below(room)] ^= 1 << random.below(8);
      return copy;
    case 1:
      return without(bytes, at, length);
    case 2:
      return inserted(bytes, at, bytes.subarray(at - length, at));
    case 3:
      return inserted(bytes, at, [0xff, random.below(4) === 0 ? 0xff : 0xd0 + random.below(8)]);
    case 4:
      return inserted(bytes, bytes.length - 2, new Uint8Array(random.below(20)).fill([0, 0xff, 7][random.below(3)]));
    default:
      copy.copyWithin(at, scan + random.below(room - length), scan + room);
      return copy;
  }
}
