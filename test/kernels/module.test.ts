import assert from "node:assert/strict";
import { Arena } from "../../src/kernels/arena.js";
import { loadModule } from "../../src/kernels/module.js";

describe("kernels/arena and module", () => {
  it("compiles a module once", async () => {
    assert.equal(await loadModule("image"), await loadModule("image"));
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
