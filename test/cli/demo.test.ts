/** What `elegant demo` refuses before it paints; the whole demo is in demo.long.test.ts. */
import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withFolder } from "../support/folder.js";
import { runHere } from "../support/in-process.js";

describe("elegant demo", () => {
  it("refuses a folder that holds something, a file, and numbers out of bounds, and writes nothing", () =>
    withFolder(async (folder) => {
      await writeFile(join(folder, "mine.txt"), "mine");
      for (const [words, message] of [
        [["--out", folder], /expected .*received/],
        [["--out", join(folder, "mine.txt")], /mine\.txt: expected .*received a file/],
        [
          ["--out", join(folder, "new"), "--photos", "0"],
          /--photos: expected an integer from 1 to 100000, received '0'/,
        ],
        [["--out", join(folder, "new"), "--train-seconds", "0"], /--train-seconds: expected a number from 1 to 86400/],
      ] as const) {
        const { code, stderr } = await runHere(["demo", ...words, "--device", "wasm", "--workers", "1"]);
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
        assert.deepEqual(await readdir(folder), ["mine.txt"]);
      }
    }));
});
