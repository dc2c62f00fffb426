/** TIFF files that no library writes: odd layouts, colours, strips and damage. */
import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { InputError } from "../../src/errors.js";
import { type DecodeOptions, decodeImage } from "../../src/image/codec.js";
import { goldenPhoto } from "../support/pictures.js";
import { rgbOf, tiffOf } from "../support/small-files.js";

const photo = goldenPhoto("tiff", 6, 32, 24);
const { width, height } = photo;
const rgb = rgbOf(photo);
const plane = width * height;
const TAG = {
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  offsets: 273,
  rowsPerStrip: 278,
  counts: 279,
  planes: 284,
  extra: 338,
  subfile: 254,
  subPages: 330,
  sampling: 530,
} as const;

/** Samples of each pixel, from a function of its number. */
function samples(count: number, of: (pixel: number) => readonly number[]): Buffer {
  return Buffer.from(Array.from({ length: plane }, (_, i) => of(i).slice(0, count)).flat());
}
const pixel = (i: number): number[] => [rgb[i * 3], rgb[i * 3 + 1], rgb[i * 3 + 2]];
const planes = Buffer.concat(
  [0, 1, 2].map((c) => Buffer.from(Array.from({ length: plane }, (_, i) => rgb[i * 3 + c]))),
);

const decode = async (bytes: Uint8Array, options?: DecodeOptions): Promise<Buffer> =>
  rgbOf(await decodeImage(bytes, "b.tif", options));
const refuses = (bytes: Uint8Array, words: RegExp, options?: DecodeOptions): Promise<void> =>
  assert.rejects(decode(bytes, options), (e: Error) => {
    assert.ok(e instanceof InputError, e.stack);
    assert.match(e.message, words);
    return true;
  });

