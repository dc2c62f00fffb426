/** Small files that claim huge images: decoding must stay within limits of time and memory. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { InputError } from "../../src/errors.js";
import { type DecodeOptions, decodeImage, encodePng } from "../../src/image/codec.js";
import { readFileHeader, readImageFile } from "../../src/image/read-file.js";
import { pngChunk, tiffFile } from "../support/exif.js";
import { goldenPhoto, withFolder } from "../support/pictures.js";

const MOST_SECONDS = 3;
const MOST_BYTES = 400e6;

const photo = goldenPhoto("bombs", 2, 45, 59);

function pngOf(width: number, height: number, chunks: readonly Uint8Array[]): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
  return Buffer.concat([signature, pngChunk("IHDR", header), ...chunks, pngChunk("IEND", new Uint8Array(0))]);
}

/** A JPEG file whose frame header states another size. */
function resized(jpeg: Uint8Array, width: number, height: number): Buffer {
  const copy = Buffer.from(jpeg);
  const frame = Math.max(copy.indexOf(Buffer.from([0xff, 0xc0])), copy.indexOf(Buffer.from([0xff, 0xc2])));
  copy.writeUInt16BE(height, frame + 5);
  copy.writeUInt16BE(width, frame + 7);
  return copy;
}

describe("image/bombs", () => {
  let jpeg: Buffer;
  let progressive: Buffer;
  const rgb = sharp(photo.data, { raw: { width: 59, height: 45, channels: 4 } }).removeAlpha();

  before(async () => {
    jpeg = await rgb.clone().jpeg().toBuffer();
    progressive = await rgb.clone().jpeg({ progressive: true }).toBuffer();
    for (const bytes of [jpeg, await encodePng(photo)]) await decodeImage(bytes, "warm-up");
  });

  /** Decodes within limits of time and memory. Returns the error's message, or null. */
  async function bounded(bytes: Uint8Array, options: DecodeOptions = {}): Promise<string | null> {
    const rss = process.memoryUsage().rss;
    const start = performance.now();
    let message: string | null = null;
    try {
      await decodeImage(bytes, "bomb", options);
    } catch (error) {
      assert.ok(error instanceof InputError, String(error));
      message = error.message;
    }
    const seconds = (performance.now() - start) / 1000;
    const grown = process.memoryUsage().rss - rss;
    assert.ok(seconds < MOST_SECONDS, `${seconds.toFixed(1)} s: ${message}`);
    assert.ok(grown < MOST_BYTES, `${(grown / 1e6).toFixed(0)} MB: ${message}`);
    return message;
  }

  it("refuses sizes by the header alone", async () => {
    const png = pngOf(65535, 65535, [pngChunk("IDAT", deflateSync(new Uint8Array(99)))]);
    assert.match(
      (await bounded(png)) ?? "",
      /image too large: expected at most 100 megapixels, received 65535 x 65535/,
    );
    assert.match((await bounded(png, { tolerant: true })) ?? "", /image too large/);
    assert.match((await bounded(resized(jpeg, 65500, 65500))) ?? "", /image too large/);
    assert.match((await bounded(jpeg, { maxPixels: 1000 })) ?? "", /at most 0\.001 megapixels, received 59 x 45/);
  });

  it("does not believe that a few bytes hold megapixels", async () => {
    const png = pngOf(9000, 9000, [pngChunk("IDAT", deflateSync(new Uint8Array(99)))]);
    assert.match((await bounded(png)) ?? "", /compressed bytes cannot hold the 243009000/);
    assert.match((await bounded(resized(jpeg, 9000, 9000))) ?? "", /cannot hold the 9000 x 9000 pixels/);
    assert.match((await bounded(resized(progressive, 9000, 9000))) ?? "", /cannot hold the 9000 x 9000 pixels/);
  });

  it("never inflates more than the picture takes, nor any side matter", async () => {
    const zeros = deflateSync(Buffer.alloc(500e6), { level: 9 });
    const idat = pngOf(16, 16, [pngChunk("IDAT", zeros)]);
    assert.equal(await bounded(idat), null, "bytes behind the last row are left out, not unpacked");
    assert.equal(await bounded(idat, { tolerant: true }), null);
    const pixels = pngChunk("IDAT", deflateSync(new Uint8Array(784)));
    const named = Buffer.concat([Buffer.from("icc\0\0"), zeros]);
    for (const type of ["iCCP", "zTXt"])
      assert.equal(await bounded(pngOf(16, 16, [pngChunk(type, named), pixels])), null);
    const many = Array.from({ length: 20000 }, () => pngChunk("tEXt", Buffer.from("a\0b")));
    assert.equal(await bounded(pngOf(16, 16, [...many, pixels])), null);
    const empty = Array.from({ length: 20000 }, () => pngChunk("IDAT", new Uint8Array(0)));
    assert.equal(await bounded(pngOf(16, 16, [pixels, ...empty])), null);
  });

  it("decodes the first of thousands of frames, and refuses one that makes the screen too large", async () => {
    const gif = await rgb.clone().gif().toBuffer();
    const frame = gif.subarray(gif.indexOf(Buffer.from([0x21, 0xf9])), gif.length - 1);
    const animation = Buffer.concat([
      gif.subarray(0, -1),
      ...Array.from({ length: 5000 }, () => frame),
      gif.subarray(-1),
    ]);
    assert.equal(await bounded(animation), null);
    const huge = Buffer.from(gif);
    huge.fill(
      0xff,
      huge.lastIndexOf(Buffer.from([0x2c, 0, 0, 0, 0])) + 5,
      huge.lastIndexOf(Buffer.from([0x2c, 0, 0, 0, 0])) + 9,
    );
    assert.match((await bounded(huge)) ?? "", /image too large: .*received 65535 x 65535/);
    await bounded(huge, { tolerant: true });
  });

  it("refuses progressive files with thousands of scans of a large picture", async () => {
    const large = await sharp({ create: { width: 3000, height: 2000, channels: 3, background: "#8a6" } })
      .jpeg({ progressive: true })
      .toBuffer();
    const last = large.lastIndexOf(Buffer.from([0xff, 0xda]));
    const scan = large.subarray(last, large.length - 2);
    const bomb = Buffer.concat([
      large.subarray(0, -2),
      ...Array.from({ length: 3000 }, () => scan),
      large.subarray(-2),
    ]);
    assert.equal(await bounded(large), null);
    assert.match((await bounded(bomb)) ?? "", /30\d\d scans of 3000 x 2000 pixels are more work than a photo takes/);
    assert.match((await bounded(bomb, { tolerant: true })) ?? "", /more work than a photo takes/);
    const cmyk = await sharp({ create: { width: 64, height: 64, channels: 3, background: "#8a6" } })
      .toColourspace("cmyk")
      .jpeg({ progressive: true })
      .toBuffer();
    const again = cmyk.subarray(cmyk.lastIndexOf(Buffer.from([0xff, 0xda])), cmyk.length - 2);
    await bounded(
      Buffer.concat([cmyk.subarray(0, -2), ...Array.from({ length: 3000 }, () => again), cmyk.subarray(-2)]),
    );
  });

  it("bounds TIFF by its page: strips, tiles and directories that repeat", async () => {
    const tiff = Buffer.from(tiffFile(photo, 1, true));
    assert.equal(await bounded(tiff), null);
    const set = (at: number, value: number): Buffer => {
      const copy = Buffer.from(tiff);
      copy.writeUInt32LE(value, at);
      return copy;
    };
    const entry = (index: number): number => 10 + index * 12;
    // One strip per row, all at the same place, with a list that would extend beyond the file.
    assert.match((await bounded(set(entry(8) + 8, 1))) ?? "", /the places of 1 of 45 strips or tiles/);
    assert.match((await bounded(set(entry(5) + 4, 0xffffffff))) ?? "", /damaged or unsupported TIFF/);
    assert.match(
      (await bounded(set(entry(0) + 8, 9000))) ?? "",
      /the file can hold 7965 of the picture's 1215000 bytes/,
    );
    assert.match((await bounded(set(entry(0) + 8, 0xfffffff))) ?? "", /image too large/);
    const directory = Buffer.from(tiff);
    directory.writeUInt32LE(8, entry(10)); // the next directory is this one
    assert.equal(await bounded(directory), null);
  });

  it("waits for no pipe and reads no device", async function () {
    if (process.platform === "win32") this.skip();
    await withFolder(async (dir) => {
      const pipe = join(dir, "pipe.jpg");
      execFileSync("mkfifo", [pipe]);
      await assert.rejects(
        readImageFile(pipe, "pipe.jpg"),
        /pipe\.jpg: expected an image file, received a pipe or device/,
      );
      await assert.rejects(readImageFile("/dev/zero", "zero"), /received a pipe or device/);
      await assert.rejects(readImageFile(dir, "dir"), /received a folder/);
      for (const path of [pipe, "/dev/zero", dir, join(dir, "none")]) assert.equal(readFileHeader(path), null);
    });
  });
});
