/** Decoded pixels of all formats against Pillow's. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { InputError } from "../../src/errors.js";
import { decodeImage } from "../../src/image/codec.js";
import { goldenPhoto, withFolder } from "../support/pictures.js";
import { comparePillow, type PixelDifference } from "../support/pillow.js";
import { sharedPath } from "../support/shared.js";
import { fromRoot } from "../support/spawn.js";
import { hasPillow, runPython } from "../support/torch.js";

const [WIDTH, HEIGHT] = [59, 45];

/** Files written by sharp, by name. */
async function sharpFiles(): Promise<ReadonlyMap<string, Buffer>> {
  const photo = goldenPhoto("formats", 9, HEIGHT, WIDTH);
  const alpha = photo.data.map((v, i) => (i % 4 === 3 ? (i * 7) & 255 : v));
  const rgba = sharp(alpha, { raw: { width: WIDTH, height: HEIGHT, channels: 4 } });
  const rgb = sharp(photo.data, { raw: { width: WIDTH, height: HEIGHT, channels: 4 } }).removeAlpha();
  const made: Readonly<Record<string, Sharp>> = {
    "rgb.png": rgb.clone().png(),
    "rgba.png": rgba.clone().png(),
    "interlaced.png": rgba.clone().png({ progressive: true }),
    "palette.png": rgb.clone().png({ palette: true, colours: 200 }),
    "palette-trns.png": rgba.clone().png({ palette: true, colours: 60 }),
    "palette4.png": rgb.clone().png({ palette: true, colours: 12 }),
    "palette2-interlaced.png": rgb.clone().png({ palette: true, colours: 4, progressive: true }),
    "grey.png": rgb.clone().toColourspace("b-w").png(),
    "rgb16.png": rgb.clone().toColourspace("rgb16").png(),
    "grey16.png": rgb.clone().toColourspace("grey16").png(),
    "420.jpg": rgb.clone().jpeg({ quality: 92 }),
    "444.jpg": rgb.clone().jpeg({ quality: 92, chromaSubsampling: "4:4:4" }),
    "progressive.jpg": rgb.clone().jpeg({ quality: 92, progressive: true }),
    "grey.jpg": rgb.clone().toColourspace("b-w").jpeg(),
    "cmyk.jpg": rgb.clone().toColourspace("cmyk").jpeg({ quality: 95 }),
    "lzw.tif": rgb.clone().tiff({ compression: "lzw" }),
    "deflate-predictor.tif": rgb.clone().tiff({ compression: "deflate", predictor: "horizontal" }),
    "tiles.tif": rgb.clone().tiff({ compression: "lzw", tile: true, tileWidth: 32, tileHeight: 16 }),
    "plain.tif": rgba.clone().tiff({ compression: "none" }),
    "bilevel.tif": rgb.clone().toColourspace("b-w").threshold().tiff({ bitdepth: 1, compression: "none" }),
    "frame.gif": rgb.clone().gif(),
    "transparent.gif": rgba.clone().gif(),
    "interlaced.gif": rgb.clone().gif({ progressive: true }),
  };
  const entries = Object.entries(made).map(async ([name, image]) => [name, await image.toBuffer()] as const);
  return new Map(await Promise.all(entries));
}

/** PNG, TIFF, BMP and GIF must be exact; JPEG within 2 levels for 99.9 % of the values, and never off by more than 4. */
function assertAgrees(differences: ReadonlyMap<string, PixelDifference>): void {
  for (const [file, { most, over2, mode }] of differences) {
    const jpeg = /\.jpg$/.test(file);
    const said = `${file} (${mode}): at most ${most}, ${(over2 * 100).toFixed(3)} % over 2`;
    assert.ok(jpeg ? most <= 4 && over2 <= 1e-3 : most === 0, said);
  }
}

/** Files that only Pillow refuses, because of a bomb or a strange compression in a colour profile. We never unpack profiles. */
const ODD_PROFILES = ["pillow__png_decompression_dos.png", "pillow__unknown_compression_method.png"];

