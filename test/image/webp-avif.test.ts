/** WebP and AVIF against Pillow's pixels, and files that are damaged or cut off. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../src/errors.js";
import { decodeImage } from "../../src/image/codec.js";
import { readImageHeader } from "../../src/image/header.js";
import { readFileHeader } from "../../src/image/read-file.js";
import { withFolder } from "../support/pictures.js";
import { WEB_PICTURES, webPicture } from "../support/web-pictures.js";

/** A WebP file of these chunks. Their lengths are filled in. */
function riff(...chunks: readonly (readonly [string, Uint8Array])[]): Buffer {
  const parts = chunks.map(([type, body]) => {
    const head = Buffer.alloc(8);
    head.write(type, "latin1");
    head.writeUInt32LE(body.length, 4);
    return Buffer.concat([head, body, Buffer.alloc(body.length & 1)]);
  });
  const all = Buffer.concat([Buffer.from("RIFF\0\0\0\0WEBP", "latin1"), ...parts]);
  all.writeUInt32LE(all.length - 8, 4);
  return all;
}

/** The body of the first chunk of this type. */
function chunkOf(file: Buffer, type: string): Buffer {
  const at = file.indexOf(type, 12, "latin1");
  return file.subarray(at + 8, at + 8 + file.readUInt32LE(at + 4));
}

function canvas(width: number, height: number, flags: number): Buffer {
  const body = Buffer.alloc(10);
  body[0] = flags;
  body.writeUIntLE(width - 1, 4, 3);
  body.writeUIntLE(height - 1, 7, 3);
  return body;
}

const refuses = (bytes: Uint8Array, words: RegExp, tolerant = false): Promise<void> =>
  assert.rejects(decodeImage(bytes, "b.webp", { tolerant }), (error: Error) => {
    assert.ok(error instanceof InputError, error.stack);
    assert.match(error.message, words);
    return true;
  });

