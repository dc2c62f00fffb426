/** Damaged PNG files: which damage is harmless, and which is reported. */
import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { InputError } from "../../src/errors.js";
import { decodeImage } from "../../src/image/codec.js";
import { exifBlock, pngChunk } from "../support/exif.js";
import { goldenPhoto } from "../support/pictures.js";
import { pngData, pngFile, pngHeader, pngRows, rgbOf, withWrongChecksum } from "../support/small-files.js";

const photo = goldenPhoto("png", 8, 16, 12);
const rows = pngRows(photo);
const stream = deflateSync(rows);
const [header, data] = [pngHeader(photo.width, photo.height), pngData(rows)];
const text = pngChunk("tEXt", Buffer.from("a\0b"));

/** Files that both libpng and Pillow read, or whose damage does not affect the pixels. */
const HARMLESS: Readonly<Record<string, Buffer>> = {
  "rows too many": pngFile(header, pngData(Buffer.concat([rows, rows]))),
  "one byte too many": pngFile(header, pngData(Buffer.concat([rows, Buffer.alloc(1)]))),
  "bytes behind the stream": pngFile(header, pngChunk("IDAT", Buffer.concat([stream, Buffer.alloc(40, 7)]))),
  "an IDAT chunk behind the stream": pngFile(header, data, pngChunk("IDAT", Buffer.alloc(40, 7))),
  "bytes behind the end": Buffer.concat([pngFile(header, data), Buffer.alloc(3000, 7)]),
  "a wrong checksum of tEXt": pngFile(header, withWrongChecksum(text), data),
  "a wrong checksum of gAMA": pngFile(header, withWrongChecksum(pngChunk("gAMA", Buffer.alloc(4, 1))), data),
  "a wrong checksum of tEXt behind the pixels": pngFile(header, data, withWrongChecksum(text)),
  "a wrong checksum of IEND": withWrongChecksum(pngFile(header, data)),
  "a broken palette that is only a suggestion": pngFile(header, pngChunk("PLTE", Buffer.alloc(4)), data),
};

const adler = Buffer.from(stream);
adler[adler.length - 1] ^= 1;
const DAMAGED: Readonly<Record<string, readonly [Buffer, RegExp]>> = {
  "a wrong Adler-32": [pngFile(header, pngChunk("IDAT", adler)), /incorrect data check/],
  "a missing Adler-32": [pngFile(header, pngChunk("IDAT", stream.subarray(0, -4))), /the image data break off/],
  "a wrong checksum of IDAT": [pngFile(header, withWrongChecksum(data)), /wrong checksum of the IDAT chunk/],
  "a wrong checksum of IHDR": [pngFile(withWrongChecksum(header), data), /wrong checksum of the IHDR chunk/],
  "a wrong checksum of eXIf": [
    pngFile(header, withWrongChecksum(pngChunk("eXIf", exifBlock(6, true))), data),
    /wrong checksum of the eXIf chunk/,
  ],
  "a second header": [pngFile(header, pngHeader(8, 8), data), /a second header/],
  "missing rows": [pngFile(header, pngData(rows.subarray(0, -37))), /the image data hold \d+ of \d+ bytes/],
  "a missing end": [pngFile(header, data).subarray(0, -12), /the IEND chunk is missing/],
  "other chunks between the data": [
    pngFile(header, pngChunk("IDAT", stream.subarray(0, 50)), text, pngChunk("IDAT", stream.subarray(50))),
    /other chunks lie between the IDAT chunks/,
  ],
};

describe("image/formats/png", () => {
  for (const [what, file] of Object.entries(HARMLESS)) {
    it(`takes ${what} for harmless`, async () => {
      const image = await decodeImage(file, "a.png");
      assert.ok(rgbOf(image).equals(rgbOf(photo)));
      assert.equal((await decodeImage(file, "a.png", { tolerant: true })).damaged, null);
    });
  }

  for (const [what, [file, words]] of Object.entries(DAMAGED)) {
    it(`takes ${what} for damage`, async () => {
      await assert.rejects(decodeImage(file, "a.png"), (e: Error) => e instanceof InputError && words.test(e.message));
      assert.match((await decodeImage(file, "a.png", { tolerant: true })).damaged ?? "", words);
    });
  }

  it("takes time that grows as the file does where thousands of chunks have lengths that make no sense", async () => {
    const timeOf = async (count: number, body: string): Promise<number> => {
      const broken = Buffer.alloc(12 * count, Buffer.from(`\xff\xff\xff\xff${body}\0\0\0\0`, "latin1"));
      const file = Buffer.concat([pngFile(header).subarray(0, 33), broken, data, pngFile(header).subarray(-12)]);
      const start = performance.now();
      const image = await decodeImage(file, "a.png", { tolerant: true });
      assert.notEqual(image.damaged, null);
      return performance.now() - start;
    };
    for (const body of ["IDAT", "tEXt"]) {
      assert.ok((await timeOf(400_000, body)) < 6000, `400,000 chunks of ${body}`);
    }
    // No IDAT follows, so each search for one would read to the end.
    const ends = Buffer.alloc(12 * 200_000, Buffer.from("\xff\xff\xff\xffABCD\0\0\0\0", "latin1"));
    const start = performance.now();
    const file = Buffer.concat([pngFile(header, data).subarray(0, -12), ends]);
    await decodeImage(file, "a.png", { tolerant: true });
    assert.ok(performance.now() - start < 6000);
  });
});
