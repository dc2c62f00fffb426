/** Our PNG files against those that a general writer makes with the same filter and compression. */
import assert from "node:assert/strict";
import png, { PNGColorType, PNGFilterType } from "@jimp/js-png";
import { decodeImage } from "../../src/image/codec.js";
import { writePng } from "../../src/image/formats/png-writer.js";
import { Random } from "../../src/random.js";
import type { RgbaImage } from "../../src/types.js";
import { goldenPhoto } from "../support/pictures.js";

const SIZES = [
  [1, 1],
  [3, 5],
  [17, 1],
  [1, 33],
  [255, 7],
  [64, 64],
] as const;

function noise(width: number, height: number): RgbaImage {
  const random = Random.fromSeed(5, `${width}x${height}`);
  return { width, height, data: Uint8Array.from({ length: width * height * 4 }, () => random.below(256)) };
}

describe("image/png-writer", () => {
  it("writes the bytes of js-png with the Paeth filter at level 3, for photos and noise of any size", async () => {
    const opaque = (picture: RgbaImage): RgbaImage => {
      return { ...picture, data: picture.data.map((value, i) => (i % 4 === 3 ? 255 : value)) };
    };
    const pictures = SIZES.flatMap(([width, height]) => [
      opaque(noise(width, height)),
      goldenPhoto("png", 1, height, width),
    ]);
    // js-png mixes colours with white where they are not opaque, and decoded photos always are.
    for (const picture of pictures) {
      const { width, height, data } = picture;
      const expected = await png().encode(
        { width, height, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) },
        { colorType: PNGColorType.COLOR, filterType: PNGFilterType.PATH, deflateLevel: 3 },
      );
      assert.ok(Buffer.from(writePng(picture)).equals(expected), `${width} x ${height}`);
    }
  });

  it("keeps every colour and drops alpha", async () => {
    const picture = noise(31, 9);
    const opaque = picture.data.map((value, i) => (i % 4 === 3 ? 255 : value));
    const { data } = await decodeImage(writePng(picture), "noise");
    assert.deepEqual(Uint8Array.from(data), Uint8Array.from(opaque));
  });
});
