/** The attribute classifier on images whose attributes are easy to see. */
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDevice } from "../../src/device/open.js";
import { Judge } from "../../src/scoring/judge.js";
import { FACE_LABELS, writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";

const quiet = { onProgress: () => {}, warn: () => {} };

describe("the classifier of a score", () => {
  it("is trained once for a run, and again for other attributes or after damage", () =>
    withFolder(async (folder) => {
      const device = await openDevice("wasm", 1);
      const dataset = await writeFaces(join(folder, "data"), 30);
      const path = join(folder, "classifier.safetensors");
      let updates = 0;
      const options = { dataset, attributes: ["Bangs", "Smiling"], folder, seed: 1, workers: 1, ...quiet };
      const open = async (changes: Partial<typeof options> = {}): Promise<Judge> => {
        updates = 0;
        const onProgress = ({ stage }: { stage: string }): void => void (stage === "classifier" && updates++);
        const judge = await Judge.open({ ...options, onProgress, ...changes });
        assert.ok(judge !== null);
        return judge;
      };
      const first = await open();
      assert.ok(updates > 0);
      assert.deepEqual([first.path, first.record.training, first.record.heldOut], [path, 24, 6]);
      assert.deepEqual(
        first.record.attributes.map(({ name }) => name),
        ["Bangs", "Smiling"],
      );
      const bytes = await readFile(path);
      const second = await open();
      assert.equal(updates, 0);
      assert.deepEqual(second.record, first.record);
      const other = await open({ attributes: ["Smiling", "Bangs"] });
      assert.ok(updates > 0);
      await writeFile(path, bytes.subarray(0, bytes.length - 10));
      const again = await open();
      assert.ok(updates > 0);
      assert.deepEqual(await readFile(path), bytes); // the same seed gives the same bytes
      for (const judge of [first, second, other, again]) judge.dispose();
      await device.close();
    }));

  it("is left out with a warning where one side of an attribute has too few pictures", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 10);
      const lines: string[] = [];
      const warn = (line: string): void => void lines.push(line);
      const attributes = Object.keys(FACE_LABELS); // everyone is Young
      const judge = await Judge.open({ dataset, attributes, folder, seed: 1, workers: 1, ...quiet, warn });
      assert.equal(judge, null);
      assert.match(lines.join(), /needs 4 training pictures with and without Smiling/);
      await assert.rejects(stat(join(folder, "classifier.safetensors")), { code: "ENOENT" });
    }));
});
