/** PyTorch loads what we export, and we load what it saved. */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeImage, encodePng } from "../../src/image/codec.js";
import type { RgbaImage } from "../../src/types.js";
import { withFolder } from "../support/folder.js";
import { elegant, filesOf, NETWORKS } from "../support/import.js";
import { goldenPhoto } from "../support/pictures.js";
import { hasTorch, runPython } from "../support/torch.js";

describe("PyTorch", () => {
  const SIZE = 64;
  const WIDTH = 16;
  const names = ["First", "Second", "Third"];
  const rgb = ({ data }: RgbaImage): Uint8Array => Uint8Array.from(data.filter((_, i) => i % 4 !== 3));

  for (const container of ["zip", "legacy"] as const) {
    it(`loads what we export with strict=True, and swaps what it saved (${container}) to the same picture`, function () {
      if (!hasTorch()) return this.skip();
      return withFolder(async (folder) => {
        const [saved, run, exported] = ["saved", "run", "exported"].map((name) => join(folder, name));
        await mkdir(saved);
        runPython("elegant.py", ["save", saved, `${SIZE}`, `${WIDTH}`, `${names.length}`, container]);
        const imported = await elegant(
          "import",
          ...filesOf(saved, NETWORKS, 7),
          "--attributes",
          ...names,
          "--out",
          run,
        );
        assert.equal(imported.code, 0, imported.stderr);
        assert.equal((await elegant("export", run, exported, "--pth")).code, 0);

        for (const name of ["a", "b"]) {
          const picture = goldenPhoto(name, 2, SIZE, SIZE);
          await writeFile(join(folder, `${name}.png`), await encodePng(picture));
          await writeFile(join(folder, `${name}.raw`), rgb(picture));
        }
        const out = join(folder, "out");
        const swapped = await elegant(
          ...["swap", "--model", run, "--input", join(folder, "a.png"), "--attribute", "Second"],
          ...["--reference", join(folder, "b.png"), "--out", out, "--device", "wasm", "--json"],
        );
        assert.equal(swapped.code, 0, swapped.stderr);
        const [path] = (JSON.parse(swapped.stdout) as { outputs: string[] }).outputs;
        const ours = rgb(await decodeImage(await readFile(path), path));
        assert.ok(
          ours.some((level, i) => Math.abs(level - rgb(goldenPhoto("a", 2, SIZE, SIZE))[i]) > 20),
          "an edit",
        );

        for (const [source, step] of [
          [saved, 7],
          [exported, 7],
        ] as const) {
          const raw = join(folder, "theirs.raw");
          const model = [`${step}`, `${SIZE}`, `${WIDTH}`, `${names.length}`];
          runPython("elegant.py", ["swap", source, ...model, join(folder, "a.raw"), join(folder, "b.raw"), "1", raw]);
          const theirs = await readFile(raw);
          assert.equal(theirs.length, ours.length);
          const worst = ours.reduce((most, level, i) => Math.max(most, Math.abs(level - theirs[i])), 0);
          assert.ok(worst <= 1, `${source}: ${worst} of 255 levels apart`);
        }
      });
    });
  }
});
