/** BMP files that no library writes: odd headers, masks, offsets, and damage. */
import assert from "node:assert/strict";
import { InputError } from "../../src/errors.js";
import { type DecodeOptions, decodeImage } from "../../src/image/codec.js";
import type { RgbaImage } from "../../src/types.js";
import { goldenPhoto } from "../support/pictures.js";
import { bgrRows, bmpFile, rgbOf } from "../support/small-files.js";

const photo = goldenPhoto("bmp", 4, 21, 19);
const { width, height } = photo;
const BITFIELDS = 3;
const RGB_MASKS = [0xff0000, 0xff00, 0xff];

const decode = (bytes: Uint8Array, options?: DecodeOptions): Promise<RgbaImage & { damaged: string | null }> =>
  decodeImage(bytes, "b.bmp", options);
const refuses = (bytes: Uint8Array, words: RegExp, options?: DecodeOptions): Promise<void> =>
  assert.rejects(decode(bytes, options), (e: Error) => e instanceof InputError && words.test(e.message));

async function assertPhoto(bytes: Uint8Array): Promise<void> {
  assert.ok(rgbOf(await decode(bytes)).equals(rgbOf(photo)));
}

describe("image/formats/bmp", () => {
  it("finds pixels whose place is left at 0, behind the header, the masks and the palette", async () => {
    const rows = bgrRows(photo);
    await assertPhoto(bmpFile(width, height, rows, { bits: 24 }));
    await assertPhoto(bmpFile(width, height, rows, { bits: 24, offset: 0 }));
    await assertPhoto(bmpFile(width, height, rows, { bits: 24, headerBytes: 124, offset: 0 }));
    await assertPhoto(bmpFile(width, height, rows, { bits: 24, compression: BITFIELDS, masks: RGB_MASKS, offset: 0 }));
    const palette = Uint8Array.from({ length: 256 * 4 }, (_, i) => (i % 4 === 3 ? 0 : (i * 37) & 255));
    const indices = Uint8Array.from({ length: 20 * 21 }, (_, i) => (i * 11) & 255);
    const truth = await decode(bmpFile(20, 21, indices, { bits: 8, palette }));
    for (const offset of [0, 54]) {
      // 54 is the end of the header, as if there were no palette.
      const image = await decode(bmpFile(20, 21, indices, { bits: 8, palette, offset }));
      assert.ok(rgbOf(image).equals(rgbOf(truth)), `offset ${offset}`);
    }
  });

  it("refuses pixels that begin within the header, and never shows the header as pixels", async () => {
    const file = bmpFile(width, height, bgrRows(photo), { bits: 24, offset: 20 });
    await refuses(file, /the pixels begin at byte 20, within the header/);
    const image = await decode(file, { tolerant: true });
    assert.ok(rgbOf(image).equals(rgbOf(photo)));
    assert.match(image.damaged ?? "", /within the header/);
    const palette = Uint8Array.from({ length: 16 * 4 }, (_, i) => i);
    const inside = bmpFile(20, 21, new Uint8Array(420), { bits: 8, palette, offset: 80 });
    await refuses(inside, /the pixels begin at byte 80, within the palette of 16 colours/);
  });

  it("reads 24 bits with masks, in every order of the colours", async () => {
    const rows = bgrRows(photo);
    const masked = (masks: readonly number[], headerBytes: number): Buffer =>
      bmpFile(width, height, rows, { bits: 24, compression: BITFIELDS, masks, headerBytes });
    for (const headerBytes of [40, 56, 108, 124]) await assertPhoto(masked(RGB_MASKS, headerBytes));
    const swapped = await decode(masked([...RGB_MASKS].reverse(), 124));
    const expected = rgbOf(photo);
    for (let i = 0; i < expected.length; i += 3) expected.subarray(i, i + 3).reverse();
    assert.ok(rgbOf(swapped).equals(expected));
  });

  it("takes masks of zero for the usual ones in 32 bits, and refuses masks that make no sense", async () => {
    const rgb = rgbOf(photo);
    const quads = Buffer.alloc(width * height * 4);
    for (let i = 0; i < width * height; i++) {
      const at = (height - 1 - Math.floor(i / width)) * width * 4 + (i % width) * 4;
      for (let c = 0; c < 3; c++) quads[at + c] = rgb[i * 3 + 2 - c];
    }
    const masked = (...masks: number[]): Buffer =>
      bmpFile(width, height, quads, { bits: 32, compression: BITFIELDS, masks, headerBytes: 56 });
    await assertPhoto(masked(0, 0, 0));
    await assertPhoto(masked(...RGB_MASKS));
    await refuses(masked(0xff0000, 0xff00, 0), /bit masks ff0000, ff00, 0 of 32 bits make no sense/);
    await refuses(masked(0xff0000, 0xffff00, 0xff), /make no sense/);
    await refuses(masked(0xf0f000, 0xff0, 0xf), /make no sense/);
    const narrow = { bits: 24, compression: BITFIELDS, masks: [0xff000000, 0xff0000, 0xff00], headerBytes: 56 };
    await refuses(bmpFile(width, height, bgrRows(photo), narrow), /make no sense/);
  });

  it("refuses a few bytes that claim megapixels before it takes memory", async () => {
    const before = process.memoryUsage().rss;
    for (const bits of [1, 8, 24, 32]) {
      const claim = bmpFile(10_000, 10_000, new Uint8Array(0), { bits });
      for (const tolerant of [false, true]) {
        await refuses(claim, /the file holds 0 of 10000 rows/, { tolerant });
      }
    }
    for (const body of [[], [0, 1], [0, 2, 0, 9, 0, 1]]) {
      const claim = bmpFile(10_000, 10_000, Uint8Array.from(body), { bits: 8, compression: 1 });
      await refuses(claim, /break off|end in row|the file holds/);
      await refuses(claim, /the file holds \d+ of 100000000 pixels/, { tolerant: true });
    }
    assert.ok(process.memoryUsage().rss - before < 60e6, "100 megapixels take 400 MB");
  });

  it("uses the rows that are there if damage is tolerated, the others grey", async () => {
    const file = bmpFile(width, height, bgrRows(photo), { bits: 24 });
    const cut = file.subarray(0, file.length - 10 * 60); // ten rows at the end, which are the top ones
    await refuses(cut, /the file holds 11 of 21 rows/);
    const image = await decode(cut, { tolerant: true });
    assert.match(image.damaged ?? "", /11 of 21 rows/);
    assert.ok(
      rgbOf(image)
        .subarray(10 * width * 3)
        .equals(rgbOf(photo).subarray(10 * width * 3)),
    );
    assert.ok(
      rgbOf(image)
        .subarray(0, 10 * width * 3)
        .every((level) => level === 128),
    );
  });

  it("refuses run lengths that end early, and needs no end mark behind the last pixel", async () => {
    const palette = Uint8Array.of(0, 0, 0, 0, 10, 20, 30, 0);
    const runs = (...body: number[]): Buffer =>
      bmpFile(4, 3, Uint8Array.from(body), { bits: 8, compression: 1, palette });
    for (const end of [[], [0, 0], [0, 1], [0, 0, 0, 1]]) {
      const image = await decode(runs(4, 1, 0, 0, 4, 1, 0, 0, 2, 1, 2, 0, ...end));
      assert.deepEqual([...image.data.subarray(0, 12)], [30, 20, 10, 255, 30, 20, 10, 255, 0, 0, 0, 255]);
    }
    await refuses(runs(4, 1, 0, 0, 4, 1, 0, 0, 2, 1, 0, 1), /the image data end in row 2 of 3/);
    await refuses(runs(4, 1, 0, 0, 4, 1, 0, 0, 0, 4, 1, 1), /the image data break off/);
  });
});
