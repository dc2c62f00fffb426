/** The plan, compared with all others on a grid of works and machines. */
import assert from "node:assert/strict";
import { plan } from "../../src/planner/plan.js";
import { ALIGN, type Case, editing, grid, MIB, outcomeOf, training } from "./stages.js";

/** The best rate of all numbers of workers and batches that fit; 0 if none does. */
function bruteForce(of: Case): number {
  let best = 0;
  for (const batch of of.limits.batches) {
    for (let workers = 1; workers <= of.limits.workers; workers++) {
      const { rate, bytes } = outcomeOf(of, workers, batch);
      if (bytes <= of.limits.memoryBytes) best = Math.max(best, rate);
    }
  }
  return best;
}

describe("planner", () => {
  describe("compared with every number of workers and every batch", () => {
    for (const of of grid()) {
      it(of.name, () => {
        const best = bruteForce(of);
        if (best === 0) {
          assert.throws(() => plan(of.stages, of.machine, of.limits), /^InputError: memory: expected at least \d+ MiB/);
          return;
        }
        const made = plan(of.stages, of.machine, of.limits);
        // It gives 1 % away for fewer workers or a smaller batch.
        assert.ok(made.rate >= 0.99 * best * (1 - 1e-9), `${made.rate} of ${best}`);
        assert.ok(made.memoryBytes <= of.limits.memoryBytes);

        const queues = new Map(made.stages.map(({ group, queue }) => [group, queue]));
        const outcome = outcomeOf(of, made.workers, made.batch, (group) => queues.get(group) as number);
        assert.ok(Math.abs(outcome.rate - made.rate) <= 1e-9 * made.rate, `${outcome.rate}, predicted ${made.rate}`);
        assert.ok(Math.abs(outcome.bytes - made.memoryBytes) <= 1e-9 * made.memoryBytes);
        const slowest = Math.min(...made.stages.map(({ predictedRate }) => predictedRate));
        assert.ok(slowest >= made.rate * (1 - 1e-9), `a stage of ${slowest}, the whole ${made.rate}`);
        if (made.workers > 1) {
          const fewer = outcomeOf(of, made.workers - 1, made.batch);
          assert.ok(fewer.rate < made.rate, `${made.workers - 1} workers are as fast`);
        }
        assert.ok(made.reasons.length === 4 && made.reasons.every((reason) => reason.length > 10));
      });
    }
  });

  it("gives the same plan for the same input", () => {
    for (const { stages, machine, limits } of grid().filter(({ limits }) => limits.memoryBytes > 1000 * MIB)) {
      assert.deepEqual(plan(stages, machine, limits), plan(structuredClone(stages), machine, limits));
    }
  });

  const limits = { memoryBytes: 4096 * MIB, workers: 4, batches: [8] };
  const gpu = { name: "webgpu", threads: 1 };

  it("names the most expensive stage of the place that limits the rate", () => {
    assert.equal(plan(ALIGN, { cores: 4, device: null }, limits).bottleneck, "decode");
    const slow = plan(training(40), { cores: 4, device: gpu }, limits);
    assert.deepEqual([slow.bottleneck, slow.bound, slow.workers], ["update", "device", 1]);
    const fast = plan(training(0.1), { cores: 4, device: gpu }, limits);
    assert.deepEqual([fast.bottleneck, fast.bound], ["decode", "cores"]);
    assert.match(
      fast.reasons[0],
      /^bottleneck decode: the cores, which the pool uses most, can do no more than \d+\/s$/,
    );
  });

  it("gives a training no more workers than the device can follow, and queues before it", () => {
    const { workers, stages, reasons } = plan(training(2), { cores: 16, device: gpu }, { ...limits, workers: 16 });
    assert.equal(workers, 2); // 3.1 ms an item in a worker, 2.2 ms on the device
    assert.deepEqual(
      stages.map(({ name, place, queue }) => [name, place, queue]),
      [
        ["read", "pool", 2],
        ["decode", "pool", 2],
        ["upload", "device", 0],
        ["update", "device", 0],
      ],
    );
    assert.match(reasons[1], /^2 workers keep up with 455\/s: 1 would give 323\/s, more would give at most 455\/s$/);
    assert.equal(reasons[2], "batch 8: as requested");
    const own = plan(training(2), { cores: 16, device: gpu }, { ...limits, workers: 16, isBatchOwn: true });
    assert.equal(own.reasons[2], "batch 8: the command's own");
  });

  it("chooses a smaller batch, shorter queues and fewer workers if memory is short", () => {
    const machine = { cores: 8, device: gpu };
    const wide = { memoryBytes: 16_384 * MIB, workers: 8, batches: [1, 2, 4, 8, 16, 32, 64] };
    const much = plan(editing(4), machine, wide);
    const little = plan(editing(4), machine, { ...wide, memoryBytes: 90 * MIB });
    assert.ok(little.batch < much.batch && little.rate < much.rate && little.memoryBytes <= 90 * MIB);
    assert.match(little.reasons[2], /larger ones do not fit into the memory|would give/);
    assert.throws(() => plan(editing(4), machine, { ...wide, memoryBytes: 20 * MIB }), {
      name: "InputError",
      message: /^memory: expected at least \d+ MiB for a batch of 1, received 20 MiB\. Allow more, or take smaller/,
    });
  });

  it("counts threads beyond the cores as taking turns", () => {
    // The device keeps both cores busy: decoding takes its time from them.
    const machine = { cores: 2, device: { name: "wasm", threads: 2 } };
    const { rate, bound, workers, stages } = plan(training(9.8), machine, { ...limits, workers: 2 });
    assert.ok(Math.abs(rate - 2 / 0.0231) < 1e-6); // 3.1 ms of one core and 10 ms of two
    assert.deepEqual([bound, workers], ["cores", 1]);
    assert.ok(stages[1].seconds > 0.003, "a worker next to two busy threads is slower than alone");
  });
});
