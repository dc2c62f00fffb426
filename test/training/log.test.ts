/** The loss log: appending, reading, and cutting it at a resumed step. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../src/errors.js";
import { LossLog, readLossLog } from "../../src/training/log.js";
import { withFolder } from "../support/folder.js";

async function write(path: string, fromStep: number, steps: readonly number[], generator: number): Promise<void> {
  const log = await LossLog.open(path, fromStep);
  await Promise.all(
    steps.flatMap((step) => ["Bangs", "Smiling"].map((attribute) => log.append({ step, attribute, generator }))),
  );
  await log.close();
}

describe("loss log", () => {
  it("returns the rows in the order they were appended", () =>
    withFolder(async (folder) => {
      const path = join(folder, "new", "losses.jsonl");
      await write(path, 0, [1, 2], 0.5);
      assert.equal((await readFile(path, "utf8")).split("\n")[0], '{"step":1,"attribute":"Bangs","generator":0.5}');
      assert.deepEqual(
        (await readLossLog(path)).map(({ step, attribute }) => [step, attribute]),
        [
          [1, "Bangs"],
          [1, "Smiling"],
          [2, "Bangs"],
          [2, "Smiling"],
        ],
      );
    }));

  it("holds each step once after a resume", () =>
    withFolder(async (folder) => {
      const path = join(folder, "losses.jsonl");
      await write(path, 0, [1, 2, 3, 4], 1);
      await write(path, 2, [3, 4, 5], 2);
      const rows = await readLossLog(path);
      assert.deepEqual(
        rows.filter(({ attribute }) => attribute === "Bangs").map(({ step, generator }) => [step, generator]),
        [
          [1, 1],
          [2, 1],
          [3, 2],
          [4, 2],
          [5, 2],
        ],
      );
    }));

  it("leaves a log that ends at the resumed step untouched", () =>
    withFolder(async (folder) => {
      const path = join(folder, "losses.jsonl");
      await write(path, 0, [1, 2], 1);
      const before = await readFile(path, "utf8");
      await (await LossLog.open(path, 2)).close();
      assert.equal(await readFile(path, "utf8"), before);
    }));

  it("drops a last line that a crash cut short", () =>
    withFolder(async (folder) => {
      const path = join(folder, "losses.jsonl");
      await writeFile(path, '{"step":1,"g":1}\n{"step":2,"g"');
      assert.deepEqual(await readLossLog(path), [{ step: 1, g: 1 }]);
      await write(path, 2, [3], 1);
      assert.deepEqual(
        (await readLossLog(path)).map(({ step }) => step),
        [1, 3, 3],
      );
    }));

  it("reads a value that was no number as NaN", () =>
    withFolder(async (folder) => {
      const path = join(folder, "losses.jsonl");
      const log = await LossLog.open(path, 0);
      await log.append({ step: 1, generator: Number.NaN });
      await log.close();
      assert.deepEqual(await readLossLog(path), [{ step: 1, generator: Number.NaN }]);
    }));

  it("is empty when there is no file", () =>
    withFolder(async (folder) => {
      assert.deepEqual(await readLossLog(join(folder, "none.jsonl")), []);
    }));

  it("is cut at the resumed step and read the same whatever the size of the pieces that are read", () =>
    withFolder(async (folder) => {
      const path = join(folder, "losses.jsonl");
      const rows = Array.from({ length: 40 }, (_, i) => ({
        step: 1 + (i >> 1),
        attribute: i % 2 === 0 ? "Bangs" : "Größe",
        note: "x".repeat((i * 7) % 50),
      }));
      const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
      const before = (step: number) => rows.filter((row) => row.step <= step);
      for (const chunkBytes of [1, 7, 64, 1000, 1 << 20]) {
        // The last line is cut in the middle of a letter of two bytes.
        await writeFile(path, Buffer.from(`${text}{"step":21,"attribute":"Grö`).subarray(0, -1));
        assert.deepEqual(await readLossLog(path, { chunkBytes }), rows);
        const some = await readLossLog(path, { every: 4, after: 4, chunkBytes });
        assert.deepEqual(
          some,
          rows.filter(({ step }) => step > 4 && step % 4 === 0),
        );
        for (const step of [20, 13, 0]) {
          await (await LossLog.open(path, step, chunkBytes)).close();
          const kept = before(step)
            .map((row) => `${JSON.stringify(row)}\n`)
            .join("");
          assert.equal(await readFile(path, "utf8"), kept, `pieces of ${chunkBytes}, step ${step}`);
        }
      }
    }));

  it("is refused for a line without end, which is no row", () =>
    withFolder(async (folder) => {
      const path = join(folder, "losses.jsonl");
      await writeFile(path, `{"step":1}\n${"x".repeat(3 << 20)}`);
      const refused = { name: "InputError", message: /line 2: expected a JSON object/ };
      await assert.rejects(readLossLog(path), refused);
      await assert.rejects(LossLog.open(path, 1), refused);
      assert.equal((await readFile(path)).length, 11 + (3 << 20), "unchanged");
    }));

  it("names the line that is damaged", () =>
    withFolder(async (folder) => {
      const path = join(folder, "losses.jsonl");
      for (const line of ["oops", "[]", '{"generator":1}', ""]) {
        await writeFile(path, `{"step":1}\n${line}\n{"step":2}\n`);
        await assert.rejects(
          readLossLog(path),
          (error) => error instanceof InputError && /line 2: /.test(error.message),
        );
      }
    }));
});
