/** `elegant swap` on webgpu gives the same image as on wasm. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeImage, encodePng } from "../../src/image/codec.js";
import { assertClose } from "../support/close.js";
import { runHere } from "../support/in-process.js";
import { tinyGenerator } from "../support/model.js";
import { goldenPhoto } from "../support/pictures.js";
import type { Ended } from "../support/spawn.js";
import { hasWebgpu } from "../support/webgpu.js";

describe("elegant swap on webgpu", () => {
  let folder: string;
  let face: (name: string) => string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    face = (name) => join(folder, name);
    await writeFile(face("model.safetensors"), tinyGenerator(9));
    for (const name of ["a.png", "r1.png"]) {
      await writeFile(face(name), await encodePng(goldenPhoto(name, 2, 64, 64)));
    }
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** Words that start with @ name files in the test's folder. */
  function elegant(line: string, device = "wasm"): Promise<Ended> {
    const words = line.split(" ").map((word) => (word.startsWith("@") ? face(word.slice(1)) : word));
    return runHere([...words, "--device", device, "--workers", "1"]);
  }

  it("swaps the same picture as on wasm, and ends", async function () {
    if (!(await hasWebgpu())) this.skip();
    const pixels: ArrayLike<number>[] = [];
    for (const device of ["wasm", "webgpu"]) {
      const out = face(`swapped-${device}`);
      const line = "swap --model @model.safetensors --input @a.png --attribute Bangs --reference @r1.png --json --out";
      const { code, stdout, stderr } = await elegant(`${line} ${out}`, device);
      assert.equal(code, 0, stderr);
      const [path] = (JSON.parse(stdout) as { readonly outputs: readonly string[] }).outputs;
      pixels.push((await decodeImage(await readFile(path), path)).data);
    }
    // A value may round the other way.
    assertClose(pixels[1], pixels[0], { abs: 1, rel: 0 });
  });
});
