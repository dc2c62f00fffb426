/** Cached files that are missing, unreadable or too large. */
import assert from "node:assert/strict";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { readCached, writeCached } from "../src/cache.js";
import { keepSide, readKeptSide } from "../src/metrics/kept-side.js";
import { useCacheHome } from "./support/cache.js";
import { withFolder } from "./support/folder.js";

describe("cache", () => {
  const withCache = (body: (cache: string, warnings: string[], warn: (line: string) => void) => Promise<void>) =>
    withFolder(async (folder) => {
      const giveBackCache = useCacheHome(folder);
      const warnings: string[] = [];
      try {
        await body(join(folder, "elegant-faces"), warnings, (line) => warnings.push(line));
      } finally {
        giveBackCache();
      }
    });

  it("says nothing of a file that is not there, and why one that is cannot be read", () =>
    withCache(async (cache, warnings, warn) => {
      assert.equal(await readCached("a.json", warn), null);
      await writeCached("a.json", () => Uint8Array.of(1, 2));
      assert.deepEqual([...((await readCached("a.json", warn)) ?? [])], [1, 2]);
      process.env.XDG_CACHE_HOME = "/dev/null";
      assert.equal(await readCached("a.json", warn), null);
      assert.deepEqual(warnings, []);
      process.env.XDG_CACHE_HOME = join(cache, "..");
      await mkdir(join(cache, "b.json"));
      assert.equal(await readCached("b.json", warn), null);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0], /^the cache's file b\.json cannot be read: EISDIR/);
    }));

  it("keeps no features that would be too large to be read back, and says so", () =>
    withCache(async (cache, warnings, warn) => {
      const features = { kind: "features", source: "faces", n: 2000, d: 2, data: new Float32Array(4000) } as const;
      await keepSide("0".repeat(64), features, warn, 16_384);
      assert.deepEqual(await readdir(cache).catch(() => []), []);
      assert.equal(warnings.length, 1);
      assert.match(
        warnings[0],
        /^the features of faces are not kept for the next time: they take .* can be read back$/,
      );
      await keepSide("0".repeat(64), features, warn, 32_768);
      assert.equal(warnings.length, 1);
      const kept = await readKeptSide("0".repeat(64), { source: "faces", n: 2000, dims: 2, rows: true, warn });
      assert.deepEqual(kept, features);
    }));
});
