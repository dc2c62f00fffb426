/** Statistics of `elegant fid --save-stats`, read and scored by pytorch-fid's own code. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeNpy } from "../../src/interop/npy.js";
import { Random } from "../../src/random.js";
import { assertClose } from "../support/close.js";
import { withFolder } from "../support/folder.js";
import { runHere } from "../support/in-process.js";
import { sharedPath } from "../support/shared.js";
import { pythonWithFid, runPython } from "../support/torch.js";

const elegant = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runHere(args);
  assert.equal(code, 0, stderr);
  return stdout;
};

describe("statistics of elegant fid --save-stats", () => {
  /** Saves both sides, lets the published tools score the files, and reads pytorch-fid's statistics of the first side. */
  async function compare(folder: string, a: string, b: string, tolerance: number, what: string): Promise<void> {
    const python = pythonWithFid() as string;
    const [savedA, savedB, theirs] = ["a.npz", "b.npz", "theirs.npz"].map((name) => join(folder, name));
    await elegant("fid", a, "--save-stats", savedA);
    await elegant("fid", b, "--save-stats", savedB);
    const published = JSON.parse(runPython("published-fid.py", [savedA, savedB, theirs], python));
    const { fid } = JSON.parse(await elegant("fid", savedA, savedB, "--json"));
    for (const [tool, expected] of Object.entries(published) as [string, number][]) {
      const error = Math.abs(fid - expected) / expected;
      console.log(`        ${what}: ${fid}, ${tool}-fid ${expected}, difference ${error.toExponential(1)}`);
      assertClose([fid], [expected], { abs: 0, rel: tolerance }, () => `${what}, ${tool}-fid`);
    }
    assert.equal(JSON.parse(await elegant("fid", savedA, theirs, "--json")).route, "same", "their file is ours");
  }

  it("are read by pytorch-fid's own code, which gives the same score, and its file is read by ours", function () {
    if (pythonWithFid() === null) return this.skip();
    return withFolder(async (folder) => {
      const random = Random.fromSeed(8, "published");
      const write = async (name: string, n: number, d: number, shift: number): Promise<string> => {
        const data = Float32Array.from({ length: n * d }, (_, at) => random.normal() / (1 + (at % d) / 16) + shift);
        const path = join(folder, name);
        await writeFile(path, encodeNpy({ shape: [n, d], data }));
        return path;
      };
      const full = await Promise.all([write("full-a.npy", 900, 192, 0), write("full-b.npy", 1000, 192, 0.2)]);
      await compare(folder, full[0], full[1], 1e-9, "full rank");
      // For a singular product, sqrtm computes the roots of rounding errors, so its result is only this close.
      const few = await Promise.all([write("few-a.npy", 90, 192, 0), write("few-b.npy", 100, 192, 0.2)]);
      await compare(folder, few[0], few[1], 1e-5, "rank 89 and 99 of 192");
    });
  });

  it("give pytorch-fid's score for folders of 633 and 641 flowers", function () {
    const [daisy, roses] = ["daisy", "roses"].map((name) => sharedPath(`features/inception-pool3-${name}.npy`));
    if (daisy === null || roses === null || pythonWithFid() === null) return this.skip();
    return withFolder((folder) => compare(folder, daisy, roses, 1e-5, "rank 632 and 640 of 2048"));
  });
});
