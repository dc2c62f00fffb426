/** Image files of all kinds, and damage to their bytes, from a seed. */
import sharp, { type JpegOptions, type PngOptions } from "sharp";
import { encodeJpeg } from "../../src/image/codec.js";
import type { Random } from "../../src/random.js";
import type { RgbaImage } from "../../src/types.js";
import { goldenPhoto } from "./pictures.js";
import { bgrRows, bmpFile } from "./small-files.js";
import { webPicture } from "./web-pictures.js";

export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A BMP file with run lengths, literals and ends of lines. */
function runsFile(width: number, height: number): Uint8Array {
  const row = [width - 3, 5, 0, 3, 1, 2, 3, 0, 0, 0];
  const palette = Uint8Array.from({ length: 8 * 4 }, (_, i) => i * 7);
  const rows = Uint8Array.from(Array.from({ length: height }, () => row).flat());
  return bmpFile(width, height, rows, { bits: 8, compression: 1, palette });
}

const samplePhoto = (side: number): RgbaImage => goldenPhoto("fuzz", 11, side - 5, side + 3);

/** Sound files: JPEG and PNG in the forms that photos have, and the other formats. `side` is in pixels. @param photo what they show */
export async function imageSamples(side: number, photo = samplePhoto(side)): Promise<Sample[]> {
  const { width, height } = photo;
  const raw = sharp(photo.data, { raw: { width, height, channels: 4 } });
  const jpeg = (options: JpegOptions): Promise<Buffer> => raw.clone().jpeg(options).toBuffer();
  const png = (options: PngOptions): Promise<Buffer> => raw.clone().png(options).toBuffer();
  return [
    { name: "own.jpg", bytes: await encodeJpeg(photo, 90) },
    { name: "baseline444.jpg", bytes: await jpeg({ quality: 90, chromaSubsampling: "4:4:4" }) },
    { name: "progressive.jpg", bytes: await jpeg({ quality: 80, progressive: true }) },
    { name: "grey.jpg", bytes: await raw.clone().toColourspace("b-w").jpeg().toBuffer() },
    { name: "exif.jpg", bytes: await raw.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer() },
    { name: "cmyk.jpg", bytes: await raw.clone().removeAlpha().toColourspace("cmyk").jpeg().toBuffer() },
    { name: "rgba.png", bytes: await png({}) },
    { name: "interlaced.png", bytes: await raw.clone().removeAlpha().png({ progressive: true }).toBuffer() },
    { name: "palette.png", bytes: await png({ palette: true, colours: 14 }) },
    { name: "grey16.png", bytes: await raw.clone().toColourspace("grey16").png().toBuffer() },
    { name: "frame.gif", bytes: await raw.clone().gif().toBuffer() },
    { name: "lzw.tif", bytes: await raw.clone().removeAlpha().tiff({ compression: "lzw" }).toBuffer() },
    {
      name: "deflate.tif",
      bytes: await raw.clone().tiff({ compression: "deflate", predictor: "horizontal" }).toBuffer(),
    },
    { name: "jpeg.tif", bytes: await raw.clone().removeAlpha().tiff({ compression: "jpeg" }).toBuffer() },
    {
      name: "tiles.tif",
      bytes: await raw.clone().tiff({ compression: "lzw", tile: true, tileWidth: 32, tileHeight: 32 }).toBuffer(),
    },
    { name: "plain.bmp", bytes: bmpFile(width, height, bgrRows(photo), { bits: 24 }) },
    {
      name: "masks.bmp",
      bytes: bmpFile(width, height, bgrRows(photo), { bits: 24, compression: 3, masks: [0xff0000, 0xff00, 0xff] }),
    },
    { name: "runs.bmp", bytes: runsFile(width, height) },
    ...["lossy.webp", "lossless.webp", "exif6.webp", "anim.webp", "420.avif", "alpha.avif"].map((name) => ({
      name,
      bytes: webPicture(name),
    })),
  ];
}

/**
 * Damages a file in one to three ways: bytes changed, the end cut off, a block zeroed, two blocks exchanged, bytes
 * inserted or left out, a block repeated, a number near the start set to an extreme.
 */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let result = new Uint8Array(bytes); // a Buffer's slice() would share its bytes
  for (let times = 1 + random.below(3); times > 0 && result.length > 16; times--) {
    const n = result.length;
    const at = random.below(n);
    const length = 1 + random.below(Math.min(n - at, 1 + random.below(512)));
    switch (random.below(8)) {
      case 0:
        for (let flips = 1 + random.below(4); flips > 0; flips--) result[random.below(n)] = random.below(256);
        break;
      case 1:
        result = result.subarray(0, 1 + at);
        break;
      case 2:
        result.fill(0, at, at + length);
        break;
      case 3: {
        const other = random.below(n - length + 1);
        const [one, two] = [at, other].map((from) => Uint8Array.from(result.subarray(from, from + length)));
        result.set(two, at);
        result.set(one, other);
        break;
      }
      case 4: {
        const inserted = Uint8Array.from({ length }, () => random.below(256));
        result = Buffer.concat([result.subarray(0, at), inserted, result.subarray(at)]);
        break;
      }
      case 5:
        result = Buffer.concat([result.subarray(0, at + length), result.subarray(at)]);
        break;
      case 6: {
        const extreme = [0, 1, 0x7f, 0x80, 0xff][random.below(5)];
        const place = random.below(Math.min(n - 4, 256));
        result.fill(extreme, place, place + 1 + random.below(4));
        break;
      }
      default:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + length)]);
    }
  }
  return result;
}
