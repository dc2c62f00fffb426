/** Which stray bytes in a JPEG file are harmless and which are damage, for every decoder. */
import assert from "node:assert/strict";
import sharp from "sharp";
import { InputError } from "../../src/errors.js";
import { decodeImage } from "../../src/image/codec.js";
import { readBaselineJpeg } from "../../src/image/formats/jpeg-header.js";
import { Random } from "../../src/random.js";
import { type JpegShape, jpegFile } from "../support/jpeg-files.js";
import { inserted, scanOf, without } from "../support/jpeg-samples.js";
import { goldenPhoto } from "../support/pictures.js";

const SEED = 1717;
const SAMPLINGS = [
  [1, 1],
  [2, 1],
  [1, 2],
  [2, 2],
] as const;

/** Where a marker's segment begins. */
const find = (bytes: Uint8Array, marker: number): number =>
  bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === marker);

/** One file for each sampling that the kernel accepts, one with restart markers, and forms for the other decoders. */
async function files(): Promise<ReadonlyMap<string, Uint8Array>> {
  const random = Random.fromSeed(SEED, "files");
  const [width, height] = [80, 64];
  const made = (shape: Partial<JpegShape>): Uint8Array =>
    jpegFile(random, { width, height, h: 1, v: 1, grey: false, restartInterval: 0, ...shape });
  const raw = sharp(goldenPhoto("rules", 3, height, width).data, { raw: { width, height, channels: 4 } }).removeAlpha();
  const named = SAMPLINGS.map(([h, v]) => [`${h}x${v}`, made({ h, v })] as const);
  return new Map<string, Uint8Array>([
    ...named,
    ["grey", made({ grey: true })],
    ["restarts", made({ h: 2, v: 2, restartInterval: 2 })],
    ["4:1:1", relabelled(made({ h: 2, v: 2 }))],
    ["narrow", made({ width: 4, height: 64, h: 2 })],
    ["progressive", await raw.clone().jpeg({ progressive: true }).toBuffer()],
    ["cmyk", await raw.clone().toColourspace("cmyk").jpeg().toBuffer()],
  ]);
}

/** A 4:2:0 file relabelled as 4:1:1: four blocks of luminance in a row, so twice as wide and half as high. */
function relabelled(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const frame = find(copy, 0xc0);
  copy.set([0, 32, 0, 160], frame + 5);
  copy[frame + 11] = 0x41;
  return copy;
}

async function pixelsOf(bytes: Uint8Array, label: string): Promise<Buffer> {
  const { data, damaged } = await decodeImage(bytes, label);
  assert.equal(damaged, null);
  return Buffer.from(data);
}

async function refusal(bytes: Uint8Array, label: string, words: RegExp): Promise<void> {
  const right = (error: unknown): boolean => error instanceof InputError && words.test(error.message);
  await assert.rejects(decodeImage(bytes, label), right, label);
}

describe("image/jpeg: stray bytes", () => {
  let all: ReadonlyMap<string, Uint8Array>;
  before(async () => {
    all = await files();
  });

  it("between the segments before the first scan do no harm, in any decoder", async () => {
    const strays = [
      [0],
      [0, 0, 0, 0, 0, 0, 0],
      [0x7f, 1, 2],
      [0xff, 0xff, 0xff],
      [0xff, 0, 0xff, 0],
      Array(1000).fill(9),
    ];
    for (const [name, bytes] of all) {
      const whole = await pixelsOf(bytes, name);
      const markers = [0xdb, 0xc4, 0xda].map((marker) => find(bytes, marker));
      const frame = Math.max(find(bytes, 0xc0), find(bytes, 0xc2));
      for (const at of [...markers, frame]) {
        for (const stray of strays) {
          const label = `${name} with ${stray.slice(0, 8)} at ${at}`;
          assert.ok((await pixelsOf(inserted(bytes, at, stray), label)).equals(whole), label);
        }
      }
    }
  });

  it("before the end marker are padding up to 16 zeros or 4 others, and damage beyond, in any decoder", async () => {
    for (const [name, bytes] of all) {
      const whole = await pixelsOf(bytes, name);
      const end = bytes.length - 2;
      const harmless = [[0], Array(5).fill(0), Array(16).fill(0), [1, 2, 3, 4], Array(40).fill(0xff)];
      for (const stray of harmless) {
        const label = `${name} with ${stray.length} bytes of ${stray[0]}`;
        assert.ok((await pixelsOf(inserted(bytes, end, stray), label)).equals(whole), label);
      }
      for (const stray of [Array(30).fill(0), Array(12).fill(7), Array(700).fill(0)]) {
        const label = `${name} with ${stray.length} bytes of ${stray[0]}`;
        const more = inserted(bytes, end, stray);
        await refusal(more, label, /\d+ stray bytes before the end marker/);
        const rest = await decodeImage(more, label, { tolerant: true });
        assert.match(rest.damaged ?? "", /stray bytes/, label);
        // By another decoder, which rounds differently.
        assert.ok(
          rest.data.every((level, i) => Math.abs(level - whole[i]) <= 3),
          `${label}: the picture is all there`,
        );
      }
      assert.ok((await pixelsOf(inserted(bytes, bytes.length, Array(300).fill(7)), name)).equals(whole));
    }
  });

  it("do not hide data that were doubled, lost or broken: sequential files are judged by our own readers", async () => {
    for (const [name, bytes] of all) {
      if (name === "progressive") continue;
      const scan = scanOf(bytes);
      const at = scan + Math.floor((bytes.length - scan) / 4);
      const length = Math.min(60, at - scan);
      const doubled = inserted(bytes, at, bytes.subarray(at - length, at));
      const lost = without(bytes, at, length);
      for (const mutant of [doubled, lost]) {
        const label = `${name}: ${mutant === lost ? "lost" : "doubled"}`;
        await refusal(mutant, label, /damaged or unsupported JPEG/);
        assert.ok((await decodeImage(mutant, label, { tolerant: true })).damaged, label);
      }
    }
  });

  it("of a second picture or frame, and markers that do not exist, are damage", async () => {
    for (const [name, bytes] of all) {
      const tables = find(bytes, 0xdb);
      await refusal(inserted(bytes, tables, [0xff, 0xd8]), name, /a second start marker/);
      await refusal(inserted(bytes, tables, [0xff, 0x37, 0, 2]), name, /marker 0x37, which does not exist/);
      const frame = Math.max(find(bytes, 0xc0), find(bytes, 0xc2));
      const header = bytes.subarray(frame, frame + 2 + bytes[frame + 3]);
      await refusal(inserted(bytes, frame, header), name, /a second frame header/);
    }
  });

  it("that fill up the data before a restart marker are read, others are damage", async () => {
    const bytes = all.get("restarts")!;
    const restart = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xd0);
    const filled = inserted(bytes, restart, [0xff, 0xff]);
    assert.ok(readBaselineJpeg(filled) !== null);
    assert.ok((await pixelsOf(filled, "filled")).equals(await pixelsOf(bytes, "restarts")));
    await refusal(inserted(bytes, restart, [0]), "a zero before a restart", /a restart marker is missing/);
  });
});
