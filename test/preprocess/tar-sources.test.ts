/** Preprocessing photos inside tar files: the crops of unpacked photos, byte for byte. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { preprocess } from "../../src/preprocess/preprocess.js";
import { DETECT_ALL, paintedFiles } from "../support/detectable.js";
import { withFolder } from "../support/folder.js";
import { tarOf } from "../support/packed.js";
import { writeBoth } from "../support/tar-sources.js";
import { treeOf } from "../support/tree.js";

describe("preprocess of tar files", () => {
  it("accepts a single tar file, and uses the list of landmarks of an earlier run on it", () =>
    withFolder(async (dir) => {
      const { tars } = await writeBoth(dir);
      const source = join(tars, "00000.tar");
      const report = await preprocess(source, join(dir, "out"), DETECT_ALL);
      assert.deepEqual([report.done, report.failed], [4, 1]);
      assert.match(report.failures[0].reason, /^00000\/000000014\.jpg: expected a face/);
      const landmarks = join(dir, "out/photos/list_landmarks_celeba.txt");
      assert.match(await readFile(landmarks, "utf8"), /\n00000\/000000012\.jpg [^\n]*\n00000\/000000012\.jpg /);
      const again = await preprocess(source, join(dir, "again"), { ...DETECT_ALL, detect: undefined, landmarks });
      assert.deepEqual([again.done, again.failed], [4, 0]);
      assert.deepEqual(await treeOf(join(dir, "again/images")), await treeOf(join(dir, "out/images")));
    }));

  it("refuses a tar file that is cut short or compressed, with nothing written", () =>
    withFolder(async (dir) => {
      const { tars } = await writeBoth(dir);
      const out = join(dir, "out");
      await truncate(join(tars, "00001.tar"), 3000);
      await assert.rejects(
        preprocess(tars, out, DETECT_ALL),
        /00001\.tar: byte 0: expected a header of a whole tar file, received an entry/,
      );
      await mkdir(join(dir, "packed"));
      await writeFile(join(dir, "packed/x.tar.gz"), "");
      await assert.rejects(
        preprocess(join(dir, "packed"), out, DETECT_ALL),
        /expected images or \*\.tar, received x\.tar\.gz/,
      );
      const single = preprocess(join(dir, "packed/x.tar.gz"), out, DETECT_ALL);
      await assert.rejects(single, /expected a folder or a \.tar file, received a compressed file/);
      assert.equal(existsSync(out), false);
    }));

  it("reports a photo within a tar file that is damaged, or far too large, and does the others", () =>
    withFolder(async (dir) => {
      const { one } = await paintedFiles();
      const entries = [
        { name: "a.jpg", bytes: one },
        { name: "b.jpg", bytes: one.subarray(0, 300) },
        { name: "c.jpg", bytes: "no picture" },
        { name: "d.jpg", bytes: "" },
      ];
      await writeFile(join(dir, "x.tar"), await tarOf(entries));
      const report = await preprocess(join(dir, "x.tar"), join(dir, "out"), DETECT_ALL);
      assert.deepEqual([report.done, report.failures.map(({ file }) => file)], [1, ["x/b.jpg", "x/c.jpg", "x/d.jpg"]]);
      for (const { file, reason } of report.failures) assert.ok(reason.startsWith(`${file}: `), reason);
    }));
});
