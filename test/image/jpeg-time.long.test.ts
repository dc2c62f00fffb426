/** JPEG files built to make a decoder slow: the time must grow only linearly with the file. */
import assert from "node:assert/strict";
import sharp from "sharp";
import { InputError } from "../../src/errors.js";
import { decodeImage } from "../../src/image/codec.js";
import { Random } from "../../src/random.js";
import { jpegFile } from "../support/jpeg-files.js";
import { inserted, scanOf } from "../support/jpeg-samples.js";
import { goldenPhoto } from "../support/pictures.js";

const BYTES = 400_000;
/** Each file takes a tenth of a second or two. When the time grew with the square of the bytes, it was ten seconds and more. */
const MOST_SECONDS = 3;

async function files(): Promise<ReadonlyMap<string, Uint8Array>> {
  const [width, height] = [64, 48];
  const shape = { width, height, grey: false, restartInterval: 0 };
  const random = Random.fromSeed(10, "time");
  const raw = sharp(goldenPhoto("time", 3, height, width).data, { raw: { width, height, channels: 4 } }).removeAlpha();
  return new Map<string, Uint8Array>([
    ["baseline", jpegFile(random, { ...shape, h: 2, v: 2 })],
    ["4:4:0", jpegFile(random, { ...shape, h: 1, v: 2 })],
    ["restarts", jpegFile(random, { ...shape, h: 2, v: 2, restartInterval: 1 })],
    ["progressive", await raw.clone().jpeg({ progressive: true }).toBuffer()],
    ["cmyk", await raw.clone().toColourspace("cmyk").jpeg({ progressive: true }).toBuffer()],
  ]);
}

/** As many copies as fit into BYTES bytes. */
function many(...bytes: number[]): number[] {
  return Array.from({ length: Math.floor(BYTES / bytes.length) }, () => bytes).flat();
}

describe("image/jpeg: time", () => {
  let all: ReadonlyMap<string, Uint8Array>;
  before(async () => {
    all = await files();
    for (const [name, bytes] of all) await decodeImage(bytes, name);
  });

  /** Decodes strictly and tolerantly within the limit. Returns the strict image, or null if it is refused. */
  async function bounded(bytes: Uint8Array, label: string): Promise<Uint8Array | Uint8ClampedArray | null> {
    let strict: Uint8Array | Uint8ClampedArray | null = null;
    for (const tolerant of [true, false]) {
      const start = performance.now();
      try {
        strict = (await decodeImage(bytes, label, { tolerant })).data;
      } catch (error) {
        assert.ok(error instanceof InputError, String(error));
        strict = null;
      }
      const seconds = (performance.now() - start) / 1000;
      assert.ok(seconds < MOST_SECONDS, `${label}${tolerant ? ", tolerant" : ""}: ${seconds.toFixed(1)} s`);
    }
    return strict;
  }

  it("grows with the file for any number of segments before the picture, which is read rightly", async () => {
    const short = (marker: number, ...body: number[]): number[] => many(0xff, marker, 0, 2 + body.length, ...body);
    const fillings = {
      "empty APP1": short(0xe1),
      "EXIF without a directory": short(0xe1, 0x45, 0x78, 0x69, 0x66, 0, 0),
      APP0: short(0xe0),
      APP14: short(0xee),
      comments: short(0xfe, 7),
      "empty tables": short(0xc4),
      "restart intervals": short(0xdd, 0, 0),
      "fill bytes": many(0xff),
      "stray bytes": many(0, 0x7f, 0xff, 0),
    };
    for (const [name, bytes] of all) {
      const whole = await decodeImage(bytes, name);
      for (const [what, filling] of Object.entries(fillings)) {
        const label = `${name} behind ${BYTES} bytes of ${what}`;
        const data = await bounded(inserted(bytes, 2, filling), label);
        assert.ok(data !== null && Buffer.from(data).equals(Buffer.from(whole.data)), label);
      }
    }
  });

  it("grows with the file for any number of scans, frames and markers within the data", async () => {
    for (const [name, bytes] of all) {
      const end = bytes.length - 2;
      const last = bytes.lastIndexOf(0xda) - 1; // of 0xff 0xda: the last scan's marker
      const scan = [...bytes.subarray(last, end)];
      const header = scan.slice(0, 2 + scan[3]);
      await bounded(inserted(bytes, end, many(...scan)), `${name} with many scans`);
      await bounded(inserted(bytes, end, many(...header)), `${name} with many empty scans`);
      await bounded(inserted(bytes, end, many(0xff, 0xd3)), `${name} with many restart markers`);
      await bounded(inserted(bytes, end, many(0xff, 0x37)), `${name} with many markers that do not exist`);
      await bounded(inserted(bytes, scanOf(bytes), many(0xff, 0xd0)), `${name} with restart markers before its data`);
      const frame = bytes.findIndex((byte, i) => byte === 0xff && (bytes[i + 1] === 0xc0 || bytes[i + 1] === 0xc2));
      const frameHeader = bytes.subarray(frame, frame + 2 + bytes[frame + 3]);
      await bounded(inserted(bytes, frame, many(...frameHeader)), `${name} with many frame headers`);
    }
  });

  it("is not spent on pixels that the bytes cannot hold, also where damage is tolerated", async () => {
    for (const [name, bytes] of all) {
      const copy = Uint8Array.from(bytes);
      const frame = copy.findIndex((byte, i) => byte === 0xff && (copy[i + 1] === 0xc0 || copy[i + 1] === 0xc2));
      copy.set([0x27, 0x10, 0x27, 0x10], frame + 5); // 10,000 x 10,000
      for (const tolerant of [false, true]) {
        const start = process.cpuUsage();
        await assert.rejects(decodeImage(copy, name, { tolerant }), /\d+ bytes cannot hold the 10000 x 10000 pixels/);
        const { user, system } = process.cpuUsage(start); // the time of this process, whatever else runs
        assert.ok(user + system < 200_000, `${name}: ${user + system} us`);
      }
    }
  });
});
