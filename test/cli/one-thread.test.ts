/**
 * Node without SharedArrayBuffer, like browsers without cross-origin isolation, runs on one thread and gives
 * bit-identical results.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodePng } from "../../src/image/codec.js";
import { assertSameFiles, runBoth, runWith, WITHOUT } from "../support/one-thread.js";
import { goldenPhoto } from "../support/pictures.js";
import { fromRoot } from "../support/spawn.js";

describe("without SharedArrayBuffer", () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it("doctor says so, and finds nothing missing", async () => {
    const { stdout } = await runWith(["doctor"], [WITHOUT]);
    assert.match(stdout, /^-- {2}Threads +one thread: this engine has no SharedArrayBuffer/m);
    const report = JSON.parse((await runWith(["doctor", "--json"], [WITHOUT])).stdout);
    assert.deepEqual([report.ok, report.threads, report.problems], [true, false, []]);
  });

  it("swap writes the same pictures", async () => {
    for (const name of ["a", "b", "r"])
      await writeFile(at(`${name}.png`), await encodePng(goldenPhoto(name, 2, 64, 64)));
    const model = ["--model", fromRoot("assets/painted-64.safetensors"), "--device", "wasm"];
    const faces = ["--input", at("a.png"), at("b.png"), "--attribute", "Eyeglasses", "--reference", at("r.png")];
    assertSameFiles(await runBoth(folder, "swap", ...model, ...faces, "--out", "OUT/swapped"), ".png", 3);
  });
});
