/** Photos that end their worker or never return. */
import assert from "node:assert/strict";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadModule } from "../../src/kernels/module.js";
import { WorkerPool } from "../../src/pool/pool.js";
import { type AlignJob, alignAll } from "../../src/preprocess/align-all.js";
import type { AlignResult, CropTasks } from "../../src/preprocess/tasks.js";
import { withFolder } from "../support/folder.js";
import { writeSmallDataset } from "../support/pictures.js";

describe("photos through the pool", () => {
  it("are all made but those that end their worker or never come back, which are tried twice and set aside", () =>
    withFolder(async (folder) => {
      const files = await writeSmallDataset(folder, 24);
      const images = join(folder, "images");
      // The third photo of the first task ends its worker; the fifth of the second never returns.
      const names = files.map((file, i) => (i === 2 ? `dies-${file}` : i === 12 ? `hangs-${file}` : file));
      for (const [i, name] of names.entries()) {
        if (name !== files[i]) await copyFile(join(images, files[i]), join(images, name));
      }
      const square = { x: 0, y: 0, width: 100, height: 100 };
      const jobs: AlignJob<number>[] = [0, 8, 16].map((first) => ({
        tag: first,
        task: {
          ...({ size: 16, format: "rgb", quality: 95 } as const),
          items: names.slice(first, first + 8).map((file) => ({
            ...{ file, source: { path: join(images, file) }, output: null },
            placement: { kind: "crop", square } as const,
          })),
        },
      }));
      const workerData = { imageModule: await loadModule("image") };
      const entry = new URL("../support/dying-worker.js", import.meta.url);
      const pool = new WorkerPool<CropTasks>(entry, { threads: 2, workerData });
      const done: { tag: number; result: AlignResult }[] = [];
      try {
        for await (const one of alignAll(pool, jobs, 3)) done.push(one);
      } finally {
        await pool.close();
      }
      assert.deepEqual(
        done.map(({ tag }) => tag),
        [0, 8, 16],
      );
      const results = done.flatMap(({ result }) => result.results);
      assert.deepEqual(
        results.map(({ file }) => file),
        names,
      );
      const failed = results.filter((result) => !result.ok);
      assert.deepEqual(
        failed.map(({ file }) => file),
        [names[2], names[12]],
      );
      assert.match(failed[0].ok ? "" : failed[0].reason, /^dies-.*failed 2 times \(its worker died: .*7/);
      assert.match(failed[1].ok ? "" : failed[1].reason, /^hangs-.*failed 2 times \(not done after 3 s\)/);
      assert.ok(results.every((result) => !result.ok || result.crops[0].bytes?.length === 16 * 16 * 3));
      // Once with its neighbours, and then twice alone.
      for (const name of [names[2], names[12]]) {
        assert.equal((await readFile(join(images, `${name}.attempts`), "utf8")).length, 3, name);
      }
    }));
});
