/** The team of threads: each block is computed once, and a trap in any thread becomes an error. */
import assert from "node:assert/strict";
import { CONV_SHAPE_BYTES, writeConvShape } from "../../src/kernels/conv-shape.js";
import { SharedHeap } from "../../src/kernels/heap.js";
import { loadModule } from "../../src/kernels/module.js";
import { TEAM_KERNELS } from "../../src/kernels/nn.js";
import { controlViews, GENERATION, join, leave } from "../../src/pool/team/protocol.js";
import { KernelTeam } from "../../src/pool/team/team.js";
import { fromRoot, runNode } from "../support/spawn.js";

/** Sets `count` values at `pointer` to -1 by an Adam step of size 1 on gradients of 1; 64 values a block. */
function stepDown(team: KernelTeam, pointer: number, count: number): void {
  const { heap } = team;
  const [m, v, g] = [0, 0, 0].map(() => heap.allocate(count * 4));
  heap.floats(pointer, count).fill(0);
  heap.floats(m, count).fill(0);
  heap.floats(v, count).fill(0);
  heap.floats(g, count).fill(1);
  team.run("adam", [pointer, m, v, g, count, 1, 0, 0, 1, 1, 0, 1, 0, 64], Math.ceil(count / 64));
  for (const block of [m, v, g]) heap.release(block);
}

describe("pool/team", () => {
  it("does every block once, whatever the number of threads", async () => {
    for (const threads of [1, 2, 3, 5, 8]) {
      const team = new KernelTeam(await loadModule("nn"), threads, TEAM_KERNELS);
      for (const count of [1, 64, 65, 1000, 10_000]) {
        const pointer = team.heap.allocate(count * 4);
        for (let round = 0; round < 20; round++) {
          stepDown(team, pointer, count);
          const wrong = team.heap.floats(pointer, count).findIndex((value) => value !== -1);
          assert.equal(wrong, -1, `${threads} threads, ${count} values, round ${round}`);
        }
        team.heap.release(pointer);
      }
      await team.close();
    }
  });

  it("wakes and lets in as many helpers as there are blocks besides the main thread's own", async () => {
    // These helpers never work. The test itself asks for their seats at the moment at which they would be notified.
    const idle = new URL("data:text/javascript,setInterval(() => {}, 1e6)");
    const team = new KernelTeam(await loadModule("nn"), 8, TEAM_KERNELS, new SharedHeap(), idle);
    const control = controlViews(team.heap.memory);
    const pointer = team.heap.allocate(64 * 100 * 4);
    const { notify } = Atomics;
    try {
      for (const [blocks, seats] of [
        [1, 0],
        [2, 1],
        [3, 2],
        [8, 7],
        [100, 7],
      ]) {
        let [woken, joined] = [0, 0];
        Atomics.notify = (words, index, count = Number.POSITIVE_INFINITY) => {
          if (index === GENERATION) {
            woken += count;
            for (let helper = 1; helper < 8; helper++) if (join(control)) joined++;
            for (let helper = 0; helper < joined; helper++) leave(control);
          }
          return notify(words as Int32Array, index, count);
        };
        stepDown(team, pointer, 64 * blocks);
        assert.deepEqual([woken, joined], [seats, seats], `${blocks} blocks`);
        assert.equal(join(control), false, `after ${blocks} blocks`);
      }
    } finally {
      Atomics.notify = notify;
      await team.close();
    }
  });

  it("turns a trap in any thread into an error, and works on", async () => {
    const team = new KernelTeam(await loadModule("nn"), 2, TEAM_KERNELS);
    const { usedBytes } = team.heap.statistics;
    const conv = team.heap.allocate(CONV_SHAPE_BYTES);
    const side = { inputHeight: 16, inputWidth: 16, outputHeight: 16, outputWidth: 16 };
    const filter = { filterHeight: 1, filterWidth: 1, strideY: 1, strideX: 1, padTop: 0, padLeft: 0 };
    const shape = { batch: 1, inputChannels: 16, outputChannels: 16, ...side, ...filter };
    writeConvShape(team.heap.words(), conv, shape);
    const beyond = team.heap.memory.buffer.byteLength; // the input lies there
    for (let round = 0; round < 5; round++) {
      const run = (): void => team.run("conv2d", [conv, beyond, conv, 0, 0, conv, conv, 16, 16], 16, 4096);
      assert.throws(run, /team: kernel conv2d trapped/);
    }
    team.heap.release(conv);
    assert.equal(team.heap.statistics.usedBytes, usedBytes, "scratch memory was not released");
    const pointer = team.heap.allocate(4000);
    stepDown(team, pointer, 1000);
    assert.ok(team.heap.floats(pointer, 1000).every((value) => value === -1));
    await team.close();
  });

  it("refuses another number of arguments than the kernel takes, before anything runs, and works on", async () => {
    const team = new KernelTeam(await loadModule("nn"), 2, TEAM_KERNELS);
    const pointer = team.heap.allocate(4000);
    const values = [pointer, pointer, pointer, pointer, 1000, 1, 0, 0, 1, 1, 0, 1, 0, 64];
    for (const [wrong, scratch, message] of [
      [values.slice(1), 0, "team: kernel adam: expected 14 arguments in addition to the block, received 13"],
      [[...values, 0], 0, "team: kernel adam: expected 14 arguments in addition to the block, received 15"],
      [[], 0, "team: kernel adam: expected 14 arguments in addition to the block, received 0"],
      // Scratch memory that the kernel does not take is an argument too many.
      [values, 64, "team: kernel adam: expected 13 arguments in addition to scratch and block, received 14"],
    ] as const) {
      assert.throws(() => team.run("adam", wrong, 16, scratch), { message });
    }
    assert.throws(
      () => team.run("conv2d", [0], 4, 4096),
      /kernel conv2d: expected 9 arguments in addition to scratch and block/,
    );
    stepDown(team, pointer, 1000);
    assert.ok(team.heap.floats(pointer, 1000).every((value) => value === -1));
    await team.close();
  });

  it("does not keep the process alive", async () => {
    const { code, stdout } = await runNode(fromRoot("dist/test/support/team-fixture.js"), []);
    assert.deepEqual([code, stdout], [0, "worked\n"]);
  });
});