describe("image/formats/tiff", () => {
  it("refuses three samples that are said to be grey, or to be nothing, in one plane or three", async () => {
    const words = /3 samples a pixel in a picture that (is said to be grey|does not say which colours it has)/;
    const apart = {
      [TAG.planes]: [2],
      [TAG.offsets]: [8, 8 + plane, 8 + 2 * plane],
      [TAG.counts]: [plane, plane, plane],
    };
    assert.ok((await decode(tiffOf(width, height, 3, rgb))).equals(rgb));
    assert.ok((await decode(tiffOf(width, height, 3, planes, apart))).equals(rgb));
    for (const photometric of [[0], [1], null]) {
      await refuses(tiffOf(width, height, 3, rgb, { [TAG.photometric]: photometric }), words);
      await refuses(tiffOf(width, height, 3, planes, { ...apart, [TAG.photometric]: photometric }), words);
      const packed = deflateSync(rgb);
      await refuses(
        tiffOf(width, height, 3, packed, { [TAG.compression]: [8], [TAG.photometric]: photometric }),
        words,
      );
    }
    const four = samples(4, (i) => [...pixel(i), 255]);
    await refuses(tiffOf(width, height, 4, four, { [TAG.photometric]: [1] }), /4 samples a pixel .* grey/);
  });

  it("reads grey and opacity, and takes a page that does not say it for white is zero, as Pillow does", async () => {
    const grey = samples(1, pixel);
    const level = await decode(tiffOf(width, height, 1, grey, { [TAG.photometric]: [1] }));
    assert.ok(level.every((value, i) => value === grey[Math.floor(i / 3)]));
    for (const photometric of [[0], null]) {
      const inverted = await decode(tiffOf(width, height, 1, grey, { [TAG.photometric]: photometric }));
      assert.ok(inverted.every((value, i) => value === 255 - grey[Math.floor(i / 3)]));
    }
    const pairs = samples(2, (i) => [grey[i], 7]);
    const plain = await decode(tiffOf(width, height, 2, pairs, { [TAG.photometric]: [1], [TAG.extra]: [2] }));
    assert.ok(plain.equals(level));
  });

  it("undoes the product of colour and opacity, and no other extra sample", async () => {
    const opacityOf = (i: number): number => (i * 5) & 255;
    const multiplied = samples(4, (i) => [...pixel(i).map((v) => Math.floor((v * opacityOf(i)) / 255)), opacityOf(i)]);
    const whole = await decode(tiffOf(width, height, 4, multiplied, { [TAG.extra]: [1] }));
    for (let i = 0; i < plane; i++) {
      for (let c = 0; c < 3; c++) {
        const [stored, opacity] = [multiplied[i * 4 + c], opacityOf(i)];
        const expected = opacity === 0 ? 0 : Math.min(255, Math.floor((stored * 255) / opacity));
        assert.equal(whole[i * 3 + c], expected, `${i} ${c}`);
      }
    }
    const packed = deflateSync(multiplied);
    assert.ok(
      (await decode(tiffOf(width, height, 4, packed, { [TAG.extra]: [1], [TAG.compression]: [8] }))).equals(whole),
    );
    const apart = Buffer.concat(
      [0, 1, 2, 3].map((c) => Buffer.from(Array.from({ length: plane }, (_, i) => multiplied[i * 4 + c]))),
    );
    const places = [0, 1, 2, 3].map((c) => 8 + c * plane);
    const tags = { [TAG.extra]: [1], [TAG.planes]: [2], [TAG.offsets]: places, [TAG.counts]: places.map(() => plane) };
    assert.ok((await decode(tiffOf(width, height, 4, apart, tags))).equals(whole));
    for (const extra of [[0], [2], null]) {
      const dropped = await decode(
        tiffOf(
          width,
          height,
          4,
          samples(4, (i) => [...pixel(i), 9]),
          { [TAG.extra]: extra },
        ),
      );
      assert.ok(dropped.equals(rgb));
    }
  });

  it("reads strips whose length is 0 or missing, and none that begins within the header", async () => {
    const packed = deflateSync(rgb);
    for (const counts of [[0], null]) {
      assert.ok((await decode(tiffOf(width, height, 3, rgb, { [TAG.counts]: counts }))).equals(rgb));
      const file = tiffOf(width, height, 3, packed, { [TAG.counts]: counts, [TAG.compression]: [8] });
      assert.ok((await decode(file)).equals(rgb));
    }
    for (const offset of [0, 4]) {
      const file = tiffOf(width, height, 3, rgb, { [TAG.offsets]: [offset], [TAG.counts]: [0] });
      await refuses(file, new RegExp(`strip or tile 0 begins at byte ${offset}, within the header`));
      await refuses(file, /the file can hold 0 of/, { tolerant: true });
    }
  });

  it("reads YCbCr without subsampling, and names the sampling that it does not read", async () => {
    const ycc = samples(3, (i) => {
      const [r, g, b] = pixel(i);
      const y = 0.299 * r + 0.587 * g + 0.114 * b;
      return [y, 128 + (b - y) / 1.772, 128 + (r - y) / 1.402].map(Math.round);
    });
    const tags = { [TAG.photometric]: [6], [TAG.sampling]: [1, 1] };
    const image = await decode(tiffOf(width, height, 3, ycc, tags));
    assert.ok(image.every((level, i) => Math.abs(level - rgb[i]) <= 2));
    const halved = tiffOf(width, height, 3, ycc, { ...tags, [TAG.sampling]: [2, 2] });
    await refuses(halved, /YCbCr with a sampling of 2 x 2 is not supported/);
  });

  it("reads JPEG within TIFF, in strips and tiles, and refuses strips that state another size", async () => {
    const source = sharp(photo.data, { raw: { width, height, channels: 4 } }).removeAlpha();
    const jpeg = { compression: "jpeg", quality: 95 } as const;
    for (const options of [jpeg, { ...jpeg, tile: true, tileWidth: 16, tileHeight: 16 }]) {
      const file = await source.clone().tiff(options).toBuffer();
      const image = await decode(file);
      const truth = await sharp(file).removeAlpha().raw().toBuffer();
      const off = image.filter((level, i) => Math.abs(level - truth[i]) > 2).length;
      assert.ok(off <= image.length / 1000, `${off} of ${image.length} levels`);
      const frame = file.indexOf(Buffer.from([0xff, 0xc0]));
      const larger = Buffer.from(file);
      larger.writeUInt16BE(9000, frame + 5);
      larger.writeUInt16BE(9000, frame + 7);
      await refuses(larger, /a strip or tile of \d+ x \d+ pixels holds JPEG of 9000 x 9000 pixels/);
      const cut = Buffer.from(file);
      cut.fill(0xff, frame + 300, frame + 420);
      await refuses(cut, /damaged or unsupported TIFF/);
    }
  });

  it("refuses orders, predictors and palettes that it would have to guess", async () => {
    await refuses(tiffOf(width, height, 3, rgb, { 284: [3] }), /samples in order 3 are unknown/);
    const packed = { [TAG.compression]: [8], 317: [3] };
    await refuses(tiffOf(width, height, 3, deflateSync(rgb), packed), /predictor 3 is not supported/);
    const palette = { [TAG.photometric]: [3], 320: new Array<number>(6).fill(99) };
    await refuses(tiffOf(width, height, 1, samples(1, pixel), palette), /a palette of 6 levels for 8 bits/);
  });

  it("leaves out the rows that a last strip has too many, and checks their checksum", async () => {
    const rowsPerStrip = 24;
    const strips = [rgb.subarray(0, rowsPerStrip * width * 3), Buffer.alloc(rowsPerStrip * width * 3)];
    rgb.copy(strips[1], 0, rowsPerStrip * width * 3);
    const [first, last] = strips.map((strip) => deflateSync(strip));
    const file = (end: Buffer): Buffer =>
      tiffOf(width, height, 3, Buffer.concat([first, end]), {
        [TAG.compression]: [8],
        [TAG.rowsPerStrip]: [rowsPerStrip],
        [TAG.offsets]: [8, 8 + first.length],
        [TAG.counts]: [first.length, end.length],
      });
    assert.ok((await decode(file(last))).equals(rgb));
    const wrong = Buffer.from(last);
    wrong[wrong.length - 1] ^= 1;
    await refuses(file(wrong), /incorrect data check/);
    await refuses(file(deflateSync(Buffer.alloc(9 * strips[1].length))), /the image data hold more than/);
  });

  it("reads bits in reversed order", async () => {
    const reversed = rgb.map((byte) =>
      Number.parseInt(byte.toString(2).padStart(8, "0").split("").reverse().join(""), 2),
    );
    assert.ok((await decode(tiffOf(width, height, 3, reversed, { [TAG.fillOrder]: [2] }))).equals(rgb));
  });

  it("refuses the preview of a raw photo", async () => {
    const preview = tiffOf(width, height, 3, rgb, { [TAG.subfile]: [1], [TAG.subPages]: [500] });
    await refuses(preview, /a raw photo .* whose first page is only a small preview/);
  });

  it("refuses a few bytes that claim megapixels before it takes memory", async () => {
    const before = process.memoryUsage().rss;
    for (const compression of [1, 5, 8, 32773]) {
      const claim = tiffOf(9000, 9000, 3, rgb.subarray(0, 30), {
        [TAG.compression]: [compression],
        [TAG.counts]: [30],
      });
      for (const tolerant of [false, true]) await refuses(claim, /the file can hold \d+ of/, { tolerant });
    }
    assert.ok(process.memoryUsage().rss - before < 60e6);
  });

  it("takes time that grows as the file does where strips share bytes that unpack to nothing", async () => {
    const strips = 20_000;
    const nothing = Buffer.alloc(400_000, 128); // PackBits: no operation
    const emptyBlocks = Buffer.concat([
      Uint8Array.of(0x78, 0x01),
      Buffer.alloc(400_000, Uint8Array.of(0, 0, 0, 0xff, 0xff)),
    ]);
    for (const [compression, body] of [
      [32773, nothing],
      [8, emptyBlocks],
    ] as const) {
      const shared = {
        [TAG.offsets]: new Array<number>(strips).fill(8),
        [TAG.counts]: new Array<number>(strips).fill(body.length),
      };
      const tags = { ...shared, [TAG.compression]: [compression], [TAG.rowsPerStrip]: [1] };
      const start = performance.now();
      await refuses(tiffOf(1, strips, 3, body, tags), /damaged or unsupported TIFF/);
      await decode(tiffOf(1, strips, 3, body, tags), { tolerant: true }).catch(() => null);
      assert.ok(performance.now() - start < 10_000);
    }
  });
});
