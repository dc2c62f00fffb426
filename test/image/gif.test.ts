/** GIF files that no library writes: stray bytes, large frames, missing tables. */
import assert from "node:assert/strict";
import sharp from "sharp";
import { InputError } from "../../src/errors.js";
import { decodeImage } from "../../src/image/codec.js";
import { readImageHeader } from "../../src/image/header.js";
import { goldenPhoto } from "../support/pictures.js";
import { rgbOf } from "../support/small-files.js";

const [WIDTH, HEIGHT] = [24, 18];

describe("image/formats/gif", () => {
  let gif: Buffer;
  let truth: Buffer;
  /** Where the frame's descriptor begins, and the blocks before it. */
  let frame: number;
  let blocks: number;

  before(async () => {
    const photo = goldenPhoto("gif", 3, HEIGHT, WIDTH);
    gif = await sharp(photo.data, { raw: { width: WIDTH, height: HEIGHT, channels: 4 } })
      .removeAlpha()
      .gif()
      .toBuffer();
    truth = rgbOf(await decodeImage(gif, "whole.gif"));
    blocks = 13 + (3 << ((gif[10] & 7) + 1));
    frame = gif.indexOf(Buffer.from([0x2c, 0, 0, 0, 0, WIDTH, 0, HEIGHT, 0]), blocks);
    assert.ok(frame > 0);
  });

  const inserted = (at: number, ...bytes: number[]): Buffer =>
    Buffer.concat([gif.subarray(0, at), Uint8Array.from(bytes), gif.subarray(at)]);

  it("steps over zero bytes between blocks, and takes other bytes for damage", async () => {
    for (const at of [frame, blocks]) {
      for (const zeros of [1, 2, 300]) {
        const image = await decodeImage(inserted(at, ...new Array<number>(zeros).fill(0)), "zeros.gif");
        assert.ok(rgbOf(image).equals(truth));
      }
    }
    const stray = inserted(frame, 0, 7, 9);
    await assert.rejects(decodeImage(stray, "stray.gif"), /stray\.gif: .*no block at byte/);
    const image = await decodeImage(stray, "stray.gif", { tolerant: true });
    assert.ok(rgbOf(image).equals(truth) && image.damaged !== null);
  });

  it("widens the screen to the frame, as Pillow does", async () => {
    const sized = (width: number, height: number, left = 0, top = 0): Buffer => {
      const copy = Buffer.from(gif);
      for (const [at, value] of [
        [6, width],
        [8, height],
        [frame + 1, left],
        [frame + 3, top],
      ]) {
        copy.writeUInt16LE(value, at);
      }
      return copy;
    };
    for (const file of [sized(0, 0), sized(WIDTH - 4, HEIGHT - 1), sized(WIDTH, 0)]) {
      const header = readImageHeader(file);
      assert.deepEqual([header?.width, header?.height], [WIDTH, HEIGHT]);
      assert.ok(rgbOf(await decodeImage(file, "a.gif")).equals(truth));
    }
    const moved = await decodeImage(sized(WIDTH, HEIGHT, 2, 3), "a.gif");
    assert.deepEqual([moved.width, moved.height], [WIDTH + 2, HEIGHT + 3]);
    for (let y = 0; y < HEIGHT; y++) {
      const from = ((y + 3) * (WIDTH + 2) + 2) * 3;
      const row = rgbOf(moved).subarray(from, from + WIDTH * 3);
      assert.ok(row.equals(truth.subarray(y * WIDTH * 3, (y + 1) * WIDTH * 3)), `row ${y}`);
    }
    await assert.rejects(decodeImage(sized(65535, 65535, 1, 1), "a.gif"), /image too large/);
  });

  it("gives grey levels without a colour table", async () => {
    const bare = Buffer.concat([
      gif.subarray(0, 10),
      Uint8Array.of(gif[10] & 0x7f),
      gif.subarray(11, 13),
      gif.subarray(blocks),
    ]);
    const rgb = rgbOf(await decodeImage(bare, "bare.gif"));
    assert.ok(rgb.every((level, i) => level === rgb[i - (i % 3)]));
  });

  it("does not believe a frame that its data cannot hold", async () => {
    const claim = Buffer.from(gif);
    claim.writeUInt16LE(9999, frame + 5);
    claim.writeUInt16LE(9999, frame + 7);
    for (const tolerant of [false, true]) {
      await assert.rejects(
        decodeImage(claim, "a.gif", { tolerant }),
        (e: Error) => e instanceof InputError && /compressed bytes cannot hold 9999 x 9999 pixels/.test(e.message),
      );
    }
  });

  it("takes time that grows as the file does, whatever its blocks are", async () => {
    const timeOf = async (count: number): Promise<number> => {
      const comment = Buffer.concat([
        Uint8Array.of(0x21, 0xfe),
        Buffer.alloc(count * 2, Uint8Array.of(1, 65)),
        Buffer.alloc(1),
      ]);
      const data = Buffer.alloc(count * 2, Uint8Array.of(1, 0xff));
      const end = gif.length - 1;
      const file = Buffer.concat([
        gif.subarray(0, frame),
        comment,
        gif.subarray(frame, end - 1),
        data,
        gif.subarray(end - 1),
      ]);
      const start = performance.now();
      assert.equal(rgbOf(await decodeImage(file, "long.gif")).length, truth.length);
      return performance.now() - start;
    };
    await timeOf(1000);
    assert.ok((await timeOf(4_000_000)) < 3000, "16 MB of blocks of one byte");
  });
});
