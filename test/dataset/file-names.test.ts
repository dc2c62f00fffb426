/** Names in lists that would leave their folder or cannot exist on every system. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nameProblem } from "../../src/dataset/file-names.js";
import { parseTable } from "../../src/dataset/table.js";
import { runHere } from "../support/in-process.js";
import { withFolder, writeSmallDataset } from "../support/pictures.js";

const HOSTILE: readonly (readonly [string, RegExp])[] = [
  ["../x.jpg", /'\.\.' leaves its place/],
  ["a/../../x.jpg", /'\.\.' leaves its place/],
  ["./x.jpg", /'\.' leaves its place/],
  ["/etc/passwd.jpg", /absolute/],
  ["C:x.jpg", /colon/],
  ["C:\\x.jpg", /backslash/],
  ["..\\x.jpg", /backslash/],
  ["x.jpg:stream", /colon/],
  ["x\0.jpg", /control character/],
  ["x\x1b[2J.jpg", /control character/],
  ["NUL", /device's name/],
  ["con.jpg", /device's name/],
  ["a/LPT1.png", /device's name/],
  ["a//x.jpg", /empty/],
  ["a/", /empty/],
  ["x.jpg.", /ends with a dot/],
  ["x?.jpg", /holds one of/],
  [`${"x".repeat(300)}.jpg`, /longer than 240/],
];

describe("dataset/file-names", () => {
  it("refuses what leaves its folder or cannot exist everywhere, and nothing else", () => {
    for (const [name, words] of HOSTILE) assert.match(nameProblem(name) ?? "accepted", words, JSON.stringify(name));
    for (const name of [
      "000001.jpg",
      "a/b/c.png",
      "x..jpg",
      "..x.jpg",
      ".hidden.jpg",
      "console.jpg",
      "gesicht-ä.jpg",
    ]) {
      assert.equal(nameProblem(name), null, name);
    }
  });

  it("names the line of a list, without control characters", () => {
    for (const [name, words] of HOSTILE) {
      assert.throws(
        () => parseTable(`a.jpg 1 2\nb.jpg 1 2\n${name} 3 4\n`, "list.txt"),
        (error: Error) => {
          assert.match(error.message, /^list\.txt, line 3: expected a file name within the image folder/);
          assert.match(error.message, words);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
          assert.doesNotMatch(error.message, /[\x00-\x1f]/);
          return true;
        },
      );
    }
  });

  it("ends preprocess with code 2 before anything is written; links out of the folder are fine", async () => {
    await withFolder(async (dir) => {
      const [source, out] = [join(dir, "celeba"), join(dir, "out")];
      const [first] = await writeSmallDataset(source, 3);
      await mkdir(join(dir, "elsewhere"));
      await rename(join(source, "images", first), join(dir, "elsewhere", first));
      await symlink(join(dir, "elsewhere", first), join(source, "images", first));
      const run = ["preprocess", source, out, "--size", "32", "--workers", "1"];
      const linked = await runHere([...run.slice(0, 2), join(dir, "linked"), ...run.slice(3)]);
      assert.equal(linked.code, 0, linked.stderr);
      const list = join(source, "list_landmarks_celeba.txt");
      const text = await readFile(list, "utf8");
      for (const name of ["../elsewhere/x.jpg", "/tmp/x.jpg", "C:\\x.jpg", "x\0.jpg", "aux.jpg"]) {
        await writeFile(list, text.replace(first, name));
        const { code, stderr } = await runHere(run);
        assert.equal(code, 2, stderr);
        assert.match(stderr, /list_landmarks_celeba\.txt, line 3: expected a file name within the image folder/);
        assert.equal(existsSync(out), false, name);
      }
    });
  });
});
