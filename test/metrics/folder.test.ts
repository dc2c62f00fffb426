/** The side that is made from a folder of images, and its cache. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { InputError } from "../../src/errors.js";
import { encodePng } from "../../src/image/codec.js";
import type { FeatureExtractor } from "../../src/metrics/extract.js";
import { type FolderSide, folderSide } from "../../src/metrics/folder.js";
import { featureStatistics } from "../../src/metrics/frechet.js";
import { SideGatherer } from "../../src/metrics/gather.js";
import { Linalg } from "../../src/metrics/linalg.js";
import { asFeatures, type Features, type Statistics } from "../../src/metrics/sides.js";
import { Random } from "../../src/random.js";
import { useCacheHome } from "../support/cache.js";
import { assertClose } from "../support/close.js";
import { withFolder } from "../support/folder.js";
import { goldenPhoto } from "../support/pictures.js";

/** Means of quarters of rows of pixels: a network of four features that takes no time. It counts its inputs. */
class Quarters implements FeatureExtractor {
  readonly name = "quarters";
  readonly comparable = false;
  readonly dims = 4;
  readonly size = 8;
  seen = 0;

  extract(images: tf.Tensor4D): tf.Tensor2D {
    this.seen += images.shape[0];
    return tf.mean(tf.reshape(images, [images.shape[0], 4, 48]), 2);
  }
}

describe("a folder's side", () => {
  let device: Device;
  let linalg: Linalg;
  let giveBackCache = (): void => {};
  before(async () => {
    [device, linalg] = [await openDevice("wasm", 1), await Linalg.open(2)];
  });
  after(async () => {
    await linalg.close();
    await device.close();
  });
  afterEach(() => {
    giveBackCache();
    assert.equal(linalg.team.heap.statistics.usedBytes, 0, "nothing stays allocated");
  });

  /** Calls `body` with a folder of this number of images, and a function that makes its side with a cache of its own. */
  const withImages = (
    count: number,
    body: (tools: {
      images: string;
      cache: string;
      warnings: string[];
      take: (rows: boolean, cache?: boolean) => Promise<FolderSide & { seen: number }>;
      kept: () => Promise<string[]>;
    }) => Promise<void>,
  ): Promise<void> =>
    withFolder(async (folder) => {
      const [images, cache] = [join(folder, "images"), join(folder, "cache", "elegant-faces")];
      giveBackCache = useCacheHome(join(folder, "cache"));
      await mkdir(images);
      for (let i = 0; i < count; i++) {
        await writeFile(join(images, `${i}.png`), await encodePng(goldenPhoto(`p${i}`, 4, 20 + i, 30)));
      }
      const warnings: string[] = [];
      const take = async (rows: boolean, useCache = true) => {
        const extractor = new Quarters();
        const side = await folderSide(linalg, images, {
          ...{ extractor, extractorKey: "quarters", mode: "pytorch", recursive: false, strict: false },
          ...{ cache: useCache, rows, workers: 1, batch: 3, onProgress: () => {} },
          warn: (line) => warnings.push(line),
        });
        return { ...side, seen: extractor.seen };
      };
      const kept = async () =>
        (await readdir(cache).catch((): string[] => [])).map((name) => name.replace(/-.*\./, "."));
      await body({ images, cache, warnings, take, kept });
    });

  it("is kept as features while there are not more images than dimensions", () =>
    withImages(4, async ({ take, kept, warnings }) => {
      const first = await take(false);
      assert.deepEqual([first.side.kind, first.side.n, first.cached, first.seen], ["features", 4, null, 4]);
      assert.deepEqual(await kept(), ["features.npz"]);
      const second = await take(false);
      assert.deepEqual([second.cached, second.seen, second.side], ["features", 0, first.side]);
      assert.deepEqual(warnings, []);
    }));

  it("has no images that left_out.txt next to the folder names", () =>
    withImages(6, async ({ images, take, warnings }) => {
      await writeFile(join(images, "../left_out.txt"), "1.png\n4.png\n");
      const { side, seen } = await take(true);
      assert.deepEqual([side.n, seen], [4, 4]);
      assert.deepEqual(warnings, ["left_out.txt leaves out 2 of 6 images of images"]);
      await rm(join(images, "../left_out.txt"));
      assert.equal((await take(true)).side.n, 6, "the cache knows that these are other images");
    }));

  it("is kept as mean and covariance with one image more, the same to the bit as those of its features", () =>
    withImages(5, async ({ take, kept, warnings }) => {
      const first = await take(false);
      assert.deepEqual([first.side.kind, first.side.n, first.cached, first.seen], ["statistics", 5, null, 5]);
      assert.deepEqual(await kept(), ["statistics.npz"], "no features");
      const second = await take(false);
      assert.deepEqual([second.cached, second.seen, second.side], ["statistics", 0, first.side]);

      const rows = await take(true);
      assert.deepEqual([rows.side.kind, rows.cached, rows.seen], ["features", null, 5], "rows are not in statistics");
      assert.deepEqual({ ...featureStatistics(linalg, rows.side as Features) }, first.side);
      assert.deepEqual(await kept(), ["features.npz", "statistics.npz"]);
      assert.deepEqual((await take(true)).cached, "features");
      assert.deepEqual((await take(false)).cached, "statistics");
      assert.deepEqual(warnings, []);
    }));

  it("makes its statistics from features that are kept already, and nothing is kept or taken without the cache", () =>
    withImages(6, async ({ take, kept }) => {
      const plain = await take(false, false);
      assert.deepEqual([plain.seen, await kept()], [6, []]);
      await take(true);
      const made = await take(false);
      assert.deepEqual([made.cached, made.seen, made.side], ["features", 0, plain.side]);
      assert.deepEqual(await kept(), ["features.npz", "statistics.npz"]);
      assert.equal((await take(false, false)).seen, 6);
    }));

  it("is computed again when an image changes, but not when it only has another name", () =>
    withImages(6, async ({ images, take }) => {
      const first = await take(false);
      await rename(join(images, "5.png"), join(images, "6.png"));
      assert.equal((await take(false)).cached, "statistics");
      await writeFile(join(images, "6.png"), await encodePng(goldenPhoto("other", 4, 20, 30)));
      const other = await take(false);
      assert.equal(other.cached, null);
      assert.notDeepEqual(other.side, first.side);
    }));

  it("is computed again, with a warning, if its file in the cache is damaged", () =>
    withImages(6, async ({ cache, take, warnings }) => {
      const expected = { statistics: (await take(false)).side, features: (await take(true)).side };
      for (const name of await readdir(cache)) {
        const kind = name.startsWith("features") ? "features" : "statistics";
        const [path, whole] = [join(cache, name), await readFile(join(cache, name))];
        const other = (await readdir(cache)).find((entry) => entry !== name) as string;
        for (const [what, bytes] of [
          ["a flipped bit", whole.with(whole.length >> 1, whole[whole.length >> 1] ^ 1)],
          ["a cut file", whole.subarray(0, whole.length >> 1)],
          ["an empty file", new Uint8Array(0)],
          ["the other kind", await readFile(join(cache, other))],
        ] as const) {
          await writeFile(path, bytes);
          const aside = join(cache, "..", "aside");
          await rename(join(cache, other), aside);
          const again = await take(kind === "features");
          assert.deepEqual([again.side, again.cached, again.seen], [expected[kind], null, 6], `${kind}, ${what}`);
          assert.deepEqual(warnings.splice(0), [`the cache's file ${name} is damaged and is computed again`]);
          assert.deepEqual(new Uint8Array(await readFile(path)), new Uint8Array(whole), "mended");
          await rename(aside, join(cache, other));
        }
      }
    }));

  it("names the picture whose features are no numbers", () =>
    withImages(6, async ({ images, kept }) => {
      const extractor = new Quarters();
      const broken: FeatureExtractor = {
        ...{ name: "broken", comparable: false, dims: 4, size: 8 },
        extract: (x) => tf.add(extractor.extract(x), extractor.seen > 3 ? Number.NaN : 0),
      };
      const options = {
        ...{ extractor: broken, extractorKey: "broken", recursive: false, strict: false },
        ...{ cache: true, rows: false, workers: 1, batch: 3, onProgress: () => {}, warn: () => {} },
        mode: "pytorch",
      } as const;
      await assert.rejects(folderSide(linalg, images, options), (error) => {
        return (
          error instanceof InputError && /3\.png: expected finite features of broken, received NaN/.test(error.message)
        );
      });
      assert.deepEqual(await kept(), []);
    }));

  it("that cannot be kept is computed all the same", () =>
    withImages(6, async ({ cache, take }) => {
      await rm(join(cache, ".."), { recursive: true, force: true });
      await writeFile(join(cache, ".."), "a file in the way");
      for (const _ of [1, 2]) assert.equal((await take(false)).seen, 6);
    }));
});

