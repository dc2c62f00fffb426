/** `elegant swap` on webgpu gives the same image as on wasm. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { decodeImage } from "../../src/image/codec.js";
import { assertClose } from "../support/close.js";
import { useEditing } from "../support/use-editing.js";
import { hasWebgpu } from "../support/webgpu.js";

describe("elegant swap on webgpu", () => {
  const { face, elegant } = useEditing(["a.png", "r1.png"]);

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
