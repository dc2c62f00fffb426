/** Whether measured times still fit a plan: decided from numbers alone. */
import assert from "node:assert/strict";
import { plan } from "../../src/planner/plan.js";
import { revise } from "../../src/planner/revise.js";
import { MIB, training } from "./stages.js";

const GPU = { cores: 8, device: { name: "webgpu", threads: 1 } };
const LIMITS = { memoryBytes: 8192 * MIB, workers: 8, batches: [8] };

describe("a plan whose stages were measured", () => {
  const stages = training(3.1);
  const made = plan(stages, GPU, LIMITS);
  const seen = (pool: number, device: number) => {
    const measured = stages.map(({ name, place, cost }) => {
      return [name, cost.seconds * (place === "pool" ? pool : device)] as const;
    });
    return revise(stages, made, new Map(measured), GPU, LIMITS);
  };

  it("stays while every place takes within 30 % of its time", () => {
    for (const [pool, device] of [
      [1, 1],
      [1.29, 0.78],
      [0.78, 1.29],
    ]) {
      assert.equal(seen(pool, device), null, `${pool} ${device}`);
    }
  });

  it("is replaced by one that fits the measured times", () => {
    assert.equal(made.workers, 1);
    assert.match(seen(1.31, 1)?.reason ?? "", /^the pool takes 4\.06 ms per item instead of 3\.10 ms$/);
    assert.match(seen(0.5, 1.4)?.reason ?? "", /^the pool takes 1\.55 ms .*, and the device takes 4\.62 ms/);
    assert.equal(seen(3, 1)?.plan.workers, 3); // 9.3 ms in a worker, 3.3 ms on the device
    assert.ok(Math.abs((seen(3, 1)?.stages[1].cost.seconds ?? 0) - 0.009) < 1e-12);
  });

  it("stays if the cores are shared as it predicts, and if only a short stage is off", () => {
    const crowded = { cores: 2, device: { name: "wasm", threads: 2 } };
    const limits = { ...LIMITS, workers: 2 };
    const planned = plan(stages, crowded, limits);
    // Slower than alone, but as slow as the plan says.
    const same = new Map(planned.stages.map(({ name, seconds }) => [name, seconds]));
    assert.equal(revise(stages, planned, same, crowded, limits), null);
    assert.equal(revise(stages, planned, new Map([...same, ["read", 0.0004]]), crowded, limits), null);
  });
});
