/** Loading and instantiating WASM modules, and the arena's blocks. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { Arena } from "../../src/kernels/arena.js";
import { unshare } from "../../src/kernels/memory.js";
import { instantiate, loadModule } from "../../src/kernels/module.js";
import { fromRoot } from "../support/spawn.js";

describe("kernels/arena and module", () => {
  it("compiles a module once", async () => {
    assert.equal(await loadModule("image"), await loadModule("image"));
  });

  it("turns a module for shared memory into one for memory of one thread, by a single bit", async () => {
    for (const name of ["nn", "linalg", "image"]) {
      const bytes = await readFile(fromRoot(`dist/wasm/${name}.wasm`));
      const plain = Uint8Array.from(bytes);
      unshare(plain);
      const changed = [...plain.keys()].filter((i) => plain[i] !== bytes[i]);
      assert.deepEqual(
        changed.map((i) => [bytes[i], plain[i]]),
        name === "image" ? [] : [[3, 1]],
      );
      const memory = new WebAssembly.Memory({ initial: 16, maximum: 16 });
      assert.ok(Object.keys(instantiate(await WebAssembly.compile(plain), memory)).length > 3);
    }
    assert.throws(() => unshare(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)), /imports env\.memory/);
  });

  it("hands out aligned blocks that do not overlap, grows, and starts again after reset", () => {
    const arena = new Arena(new WebAssembly.Memory({ initial: 1 }));
    const blocks = [1, 15, 16, 17, 0, 70000].map((size) => ({ at: arena.alloc(size), size }));
    for (const [i, { at, size }] of blocks.entries()) {
      assert.equal(at % 16, 0);
      assert.ok(at > 0, "a block must not start at 0");
      if (i > 0) assert.ok(at >= blocks[i - 1].at + blocks[i - 1].size);
      assert.equal(arena.bytes(at, size).length, size);
    }
    arena.reset();
    assert.equal(arena.alloc(8), blocks[0].at);
  });
});
