/** WebDataset tar files without our index: samples, attributes, odd entries and damage. */
import assert from "node:assert/strict";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDataset } from "../../src/dataset/dataset.js";
import { inspectDataset } from "../../src/dataset/inspect.js";
import { OPEN } from "../../src/dataset/lists.js";
import { scanTar } from "../../src/dataset/tars.js";
import { InputError } from "../../src/errors.js";
import { encodePng } from "../../src/image/codec.js";
import { readSource } from "../../src/image/source.js";
import { useCacheHome } from "../support/cache.js";
import { withFolder } from "../support/folder.js";
import { rgbOf, type TarEntry, tarOf } from "../support/packed.js";
import { goldenPhoto } from "../support/pictures.js";

const photo = (name: string) => goldenPhoto(name, 3, 24, 20);
const LONG = `${"deep/".repeat(30)}long.name.with.dots`;

async function picture(key: string, labels: Record<string, unknown> | null): Promise<TarEntry[]> {
  const entries: TarEntry[] = [{ name: `${key}.png`, bytes: await encodePng(photo(key)) }];
  if (labels !== null)
    entries.push({ name: `${key}.json`, bytes: JSON.stringify({ attributes: labels, by: "others" }) });
  return entries;
}

describe("tar files that others made", () => {
  const withCache = (body: (dir: string, cache: string) => Promise<void>): Promise<void> =>
    withFolder(async (folder) => {
      const giveBackCache = useCacheHome(join(folder, "cache"));
      await mkdir(join(folder, "data"));
      try {
        await body(join(folder, "data"), join(folder, "cache/elegant-faces"));
      } finally {
        giveBackCache();
      }
    });

  it("are scanned once: pictures, attributes, long names; other entries are passed over", () =>
    withCache(async (dir, cache) => {
      const first = [
        ...(await picture("b", { Bangs: 1, Male: -1 })),
        { name: "b.txt", bytes: "a face" },
        { name: "b.cls", bytes: "1" },
        { name: "b.mask.png", bytes: "not looked at" },
        { name: "._b.jpg", bytes: "macOS" },
      ];
      const key = LONG.slice(0, LONG.indexOf("."));
      const second = [
        ...(await picture(key, { Bangs: false, Male: true })),
        ...(await picture("a", { Bangs: 0, Male: 1 })),
      ];
      await writeFile(join(dir, "x-0.tar"), await tarOf(first));
      await writeFile(join(dir, "x-1.tar"), await tarOf(second));
      const dataset = await openDataset(dir);
      assert.deepEqual([dataset.format, dataset.size, dataset.imageDir], ["webdataset", null, dir]);
      assert.deepEqual(dataset.files, ["a.png", "b.png", `${key}.png`]);
      assert.deepEqual(dataset.attributes?.names, ["Bangs", "Male"]);
      assert.deepEqual([...(dataset.attributes?.values ?? [])], [0, 1, 1, 0, 0, 1]);
      for (const [i, name] of ["a", "b", key].entries()) {
        const read = await readSource(dataset.picture(i));
        assert.deepEqual(rgbOf(read), rgbOf(photo(name)), name);
      }

      const kept = await readdir(cache);
      assert.equal(kept.length, 2);
      // The cached scan is used without a second scan.
      const index = { kind: "elegant-tar", version: 1, samples: [] };
      for (const name of kept) await writeFile(join(cache, name), JSON.stringify(index));
      await assert.rejects(openDataset(dir), /expected images, received an empty folder/);
      for (const name of kept) await writeFile(join(cache, name), "damaged");
      assert.equal((await openDataset(dir)).files.length, 3);
      // A changed file counts as another file.
      await utimes(join(dir, "x-0.tar"), 1000, 1000);
      assert.equal((await openDataset(dir)).files.length, 3);
      assert.equal((await readdir(cache)).length, 3);
    }));

  it("have open labels where the attribute is null", () =>
    withCache(async (dir) => {
      const samples = [
        ...(await picture("a", { Bangs: null, Male: 1 })),
        ...(await picture("b", { Bangs: -1, Male: null })),
      ];
      await writeFile(join(dir, "x.tar"), await tarOf(samples));
      for (const time of ["scanned", "from the cache"]) {
        const { attributes } = await openDataset(dir);
        assert.deepEqual([...(attributes?.values ?? [])], [OPEN, 1, 0, OPEN], time);
      }
    }));

  it("may repeat keys; lists next to them take precedence over their attributes; conflicting ones are refused", () =>
    withCache(async (dir) => {
      await writeFile(join(dir, "x-0.tar"), await tarOf(await picture("0", { Bangs: 1 })));
      await writeFile(join(dir, "x-1.tar"), await tarOf(await picture("0", null)));
      await assert.rejects(openDataset(dir), (error) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, /x-1\.tar: x-1\/0\.png: expected the 1 attributes of x-0\/0\.png, received 0 /);
        return true;
      });
      await writeFile(join(dir, "list_attr_celeba.txt"), "2\nSmiling\nx-1/0.png 1\nx-0/0.png -1\n");
      const { files, attributes } = await openDataset(dir);
      assert.deepEqual([files, attributes?.names], [["x-1/0.png", "x-0/0.png"], ["Smiling"]]);
    }));

  it("have one picture a sample: the key with one ending, whatever the order; hidden entries are none", () =>
    withCache(async (dir) => {
      const png = async (name: string, of = name) => ({ name, bytes: await encodePng(photo(of)) });
      const entries = [
        ...[await png("a.seg.png"), await png("a.png"), await png("a.image.jpg")],
        ...[await png("b.png"), await png("b.jpg")], // the order of the endings decides: jpg
        await png("set.v1/c.image.png"), // the only image of its sample
        ...[
          await png("./._a.jpg"),
          await png(".cache/x.png"),
          await png("__MACOSX/a.png"),
          await png("PaxHeaders.7/a.png"),
        ],
        // The later one counts, as when it is unpacked.
        ...[await png("d.JFIF", "first"), await png("d.JFIF", "second")],
        { name: "e.heic", bytes: "x" },
      ];
      const read = async (list: readonly TarEntry[]) => {
        await writeFile(join(dir, "x.tar"), await tarOf(list));
        const warnings: string[] = [];
        return { dataset: await openDataset(dir, undefined, undefined, (line) => warnings.push(line)), warnings };
      };
      const { dataset, warnings } = await read(entries);
      assert.deepEqual(dataset.files, ["a.png", "b.jpg", "d.JFIF", "set.v1/c.image.png"]);
      for (const [i, name] of ["a.png", "b.jpg", "second", "set.v1/c.image.png"].entries()) {
        assert.deepEqual(rgbOf(await readSource(dataset.picture(i))), rgbOf(photo(name)), name);
      }
      const expected = [
        /1 file is left out .* HEIC \(1\): e\.heic/,
        /each sample has one picture, so 3 more pictures are left out \(the first is a\.seg\.png\)/,
      ];
      assert.equal(warnings.length, expected.length);
      for (const [i, words] of expected.entries()) assert.match(warnings[i], words);
      assert.deepEqual((await read([...entries].reverse())).dataset.files, dataset.files);
      assert.deepEqual((await inspectDataset(dir, { check: true, count: 4, workers: 1 })).inspection.pictures, 4);
    }));

  it("whose keys would hold several pictures without one that is the key's own are refused by name", () =>
    withCache(async (dir) => {
      const bytes = await encodePng(photo("a"));
      const entries = ["img.001.jpg", "img.002.jpg", "img.003.jpg", "img.004.jpg"].map((name) => ({ name, bytes }));
      await writeFile(join(dir, "x.tar"), await tarOf(entries));
      await assert.rejects(
        openDataset(dir),
        /x\.tar: sample 'img': expected one picture \(img\.jpg\), received img\.001\.jpg, img\.002\.jpg, img\.003\.jpg and 1 more\. A sample's key ends at the first dot/,
      );
    }));

  it("are ignored next to the folder that they were unpacked to", () =>
    withCache(async (dir) => {
      await writeFile(join(dir, "images.tar"), "whatever");
      await mkdir(join(dir, "images"));
      await writeFile(join(dir, "images/a.png"), await encodePng(photo("a")));
      assert.equal((await openDataset(dir)).format, "images");
    }));

  it("are refused when they are damaged or compressed", () =>
    withCache(async (dir) => {
      const path = join(dir, "x.tar");
      const whole = await tarOf(await picture("a", { Bangs: 1 }));
      await writeFile(path, whole.subarray(0, 700));
      await assert.rejects(scanTar(path), /x\.tar: expected a whole tar file, received .* Fetch it again/);
      await writeFile(path, Buffer.alloc(2048, "?"));
      await assert.rejects(scanTar(path), /x\.tar: expected a whole tar file/);
      await writeFile(path, await tarOf([{ name: "a.json", bytes: "{" }]));
      await assert.rejects(scanTar(path), /x\.tar: a\.json: expected JSON, received something else/);
      await writeFile(path, await tarOf([{ name: "a.json", bytes: '{"attributes": {"Bangs": 3}}' }]));
      await assert.rejects(scanTar(path), /a\.json: expected \{"attributes".* received attributes\.Bangs: /);
      await assert.rejects(scanTar(join(dir, "none.tar")), /Reading .*none\.tar: ENOENT/);
      await withFolder(async (other) => {
        await writeFile(join(other, "x.tar.gz"), "x");
        await assert.rejects(openDataset(other), /received x\.tar\.gz\. Unpack its compression/);
      });
    }));
});
