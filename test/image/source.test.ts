/** Images from files, from ranges of files, and as raw rows must give the same floats. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeJpeg, encodePng } from "../../src/image/codec.js";
import { BatchLoader } from "../../src/image/loader.js";
import type { PictureSource } from "../../src/image/picture-source.js";
import { closeSources, readSource } from "../../src/image/source.js";
import { withFolder } from "../support/folder.js";
import { npyOf, rgbOf } from "../support/packed.js";
import { goldenPhoto } from "../support/pictures.js";

const SIDE = 16;
const NAMES = ["a", "b", "c", "d", "e"];
const photos = NAMES.map((name) => goldenPhoto(name, 1, SIDE, SIDE));

/** The same images as PNG files, raw in one file, and encoded in one file. */
async function writeSources(dir: string): Promise<Record<"files" | "raw" | "ranges", PictureSource[]>> {
  const { bytes, start } = npyOf(photos, SIDE);
  await writeFile(join(dir, "raw.npy"), bytes);
  const pngs = await Promise.all(photos.map((photo) => encodePng(photo)));
  await writeFile(join(dir, "pngs.bin"), Buffer.concat(pngs));
  const files: PictureSource[] = [];
  const ranges: PictureSource[] = [];
  let offset = 0;
  for (const [i, png] of pngs.entries()) {
    files.push({ path: join(dir, `${i}.png`) });
    await writeFile(join(dir, `${i}.png`), png);
    ranges.push({ path: join(dir, "pngs.bin"), name: NAMES[i], range: { offset, length: png.length } });
    offset += png.length;
  }
  const length = SIDE * SIDE * 3;
  const raw = NAMES.map((name, i) => {
    return { path: join(dir, "raw.npy"), name, range: { offset: start + i * length, length }, raw: SIDE };
  });
  return { files, raw, ranges };
}

describe("picture sources", () => {
  afterEach(() => closeSources());

  it("give the same floats from files, ranges and raw rows, of their own side, of another and cropped", () =>
    withFolder(async (dir) => {
      const sources = await writeSources(dir);
      for (const [size, crop] of [
        [SIDE, null],
        [8, null],
        [24, null],
        [SIDE, { x: 2, y: 3, width: 10, height: 12 }],
      ] as const) {
        const loader = new BatchLoader({ size, crop, workers: 2, batch: 5 });
        try {
          const load = async (some: readonly PictureSource[]): Promise<Float32Array> => {
            const { data, release } = await loader.load(some);
            const kept = data.slice();
            release();
            return kept;
          };
          const expected = await load(sources.files);
          assert.deepEqual(await load(sources.raw), expected);
          assert.deepEqual(await load(sources.ranges), expected);
          const mixed = [4, 0, 3].map((i) => [sources.raw, sources.ranges, sources.files][i % 3][i]);
          const length = size * size * 3;
          const order = [4, 0, 3].flatMap((i) => [...expected.subarray(i * length, (i + 1) * length)]);
          assert.deepEqual(await load(mixed), Float32Array.from(order));
        } finally {
          await loader.close();
        }
      }
    }));

  it("are named in errors: a file that was cut short, one that is gone, bytes that are no picture", () =>
    withFolder(async (dir) => {
      const { raw, ranges } = await writeSources(dir);
      await truncate(join(dir, "raw.npy"), 128 + 1000);
      const loader = new BatchLoader({ size: SIDE, workers: 1, batch: 4 });
      try {
        await assert.rejects(
          loader.load([raw[1]]),
          /raw\.npy: b: expected 768 bytes at 896, received 232\. The file was cut/,
        );
        (await loader.load([raw[0]])).release();
        const range = { offset: 10, length: 100 };
        await assert.rejects(
          loader.load([{ ...ranges[0], range } as PictureSource]),
          /pngs\.bin: a: image: expected JPEG/,
        );
        const gone = { ...ranges[0], path: join(dir, "gone.tar") } as PictureSource;
        await assert.rejects(loader.load([gone]), /gone\.tar: a: reading the picture: ENOENT/);
        const wrong = { ...raw[0], range: { offset: 128, length: 300 } } as PictureSource;
        await assert.rejects(loader.load([wrong]), /a: expected 768 bytes of 16 x 16 pixels, received 300/);
      } finally {
        await loader.close();
      }
    }));

  it("keep a bounded number of files open", () =>
    withFolder(async (dir) => {
      const jpeg = await encodeJpeg(photos[0], 95);
      const sources: PictureSource[] = [];
      for (let i = 0; i < 40; i++) {
        const path = join(dir, `${i}.tar`);
        await writeFile(path, jpeg);
        sources.push({ path, name: "a", range: { offset: 0, length: jpeg.length } });
      }
      const expected = await readSource(sources[0]);
      for (let turn = 0; turn < 2; turn++) {
        for (const source of sources) assert.deepEqual(rgbOf(await readSource(source)), rgbOf(expected));
      }
      if (existsSync("/proc/self/fd")) {
        const open = readdirSync("/proc/self/fd").filter((name) => {
          const path = `/proc/self/fd/${name}`;
          return existsSync(path) && readlinkSync(path).startsWith(dir);
        });
        assert.equal(open.length, 16);
      }
    }));
});