describe("gathered rows", () => {
  it("take the same memory however many they are, and give what all of them at once give", async () => {
    const linalg = await Linalg.open(2);
    const random = Random.fromSeed(5, "gather");
    const [d, piece, pieces] = [64, 1000, 1500];
    const rows = Float32Array.from({ length: piece * d }, () => random.normal());
    const gatherer = new SideGatherer(linalg, { dims: d, most: piece * pieces, rows: false });
    const held = () => process.memoryUsage().arrayBuffers + linalg.team.heap.statistics.usedBytes;
    const begin = held();
    let most = 0;
    for (let i = 0; i < pieces; i++) {
      gatherer.add(rows);
      if (i % 100 === 0) most = Math.max(most, held() - begin);
    }
    // 1.5 million rows would be 384 MB. The garbage of the pieces in between is far smaller.
    assert.ok(most < 40e6, `${most} bytes`);
    const side = gatherer.finish("all") as Statistics;
    assert.deepEqual([side.kind, side.n], ["statistics", piece * pieces]);
    const once = featureStatistics(linalg, asFeatures({ shape: [piece, d], data: rows }, "once"));
    const factor = (pieces * (piece - 1)) / (piece * pieces - 1);
    assertClose(side.mean, once.mean, { abs: 1e-12, rel: 0 });
    assertClose(
      side.covariance,
      once.covariance.map((value) => value * factor),
      { abs: 1e-11, rel: 0 },
    );
    await linalg.close();
  });
});
