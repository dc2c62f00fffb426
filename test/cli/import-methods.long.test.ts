/** Runs made from files of published code that PyTorch has loaded and saved again. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { withFolder } from "../support/folder.js";
import { CASES, elegant, exportTiny, namesOf } from "../support/import-methods.js";
import { hasTorch, runPython } from "../support/torch.js";

for (const tiny of CASES) {
  describe(`elegant import --method ${tiny.method}`, () => {
    it("loads what PyTorch loaded with weights_only=True and saved in its older container", function () {
      if (!hasTorch()) return this.skip();
      return withFolder(async (folder) => {
        await exportTiny(tiny, folder);
        const saved = join(folder, "saved");
        await mkdir(saved);
        runPython("torch-again.py", [join(folder, "pth"), saved]);
        const paths = tiny.files.map((name) => join(saved, name));
        const imported = await elegant("import", ...paths, ...namesOf(tiny), "--out", join(folder, "again"));
        assert.equal(imported.code, 0, imported.stderr);
        const [from, to] = await Promise.all(["run", "again"].map((name) => loadNewestCheckpoint(join(folder, name))));
        assert.deepEqual([...to.checkpoint.tensors], [...from.checkpoint.tensors]);
      });
    });
  });
}
