/** Our PNG files against those that a general writer makes with the same filter and compression. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import png, { PNGColorType, PNGFilterType } from "@jimp/js-png";
import { decodeImage, encodePng } from "../../src/image/codec.js";
import { writePng } from "../../src/image/formats/png-writer.js";
import { Random } from "../../src/random.js";
import type { RgbaImage } from "../../src/types.js";
import { withFolder } from "../support/folder.js";
import { goldenPhoto } from "../support/pictures.js";
import { hasPillow, runPython } from "../support/torch.js";

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

  /** Keywords of the least and the most characters, Latin-1 within, and texts of every kind. */
  const TEXTS: Readonly<Record<string, string>> = {
    Software: "elegant-faces",
    x: "",
    [`Ünïcode ÿ¡ ${"k".repeat(68)}`]: "Grüße, 顔 and 🙂\nin two lines",
    Comment: "long ".repeat(20_000),
  };

  it("writes texts between the header and the pixels, which stay the same", async () => {
    const picture = noise(31, 9);
    const [plain, written] = [Buffer.from(writePng(picture)), Buffer.from(writePng(picture, TEXTS))];
    assert.ok(Buffer.from(await encodePng(picture, TEXTS)).equals(written));
    const afterHeader = 8 + 25;
    const pixels = plain.subarray(afterHeader);
    assert.ok(written.subarray(0, afterHeader).equals(plain.subarray(0, afterHeader)));
    assert.ok(written.subarray(written.length - pixels.length).equals(pixels));
    assert.deepEqual(
      [...Buffer.from(writePng(noise(1, 1), { a: "é" })).subarray(afterHeader, afterHeader + 16)],
      [...[0, 0, 0, 8], ...Buffer.from("iTXt"), ...[0x61, 0, 0, 0, 0, 0], ...[0xc3, 0xa9]],
    );
    const { data } = await decodeImage(written, "noise with texts");
    assert.deepEqual(data, (await decodeImage(plain, "noise")).data);
  });

  it("writes the same bytes with no texts as without the argument", () => {
    assert.deepEqual(writePng(noise(5, 4), {}), writePng(noise(5, 4)));
  });

  it("writes texts that Pillow reads back", async function () {
    if (!hasPillow()) this.skip();
    await withFolder(async (folder) => {
      const path = join(folder, "texts.png");
      await writeFile(path, writePng(noise(31, 9), TEXTS));
      assert.deepEqual(JSON.parse(runPython("pillow-texts.py", [path])), TEXTS);
    });
  });

  const refused = ["", " a", "a ", " ", "a  b", "k".repeat(80), "a\0b", "a\nb", "\u007f", "a\u00a0b", "Ā", "顔", "a\n"];
  for (const keyword of refused) {
    it(`refuses the keyword ${JSON.stringify(keyword)}`, async () => {
      const message = /^Error: PNG keyword: expected 1 to 79 printable Latin-1 characters .*, received ".*"\. Choose/;
      assert.throws(() => writePng(noise(1, 1), { Software: "x", [keyword]: "text" }), message);
      await assert.rejects(encodePng(noise(1, 1), { [keyword]: "text" }), message);
    });
  }

  it("refuses a text with a NUL character", () => {
    assert.throws(() => writePng(noise(1, 1), { Title: "a\0b" }), /PNG text "Title": expected a text without NUL/);
  });
});
