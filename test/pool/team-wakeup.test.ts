/** A helper that wakes up without new work. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { loadModule } from "../../src/kernels/module.js";
import { TEAM_KERNELS } from "../../src/kernels/nn.js";
import { controlViews, GENERATION, PENDING } from "../../src/pool/team/protocol.js";
import { KernelTeam } from "../../src/pool/team/team.js";

describe("pool/team", () => {
  it("takes a wake-up without new work for nothing", async () => {
    const team = new KernelTeam(await loadModule("nn"), 2, TEAM_KERNELS);
    try {
      const { words } = controlViews(team.heap.memory);
      const values = team.heap.allocate(4 * 4 * 64);
      // Adam over zeros. Any kernel with several blocks would do.
      const run = (): void => {
        team.heap.floats(values, 4 * 64).fill(0);
        const pointers = [0, 1, 2, 3].map((i) => values + i * 4 * 64);
        team.run("adam", [...pointers, 64, 1e-3, 0.5, 0.999, 0.5, 0.001, 1e-8, 1, 0, 16], 4);
      };
      run();
      for (let i = 0; i < 20; i++) {
        await pause(5); // the helper sleeps by now
        // This happens if the main thread is delayed between writing a generation and announcing it.
        Atomics.notify(words, GENERATION);
        await pause(5);
        assert.equal(Atomics.load(words, PENDING), 0);
      }
      run();
      assert.equal(Atomics.load(words, PENDING), 0);
    } finally {
      await team.close();
    }
  });
});
