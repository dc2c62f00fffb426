/**
 * Writes an AVIF file that contains one AV1 image. The codec then finds no other items. Alpha is not decoded, and no
 * special treatment is needed for sequences or for files without a pixi box, which old encoders wrote and which Pillow
 * and browsers read.
 */
import { bytesOf, concat } from "../../bytes.js";
import type { AvifStill } from "./avif-boxes.js";

/** Big-endian numbers of `size` bytes each. */
function uint(size: 1 | 2 | 4, ...values: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: size * values.length }, (_, i) => {
    const after = size - 1 - (i % size);
    return values[Math.floor(i / size)] >>> (8 * after);
  });
}

function box(type: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 8);
  return concat([uint(4, length), bytesOf(type), ...parts]);
}

/** A box with version 0 and no flags. */
const fullBox = (type: string, ...parts: readonly Uint8Array[]): Uint8Array => box(type, uint(4, 0), ...parts);

/** Bits per sample, once per channel, from an av1C box. */
function depthsOf(config: Uint8Array): readonly number[] {
  const [high, twelve, monochrome] = [0x40, 0x20, 0x10].map((bit) => ((config[2] ?? 0) & bit) !== 0);
  const depth = !high ? 8 : twelve ? 12 : 10;
  return new Array<number>(monochrome ? 1 : 3).fill(depth);
}

/** A file whose only item is this image of `width` x `height` pixels, without rotation. */
export function stillFile({ data, config, colour }: AvifStill, width: number, height: number): Uint8Array {
  const depths = depthsOf(config);
  const properties = [
    fullBox("ispe", uint(4, width, height)),
    fullBox("pixi", uint(1, depths.length, ...depths)),
    box("av1C", config),
    ...(colour === null ? [] : [box("colr", colour)]),
  ];
  const essential = 0x80;
  const places = properties.map((_, i) => (i === 2 ? essential : 0) | (i + 1));
  const head = box("ftyp", bytesOf("avif\0\0\0\0avifmif1miaf"));
  const metaOf = (offset: number): Uint8Array =>
    fullBox(
      "meta",
      fullBox("hdlr", uint(4, 0), bytesOf("pict"), new Uint8Array(13)),
      fullBox("pitm", uint(2, 1)),
      fullBox("iloc", uint(2, 0x4400, 1, 1, 0, 1), uint(4, offset, data.length)),
      fullBox("iinf", uint(2, 1), box("infe", uint(4, 2 << 24), uint(2, 1, 0), bytesOf("av01\0"))),
      box(
        "iprp",
        box("ipco", ...properties),
        fullBox("ipma", uint(4, 1), uint(2, 1), uint(1, places.length, ...places)),
      ),
    );
  const meta = metaOf(head.length + metaOf(0).length + 8);
  return concat([head, meta, box("mdat", data)]);
}
