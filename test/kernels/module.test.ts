/** Loading and instantiating WASM modules, and the arena's blocks. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { runConv2d } from "../../src/device/wasm/convolutions.js";
import { Arena } from "../../src/kernels/arena.js";
import type { ConvShape } from "../../src/kernels/conv-shape.js";
import { unshare } from "../../src/kernels/memory.js";
import { instantiate, loadModule } from "../../src/kernels/module.js";
import { chooseBuild, hasRelaxedSimd, KERNEL_BUILDS, type KernelBuild } from "../../src/kernels/simd.js";
import { loadBuild } from "../support/builds.js";
import { fromRoot } from "../support/spawn.js";
import { closeBackends, openBackends, runOnAll } from "../support/team.js";

describe("kernels/arena and module", () => {
  it("compiles a module once", async () => {
    assert.equal(await loadModule("image"), await loadModule("image"));
  });

  it("loads the relaxed build where the engine runs it, and the plain one if ELEGANT_SIMD says so", async () => {
    const before = process.env.ELEGANT_SIMD;
    try {
      delete process.env.ELEGANT_SIMD;
      assert.equal(chooseBuild(), hasRelaxedSimd() ? "relaxed" : "plain");
      assert.equal(hasRelaxedSimd(), Number(process.versions.node.split(".")[0]) >= 22);
      process.env.ELEGANT_SIMD = "plain";
      assert.equal(chooseBuild(), "plain");
      assert.equal(await loadModule("nn"), await loadModule("nn", "plain"));
      process.env.ELEGANT_SIMD = "fast";
      await assert.rejects(
        loadModule("nn"),
        /^InputError: ELEGANT_SIMD: expected 'plain' or nothing, received 'fast'\./,
      );
    } finally {
      if (before === undefined) delete process.env.ELEGANT_SIMD;
      else process.env.ELEGANT_SIMD = before;
    }
  });

  it("rounds a product before it is added in the plain build, and not with FMA in the relaxed one", async () => {
    // (1 + 2^-12)^2 - (1 + 2^-11) is 2^-24 exactly. If the product is rounded to float32 first, the sum is 0.
    const factor = 1 + 2 ** -12;
    const shape: ConvShape = {
      ...{ batch: 1, inputHeight: 1, inputWidth: 1, inputChannels: 2, outputHeight: 1, outputWidth: 1 },
      ...{ outputChannels: 16, filterHeight: 1, filterWidth: 1, strideY: 1, strideX: 1, padTop: 0, padLeft: 0 },
    };
    const x = Float32Array.of(-(1 + 2 ** -11), factor);
    const filter = Float32Array.from({ length: 32 }, (_, i) => (i < 16 ? 1 : factor));
    const sums: Partial<Record<KernelBuild, number>> = {};
    for (const build of KERNEL_BUILDS) {
      await loadBuild("nn", build);
      const backends = await openBackends(build);
      const y = runOnAll(backends, [x, filter], 16, (backend, [from, weights], to) =>
        runConv2d(backend, shape, from, weights, to),
      );
      await closeBackends(backends);
      assert.deepEqual(y, new Float32Array(16).fill(y[0]));
      sums[build] = y[0];
    }
    const hasFma = await readFile("/proc/cpuinfo", "utf8").then(
      (text) => /^flags.*\bfma\b/m.test(text),
      () => sums.relaxed !== 0, // unknown: it is one or the other
    );
    assert.deepEqual(sums, { plain: 0, relaxed: hasFma ? 2 ** -24 : 0 });
  });

  it("turns a module for shared memory into one for memory of one thread, by a single bit", async () => {
    for (const name of ["nn", "nn-relaxed", "linalg", "linalg-relaxed", "image"]) {
      const bytes = await readFile(fromRoot(`dist/wasm/${name}.wasm`));
      const plain = Uint8Array.from(bytes);
      unshare(plain);
      const changed = [...plain.keys()].filter((i) => plain[i] !== bytes[i]);
      assert.deepEqual(
        changed.map((i) => [bytes[i], plain[i]]),
        name === "image" ? [] : [[3, 1]],
      );
      if (name.endsWith("-relaxed") && !hasRelaxedSimd()) continue; // Node.js 20 cannot compile it
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
