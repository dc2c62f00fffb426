/** `elegant fid` of a large folder keeps its mean and covariance alone. */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { elegant, rows, writePictures } from "../support/fid-inputs.js";
import { withFolder } from "../support/folder.js";

describe("elegant fid", () => {
  it("keeps a large folder's mean and covariance alone, says so, and notices when they are damaged", () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await writeFile(at("a.npy"), rows(300, 64, 1));
      await writePictures(at("images"), 66, 3);
      const words = [at("images"), at("a.npy"), "--features", "random-inception", "--dims", "64", "--json"];
      const score = async (...more: string[]) => {
        const { code, stdout, stderr } = await elegant(folder, "fid", ...words, ...more);
        assert.equal(code, 0, stderr);
        return { ...JSON.parse(stdout), stderr };
      };
      const first = await score();
      assert.deepEqual([first.cached, first.n, first.warnings], [[null, null], [66, 300], []]);
      const entries = await readdir(at("cache/elegant-faces"));
      const [name, ...others] = entries.filter((entry) => entry !== "announced-devices.json");
      assert.match(name, /^statistics-[0-9a-f]{32}\.npz$/);
      assert.deepEqual(others, []);
      const second = await score();
      assert.deepEqual([second.cached, second.fid], [["statistics", null], first.fid]);
      assert.match(second.stderr, /images: 66 images, statistics from the cache/);
      const [path, bytes] = [at(`cache/elegant-faces/${name}`), await readFile(at(`cache/elegant-faces/${name}`))];
      bytes[1000] ^= 1;
      await writeFile(path, bytes);
      const third = await score();
      assert.deepEqual([third.cached, third.fid], [[null, null], first.fid]);
      assert.deepEqual(third.warnings, [`the cache's file ${name} is damaged and is computed again`]);
      const rowsToo = await score("--kid");
      assert.deepEqual([rowsToo.cached, rowsToo.fid], [[null, null], first.fid]);
      assert.deepEqual((await score("--kid")).cached, ["features", null]);
    }));
});
