/** A plan of `elegant preprocess --detect`, which measures its stages. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { useCacheHome } from "../support/cache.js";
import { manyPhotos, writePhotos } from "../support/detectable.js";
import { withFolder } from "../support/folder.js";
import { runHere } from "../support/in-process.js";
import type { Ended } from "../support/spawn.js";

const elegant = (...args: string[]): Promise<Ended> => runHere(args);

const FLAGS = ["--size", "32", "--workers", "1"];

const FOUND = ["--detect", "--min-score", "0.3"];

describe("elegant preprocess --detect", () => {
  it("has a plan with a stage of its own", () =>
    withFolder(async (dir) => {
      const giveBackCache = useCacheHome(join(dir, "cache"));
      try {
        await writePhotos(join(dir, "photos"), manyPhotos(20));
        const planned = await elegant("plan", "preprocess", join(dir, "photos"), "x", ...FLAGS, ...FOUND, "--json");
        assert.equal(planned.code, 0, planned.stderr);
        const { stages } = JSON.parse(planned.stdout) as { stages: { name: string; predictedRate: number }[] };
        assert.deepEqual(
          stages.map(({ name }) => name),
          ["read", "decode", "detect", "align", "encode", "write"],
        );
        assert.ok(stages[2].predictedRate > 0);
      } finally {
        giveBackCache();
      }
    }));
});
