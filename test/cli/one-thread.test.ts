/**
 * Node without SharedArrayBuffer, like browsers without cross-origin isolation, runs on one thread and gives
 * bit-identical results.
 */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { encodePng } from "../../src/image/codec.js";
import { useFolder } from "../support/folder.js";
import { assertSameFiles, runBoth, runWith, WITHOUT } from "../support/one-thread.js";
import { goldenPhoto } from "../support/pictures.js";
import { fromRoot } from "../support/spawn.js";

describe("without SharedArrayBuffer", () => {
  const at = useFolder();

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
    assertSameFiles(await runBoth(at(), "swap", ...model, ...faces, "--out", "OUT/swapped"), ".png", 3);
  });
});