describe("image/formats", () => {
  it("decodes sharp's files as Pillow does", async function () {
    if (!hasPillow()) this.skip();
    await withFolder(async (dir) => {
      const files = await sharpFiles();
      await mkdir(join(dir, "files"));
      for (const [name, bytes] of files) await writeFile(join(dir, "files", name), bytes);
      const differences = await comparePillow(join(dir, "files"), join(dir, "out"));
      assert.deepEqual([...differences.keys()].sort(), [...files.keys()].sort());
      assertAgrees(differences);
    });
  });

  it("decodes Pillow's files as Pillow does: odd sampling, BMP and TIFF in all modes", async function () {
    if (!hasPillow()) this.skip();
    await withFolder(async (dir) => {
      await mkdir(join(dir, "files"));
      runPython("pillow-files.py", [join(dir, "files")]);
      const differences = await comparePillow(join(dir, "files"), join(dir, "out"));
      assert.ok(differences.size >= 60, `${differences.size} files from ${fromRoot("test/support/pillow-files.py")}`);
      assertAgrees(differences);
    });
  });

  it("decodes Pillow's WebP as Pillow does, and its AVIF within two levels at 99.9 % of the values", async function () {
    if (!hasPillow()) this.skip();
    await withFolder(async (dir) => {
      await mkdir(join(dir, "files"));
      if (Number(runPython("pillow-web.py", [join(dir, "files")])) === 0) {
        console.log("        skipped: needs a Pillow that writes WebP and AVIF (11.3 or newer)");
        this.skip();
      }
      for (const [file, { most, over2 }] of await comparePillow(join(dir, "files"), join(dir, "out"))) {
        // Pillow's libyuv rounds chroma before it computes blue from it.
        const close = file.endsWith(".webp") ? most === 0 : most <= 3 && over2 <= 1e-3;
        assert.ok(close, `${file}: at most ${most}, ${(over2 * 100).toFixed(3)} % over 2`);
      }
    });
  });

  it("decodes the odd files as Pillow does, CMYK by its naive conversion, and refuses those that it refuses", async function () {
    const folder = sharedPath("faces/odd");
    if (folder === null || !hasPillow()) this.skip();
    await withFolder(async (dir) => {
      const differences = await comparePillow(folder, join(dir, "out"), ODD_PROFILES);
      assert.ok(differences.size >= 10);
      assertAgrees(differences);
    });
  });

  it("refuses 12-bit and arithmetic-coded JPEG in words", async () => {
    const jpeg = (await sharpFiles()).get("444.jpg")!;
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    const changed = (at: number, value: number): Buffer => {
      const copy = Buffer.from(jpeg);
      copy[frame + at] = value;
      return copy;
    };
    const refused = (bytes: Buffer, words: RegExp): Promise<void> =>
      assert.rejects(decodeImage(bytes, "b.jpg"), (e: Error) => e instanceof InputError && words.test(e.message));
    await refused(changed(4, 12), /b\.jpg: .*12 bits a sample are not supported/);
    await refused(changed(1, 0xc9), /b\.jpg: .*arithmetic coding is not supported/);
    await refused(changed(1, 0xc3), /b\.jpg: .*lossless JPEG is not supported/);
  });

  it("bears odd headers, and sees damage behind them", async () => {
    const jpeg = (await sharpFiles()).get("444.jpg")!;
    const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]));
    const odd = Buffer.from(jpeg);
    // The last coefficient of the only scan, which baseline files must state as 63.
    odd[scan + 12] = 62;
    const [expected, image] = await Promise.all([decodeImage(jpeg, "whole"), decodeImage(odd, "odd")]);
    // Two decoders return two types.
    assert.deepEqual(Uint8Array.from(image.data), Uint8Array.from(expected.data));
    odd.fill(0xff, scan + 300, scan + 340);
    await assert.rejects(decodeImage(odd, "odd"), (e: Error) => e instanceof InputError && /damaged/.test(e.message));
    assert.ok((await decodeImage(odd, "odd", { tolerant: true })).damaged);
  });
});
