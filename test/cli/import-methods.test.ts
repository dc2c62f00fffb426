/** Runs made from the files of StarGAN's, CycleGAN's and UNIT's published code. */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodePth, toNamedTensors } from "../../src/interop/pth.js";
import { encodePth } from "../../src/interop/pth-writer.js";
import { loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { CASES, elegant, exportTiny, namesOf } from "../support/import-methods.js";
import { fromRoot } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

for (const tiny of CASES) {
  const { method, attributes, files, step } = tiny;
  const named = namesOf(tiny);

  describe(`elegant import --method ${method}`, () => {
    it("makes the run that the files were exported from, and trains it on", () =>
      withFolder(async (folder) => {
        const model = await exportTiny(tiny, folder);
        assert.deepEqual((await readdir(join(folder, "pth"))).sort(), [...files].sort());
        const paths = files.map((name) => join(folder, "pth", name)).reverse();
        const again = join(folder, "again");
        const imported = await elegant("import", ...paths, ...named, "--out", again, "--json");
        assert.equal(imported.code, 0, imported.stderr);
        const report = JSON.parse(imported.stdout);
        assert.deepEqual([report.step, report.freshDiscriminators], [step, false]);
        const { checkpoint } = await loadNewestCheckpoint(again);
        assert.deepEqual(checkpoint.model.config, model.config);
        const { tensors } = (await loadNewestCheckpoint(join(folder, "run"))).checkpoint;
        assert.deepEqual([...checkpoint.tensors], [...tensors]);

        await writeFaces(join(folder, "data"), 12);
        const words = `--size 64 --width 4 --batch 1 --steps ${step + 1} --device wasm --workers 1 --resume --json`;
        const trained = await elegant(
          ...["train", join(folder, "data"), "--method", method, "--attributes", ...attributes, "--out", again],
          ...words.split(" "),
        );
        assert.equal(trained.code, 0, trained.stderr);
        assert.equal((JSON.parse(trained.stdout) as { step: number }).step, step + 1);
      }));

    it("refuses damaged and foreign files with one line and nothing written", () =>
      withFolder(async (folder) => {
        await exportTiny(tiny, folder);
        const [first, ...others] = files.map((name) => join(folder, "pth", name));
        const bytes = await readFile(first);
        const diverged = toNamedTensors(decodePth(bytes, first));
        for (const { data } of diverged.values()) data[0] = Number.NaN;
        const wrong = await Promise.all(
          Object.entries({
            "page-G_A.ckpt": Buffer.from("<!DOCTYPE html>"),
            "cut-G_A.ckpt": bytes.subarray(0, bytes.length / 2),
            "code-G_A.ckpt": Buffer.from("\x80\x02cos\nsystem\n(X\x02\x00\x00\x00lstR.", "latin1"),
            "other-G_A.ckpt": encodePth(new Map([["weight", { shape: [1], data: Float32Array.of(1) }]])),
            "nan-G_A.ckpt": encodePth(diverged),
          }).map(async ([name, content]) => {
            await writeFile(join(folder, name), content);
            return join(folder, name);
          }),
        );
        const before = await treeOf(folder);
        for (const file of [...wrong, join(folder, "none-G_A.ckpt")]) {
          const { code, stderr, stdout } = await elegant(
            ...["import", file, ...others, ...named, "--out", join(folder, "again")],
          );
          assert.equal(code, 2, `${file}: ${stderr}`);
          assert.match(stderr, /^elegant: .*(-G_A\.ckpt|weight: expected finite values).*\n$/, "one line");
          assert.equal(stdout, "");
        }
        assert.deepEqual(await treeOf(folder), before);
      }));
  });
}

describe("elegant import --method", () => {
  it("draws fresh discriminators for a generator alone, with the published side", () =>
    withFolder(async (folder) => {
      await exportTiny(CASES[0], folder);
      const run = join(folder, "alone");
      const imported = await elegant(
        ...["import", join(folder, "pth", "12-G.ckpt"), "--method", "stargan", "--attributes", "A", "B", "--out", run],
      );
      assert.equal(imported.code, 0, imported.stderr);
      assert.match(imported.stdout, /No discriminators: new ones were drawn from --seed 1/);
      const { model, tensors } = (await loadNewestCheckpoint(run)).checkpoint;
      assert.deepEqual([model.config.size, model.config.attributes], [128, ["A", "B"]]);
      assert.deepEqual(tensors.get("D.conv2.weight")?.shape, [2, 128, 2, 2]);
    }));

  it("refuses a method without PyTorch files, and a file that names its own method", () =>
    withFolder(async (folder) => {
      const own = fromRoot("assets/painted-64.safetensors");
      for (const [method, message] of [
        ["dnagan", /--method: expected one whose published code saves PyTorch's files, received dnagan/],
        ["stargan", /expected a \.safetensors file alone, received --attributes, --size or --method/],
      ] as const) {
        const input = method === "dnagan" ? join(folder, "model.ckpt") : own;
        const { code, stderr } = await elegant("import", input, "--method", method, "--out", join(folder, "run"));
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
      }
      assert.deepEqual(await readdir(folder), []);
    }));
});
