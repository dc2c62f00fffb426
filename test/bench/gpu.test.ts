/** Runs the GPU bench with tiny shapes, to check the bench itself and not its times. */
import assert from "node:assert/strict";
import { networkLayers } from "../../bench/gpu/layers.js";
import { Budget } from "../../bench/gpu/timing.js";
import { probeAdapter } from "../../src/device/node/find-adapter.js";
import { runBench } from "../support/gpu-bench.js";
import { hasWebgpu } from "../support/webgpu.js";

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

describe("bench/gpu", () => {
  it("says that there is no GPU, what it found and why that was not taken, and ends well", async function () {
    const available = await hasWebgpu(); // sets which driver is used
    const { adapter, problem } = await probeAdapter();
    if (adapter?.type === "gpu") return this.skip(); // measuring it would take minutes
    const stdout = await runBench([]);
    const found = available ? "only .*, which is software" : escapeRegExp(String(problem));
    assert.match(
      stdout,
      new RegExp(
        `^bench:gpu: there is no GPU to measure \\(not tensorflow: .*; not webgpu: ${found}\\); nothing was written\\.\n$`,
      ),
    );
  });

  it("knows the distinct convolutions of all networks", () => {
    const layers = networkLayers(256, 64).map((layer) => layer.join("-"));
    assert.deepEqual(layers, [
      ...["256-3-64", "128-64-128", "64-128-256", "32-256-512", "16-512-512", "16-512-1024"],
      ...["256-5-64", "128-5-64", "64-64-128", "32-128-256", "16-256-512"],
    ]);
  });

  it("gives a section's rows its share of the time, and leaves out those that come too late", async () => {
    const budget = new Budget(0.2);
    const section = budget.section(0.5, 2);
    const [first, second] = [section.next("first"), section.next("second")];
    assert.ok(first !== null && first > 0.02 && first <= 0.05, `${first}`);
    assert.ok(second !== null && second > first && second <= 0.1, `${second}`);
    await new Promise((resolve) => setTimeout(resolve, 120));
    assert.equal(section.next("third"), null);
    assert.deepEqual(budget.skipped, [{ work: "third", reason: "the time of its section is used up" }]);
    assert.ok(budget.section(1, 1).next("of a later section") !== null);
  });
});
