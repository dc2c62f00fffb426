/** A second method uses the same training, export and editing as ELEGANT, which know no network by name. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeFaces } from "../../src/editing/faces.js";
import { loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { exportGenerator } from "../../src/models/generator-file.js";
import { openGenerator } from "../../src/models/open.js";
import { train } from "../../src/training/loop.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { randomPictures } from "../support/model.js";
import { toyRun } from "../support/toy-run.js";
import { useToyMethod } from "../support/use-toy.js";

describe("a method that src/training does not know", () => {
  useToyMethod();

  it("exports its generator, opens it again, and is refused by what edits by references", () =>
    withFolder(async (folder) => {
      const run = join(folder, "run");
      await train({ ...toyRun(await writeFaces(join(folder, "data"), 12), run), steps: 2 });
      const { checkpoint } = await loadNewestCheckpoint(run);
      const file = join(folder, "toy.safetensors");
      await writeFile(file, exportGenerator(checkpoint.tensors, checkpoint.model, { dtype: "F32" }));
      const generator = await openGenerator(file);
      assert.deepEqual([...generator.parameters.keys()], ["colour"]);
      assert.deepEqual(generator.parameters.get("colour")?.dataSync(), checkpoint.tensors.get("colour")?.data);
      const pictures = randomPictures(1, 1);
      assert.throws(() => encodeFaces(generator, pictures), {
        name: "InputError",
        message: /toy\.safetensors: expected a model that edits by references, received one of toy\./,
      });
      pictures.dispose();
      generator.dispose();
    }));
});
