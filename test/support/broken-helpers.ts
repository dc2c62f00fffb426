/**
 * Runs a kernel on a team whose helpers behave as the first argument states, and prints "right" if the values are
 * right. Run it in a process of its own, because an endless wait would block the tests.
 */

import assert from "node:assert/strict";
import { SharedHeap } from "../../src/kernels/heap.js";
import { loadModule } from "../../src/kernels/module.js";
import { TEAM_KERNELS } from "../../src/kernels/nn.js";
import { KernelTeam } from "../../src/pool/team/team.js";

const code = (text: string): URL => new URL(`data:text/javascript,${encodeURIComponent(text)}`);
const ENTRIES: Readonly<Record<string, URL>> = {
  throws: code("throw new Error('no helper today')"),
  exits: code("process.exit(3)"),
  "cannot be loaded": new URL("./no-such-file.js", import.meta.url),
  "is lost": new URL("./lost-helper.js", import.meta.url),
  "never begins": code("await new Promise((resolve) => setTimeout(resolve, 1e6))"),
};

const team = new KernelTeam(await loadModule("nn"), 3, TEAM_KERNELS, new SharedHeap(), ENTRIES[process.argv[2]]);
const count = 10_000;
const [p, m, v, g] = [0, 0, 0, 0].map(() => team.heap.allocate(count * 4));
const step = (): boolean => {
  for (const block of [p, m, v]) team.heap.floats(block, count).fill(0);
  team.heap.floats(g, count).fill(1);
  team.run("adam", [p, m, v, g, count, 1, 0, 0, 1, 1, 0, 1, 0, 64], Math.ceil(count / 64));
  return team.heap.floats(p, count).every((value) => value === -1);
};
if (process.argv[2] === "is lost") {
  // Two minutes pass in one step.
  Atomics.wait = (...values: readonly unknown[]) => {
    assert.ok(values[3] !== undefined, "a wait without a bound");
    return "timed-out" as const;
  };
  let failure: unknown;
  for (let round = 0; round < 1e6 && failure === undefined; round++) {
    try {
      step();
    } catch (error) {
      failure = error;
    }
  }
  assert.throws(step, /RetryableError/, "a team that has lost a helper works on");
  process.stdout.write(`${String(failure)}\n`);
  process.exit(0);
}
let isRight = step(); // before the helpers have started
// The team warns of each helper that ends. On a busy machine this takes seconds, so the rounds go on for up to two minutes.
let expected = process.argv[2] === "never begins" ? 0 : 2;
process.on("warning", () => expected--);
for (let round = 0; round < 10 || (expected > 0 && round < 4000); round++) {
  await new Promise((resolve) => setTimeout(resolve, 30)); // their end is noticed in the meantime
  isRight = step() && isRight;
}
await team.close();
process.stdout.write(isRight ? "right\n" : "wrong\n");
