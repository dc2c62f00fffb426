/**
 * Writes an AVIF file that contains one AV1 image. The codec then finds no other items. Alpha is not decoded, and no
 * special treatment is needed for sequences or for files without a pixi box, which old encoders wrote and which Pillow
 * and browsers read.
 */
import type { AvifStill } from "./avif-boxes.js";

function uint(size: 1 | 2 | 4, ...values: readonly number[]): Buffer {
  const out = Buffer.alloc(size * values.length);
  for (const [i, value] of values.entries()) out.writeUIntBE(value, i * size, size);
  return out;
}

function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 8);
  return Buffer.concat([uint(4, length), Buffer.from(type, "latin1"), ...parts]);
}

/** A box with version 0 and no flags. */
const fullBox = (type: string, ...parts: readonly Uint8Array[]): Buffer => box(type, uint(4, 0), ...parts);

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
  const head = box("ftyp", Buffer.from("avif\0\0\0\0avifmif1miaf", "latin1"));
  const metaOf = (offset: number): Buffer =>
    fullBox(
      "meta",
      fullBox("hdlr", uint(4, 0), Buffer.from("pict"), Buffer.alloc(13)),
      fullBox("pitm", uint(2, 1)),
      fullBox("iloc", uint(2, 0x4400, 1, 1, 0, 1), uint(4, offset, data.length)),
      fullBox("iinf", uint(2, 1), box("infe", uint(4, 2 << 24), uint(2, 1, 0), Buffer.from("av01\0"))),
      box(
        "iprp",
        box("ipco", ...properties),
        fullBox("ipma", uint(4, 1), uint(2, 1), uint(1, places.length, ...places)),
      ),
    );
  const meta = metaOf(head.length + metaOf(0).length + 8);
  return Buffer.concat([head, meta, box("mdat", data)]);
}