describe("image/webp-avif", () => {
  for (const { name, width, height, orientation, points, base64 } of WEB_PICTURES) {
    it(`decodes ${name} within two levels of Pillow, upright and opaque`, async () => {
      const image = await decodeImage(Buffer.from(base64, "base64"), "named.jpg");
      assert.deepEqual([image.width, image.height, image.orientation], [width, height, orientation]);
      const expected = Buffer.from(points, "hex");
      const places = (n: number): number[] => [0, Math.floor(n / 3), Math.floor(n / 2), n - 2, n - 1];
      let at = 0;
      for (const y of places(height)) {
        for (const x of places(width)) {
          for (let c = 0; c < 3; c++, at++) {
            const level = image.data[(y * width + x) * 4 + c];
            assert.ok(Math.abs(level - expected[at]) <= 2, `${x},${y} ${c}: ${level}, Pillow ${expected[at]}`);
          }
        }
      }
      assert.ok(image.data.every((level, i) => i % 4 !== 3 || level === 255));
    });
  }

  it("refuses every prefix of a file, also where libwebp or libavif would not need the rest", async () => {
    for (const { name, base64 } of WEB_PICTURES) {
      const whole = Buffer.from(base64, "base64");
      for (let length = 0; length < whole.length; length += name.startsWith("anim") ? 1 : 3) {
        await refuses(whole.subarray(0, length), /^b\.webp: /);
      }
    }
  });

  it("uses a picture that is whole where only side matter is cut off, if damage is tolerated", async () => {
    const turned = webPicture("exif6.webp");
    const cut = turned.subarray(0, turned.length - 4);
    await refuses(cut, /the file has 292 of its 296 bytes/);
    const image = await decodeImage(cut, "cut.webp", { tolerant: true });
    assert.match(image.damaged ?? "", /292 of its 296/);
    await refuses(turned.subarray(0, 150), /the file has 150 of its 296 bytes/, true);
    const shorter = Buffer.from(turned);
    shorter.writeUInt32LE(turned.length - 8 - 10, 4); // the stated length ends within the EXIF chunk
    await refuses(shorter, /the EXIF chunk is cut off/);
  });

  it("takes surplus bytes for harmless", async () => {
    for (const name of ["lossy.webp", "lossless.webp", "420.avif"]) {
      const whole = await decodeImage(webPicture(name), name);
      for (const surplus of [Buffer.alloc(500), Buffer.from("surplus")]) {
        const longer = await decodeImage(Buffer.concat([webPicture(name), surplus]), name);
        assert.ok(Buffer.from(longer.data).equals(Buffer.from(whole.data)), name);
      }
    }
  });

  it("puts a smaller first frame on the canvas of an animation", async () => {
    const [lossy, still] = [webPicture("lossy.webp"), await decodeImage(webPicture("lossy.webp"), "still")];
    const frame = Buffer.alloc(16);
    frame.writeUIntLE(2, 0, 3); // in steps of two pixels
    frame.writeUIntLE(1, 3, 3);
    frame.writeUIntLE(58, 6, 3);
    frame.writeUIntLE(44, 9, 3);
    const inner = riff(["VP8 ", chunkOf(lossy, "VP8 ")]).subarray(12);
    const body = Buffer.concat([frame, inner]);
    const moving = riff(["VP8X", canvas(70, 50, 2)], ["ANIM", Buffer.alloc(6)], ["ANMF", body], ["ANMF", body]);
    const image = await decodeImage(moving, "moving.webp");
    assert.deepEqual([image.width, image.height], [70, 50]);
    for (const [x, y] of [
      [0, 0],
      [3, 20],
      [63, 20],
      [20, 47],
    ]) {
      assert.deepEqual([...image.data.subarray((y * 70 + x) * 4, (y * 70 + x) * 4 + 4)], [0, 0, 0, 255], `${x},${y}`);
    }
    for (let y = 0; y < 45; y++) {
      const row = image.data.subarray(((y + 2) * 70 + 4) * 4, ((y + 2) * 70 + 63) * 4);
      assert.ok(Buffer.from(row).equals(Buffer.from(still.data.subarray(y * 59 * 4, (y + 1) * 59 * 4))), `row ${y}`);
    }
    const beyond = Buffer.from(moving);
    beyond.writeUIntLE(20, beyond.indexOf("ANMF") + 8, 3);
    await refuses(beyond, /a frame of 59 x 45 at 40,2 leaves the canvas of 70 x 50/);
  });

  it("reads AVIF of encoders that leave out the pixi box, as Pillow and browsers do", async () => {
    const [name, whole] = ["444.avif", webPicture("444.avif")];
    const bare = Buffer.from(whole);
    bare.write("free", bare.indexOf("pixi"), "latin1");
    const [truth, image] = await Promise.all([decodeImage(whole, name), decodeImage(bare, name)]);
    assert.ok(Buffer.from(image.data).equals(Buffer.from(truth.data)));
  });

  it("decodes the picture of a file whose opacity is damaged, because opacity is dropped", async () => {
    const whole = webPicture("alpha.avif");
    const damaged = Buffer.from(whole);
    const colours = 0xe5; // bytes, after those of the opacity
    damaged.fill(0xff, whole.length - colours - 60, whole.length - colours);
    const [truth, image] = await Promise.all([decodeImage(whole, "a.avif"), decodeImage(damaged, "a.avif")]);
    assert.ok(Buffer.from(image.data).equals(Buffer.from(truth.data)));
  });

  it("refuses by the header what contradicts it or is too large", async () => {
    const picture = chunkOf(webPicture("lossy.webp"), "VP8 ");
    await refuses(riff(["VP8X", canvas(16384, 16384, 0)], ["VP8 ", picture]), /image too large: .*16384 x 16384/);
    await refuses(riff(["VP8X", canvas(60, 45, 0)], ["VP8 ", picture]), /a picture of 59 x 45 in a frame of 60 x 45/);
    const vast = Buffer.from(picture);
    vast.writeUInt16LE(9000, 6);
    vast.writeUInt16LE(9000, 8);
    await refuses(riff(["VP8 ", vast]), /cannot hold the 9000 x 9000 pixels/);
    await refuses(riff(["VP8X", canvas(59, 45, 0)]), /a WEBP file with a damaged header/);
    const avif = webPicture("420.avif");
    const size = avif.indexOf("ispe") + 8;
    const resized = (width: number, height: number): Buffer => {
      const copy = Buffer.from(avif);
      copy.writeUInt32BE(width, size);
      copy.writeUInt32BE(height, size + 4);
      return copy;
    };
    await refuses(resized(60000, 60000), /image too large/);
    await refuses(resized(9000, 9000), /more than 50 megapixels/);
    await refuses(resized(5000, 5000), /cannot hold the 5000 x 5000 pixels/);
    await refuses(resized(60, 45), /damaged or unsupported AVIF/);
    const hidden = Buffer.from(avif);
    const sequence = hidden.indexOf(Buffer.from([0x0a, 0x09, 0x18, 0x15, 0x7a])); // sizes of six bits: 59 x 45
    assert.ok(sequence > 0);
    hidden.set([0x0a, 0x09, 0x18, 0x3f, 0xff, 0xff, 0xff], sequence); // sizes of sixteen bits
    await refuses(hidden, /coded pictures of \d{5,} x \d+ in a file of 59 x 45/);
  });

  it("finds an orientation behind the pixels of a large file", async () => {
    const turned = webPicture("exif6.webp");
    const large = riff(
      ["VP8X", canvas(59, 45, 8)],
      ["VP8 ", chunkOf(turned, "VP8 ")],
      ["XMP ", Buffer.alloc(300_000)],
      ["EXIF", chunkOf(turned, "EXIF")],
    );
    assert.equal(readImageHeader(large)?.orientation, 6);
    await withFolder(async (dir) => {
      await writeFile(join(dir, "a.webp"), large);
      assert.equal(readFileHeader(join(dir, "a.webp"))?.orientation, 6);
    });
  });

  it("decodes well after failures, with the memory that it had", async () => {
    const broken = webPicture("lossless.webp");
    broken.fill(0xff, 60, 140);
    const avif = webPicture("444.avif");
    avif.fill(0, avif.length - 120, avif.length - 60);
    const truth = await decodeImage(webPicture("lossy.webp"), "lossy");
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 300; i++) await decodeImage(i % 2 === 0 ? broken : avif, "broken").catch(() => null);
    const again = await decodeImage(webPicture("lossy.webp"), "lossy");
    assert.ok(Buffer.from(again.data).equals(Buffer.from(truth.data)));
    assert.ok(process.memoryUsage().rss - before < 150e6);
  });
});
