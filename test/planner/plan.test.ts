import assert from "node:assert/strict";
import { plan } from "../../src/planner/plan.js";
import type { Plan } from "../../src/planner/types.js";
import { ALIGN, type Case, cost, editing, grid, MIB, outcomeOf, stage, training } from "./stages.js";

/** Shares of a group that is split, tried one by one: the planner must find what lies between them. */
const SHARES = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);

/** The best rate over all places, workers, batches and shares that fit; 0 where none does. */
function bruteForce(of: Case, splits: boolean): number {
  const groups = [...new Set(of.stages.map(({ group }) => group))];
  let best = 0;
  const visit = (shares: ReadonlyMap<string, number>): void => {
    const group = groups[shares.size];
    if (group === undefined) {
      for (const batch of of.limits.batches) {
        for (let workers = 0; workers <= of.limits.workers; workers++) {
          if ([...shares.values()].some((share) => share < 1) !== workers > 0) continue;
          const parts = [...shares.values()];
          // Not with a single worker, nor where another group needs the device.
          if (parts.some((share) => share % 1 > 0) && (workers < 2 || parts.includes(1))) continue;
          const { rate, bytes } = outcomeOf(of, shares, workers, batch);
          if (bytes <= of.limits.memoryBytes) best = Math.max(best, rate);
        }
      }
      return;
    }
    const own = of.stages.filter((candidate) => candidate.group === group);
    const canDevice = of.machine.device !== null && own.every(({ costs }) => costs.device !== undefined);
    const canPool = own.every(({ costs }) => costs.pool !== undefined);
    const both = splits && of.limits.workers > 1 && canDevice && canPool && own.every(({ splittable }) => splittable);
    for (const share of [...(canDevice ? [1] : []), ...(canPool ? [0] : []), ...(both ? SHARES : [])]) {
      visit(new Map([...shares, [group, share]]));
    }
  };
  visit(new Map());
  return best;
}

function sharesOf({ stages }: Plan): Map<string, number> {
  return new Map(stages.map(({ group, deviceShare }) => [group, deviceShare]));
}

describe("planner", () => {
  describe("against every placement, number of workers, batch and share", () => {
    for (const of of grid()) {
      it(of.name, () => {
        const [whole, split] = [bruteForce(of, false), bruteForce(of, true)];
        if (whole === 0 && split === 0) {
          assert.throws(() => plan(of.stages, of.machine, of.limits), /^InputError: memory: expected at least \d+ MiB/);
          return;
        }
        const made = plan(of.stages, of.machine, of.limits);
        // A hundredth is given away for fewer workers or a smaller batch, a twentieth for a model in one place.
        assert.ok(made.rate >= 0.99 * whole * (1 - 1e-9), `${made.rate} of ${whole}`);
        assert.ok(made.rate >= (0.99 / 1.05) * split * (1 - 1e-9), `${made.rate} of ${split}, split`);
        assert.ok(made.memoryBytes <= of.limits.memoryBytes);

        const shares = sharesOf(made);
        const queues = new Map(made.stages.map(({ group, queue }) => [group, queue]));
        const outcome = outcomeOf(of, shares, made.workers, made.batch, (group) => queues.get(group) as number);
        assert.ok(Math.abs(outcome.rate - made.rate) <= 1e-9 * made.rate, `${outcome.rate}, predicted ${made.rate}`);
        assert.ok(Math.abs(outcome.bytes - made.memoryBytes) <= 1e-9 * made.memoryBytes);
        const slowest = Math.min(...made.stages.map(({ predictedRate }) => predictedRate));
        assert.ok(slowest >= made.rate * (1 - 1e-9), `a stage of ${slowest}, the whole ${made.rate}`);
        if (made.workers > 1) {
          const fewer = outcomeOf(of, shares, made.workers - 1, made.batch);
          assert.ok(fewer.rate < made.rate, `${made.workers - 1} workers are as fast`);
        }
        assert.ok(made.stages.every(({ reason }) => reason.length > 10) && made.reasons.length === 4);
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

  it("names the dearest stage of what holds the rest back", () => {
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
    assert.equal(reasons[2], "batch 8: as asked for");
    const own = plan(training(2), { cores: 16, device: gpu }, { ...limits, workers: 16, isBatchOwn: true });
    assert.equal(own.reasons[2], "batch 8: the command's own");
  });

  it("splits batches in proportion where both places can run the model and neither is much faster", () => {
    const model = { pool: cost(40), device: cost(10) };
    const only = [stage("forward", "model", model, { splittable: true })];
    const made = plan(only, { cores: 9, device: gpu }, { ...limits, workers: 8 });
    // The pool does 8 / 40 an ms, the device 1 / 10: a third of the batches.
    assert.equal(made.stages[0].place, "both");
    assert.ok(Math.abs(made.stages[0].deviceShare - 1 / 3) < 1e-9);
    assert.ok(Math.abs(made.rate - 300) < 1e-6);
    assert.match(
      made.stages[0].reason,
      /with 33 % of the batches the device ends when the pool does; one place alone would give 200\/s/,
    );
    // A gain of under a twentieth is not worth a second copy of the model.
    const unequal = [stage("forward", "model", { pool: cost(40), device: cost(0.2) }, { splittable: true })];
    assert.equal(plan(unequal, { cores: 9, device: gpu }, { ...limits, workers: 8 }).stages[0].place, "device");
    const ordered = [stage("forward", "model", model)];
    assert.equal(plan(ordered, { cores: 9, device: gpu }, { ...limits, workers: 8 }).stages[0].place, "pool");
  });

  it("takes a smaller batch, shorter queues and fewer workers where memory is short", () => {
    const machine = { cores: 8, device: gpu };
    const wide = { memoryBytes: 16_384 * MIB, workers: 8, batches: [1, 2, 4, 8, 16, 32, 64] };
    const much = plan(editing(4, 1000), machine, wide);
    const little = plan(editing(4, 1000), machine, { ...wide, memoryBytes: 90 * MIB });
    assert.ok(little.batch < much.batch && little.rate < much.rate && little.memoryBytes <= 90 * MIB);
    assert.match(little.reasons[2], /larger ones do not fit into the memory|would give/);
    assert.throws(() => plan(editing(4, 1000), machine, { ...wide, memoryBytes: 20 * MIB }), {
      name: "InputError",
      message: /^memory: expected at least \d+ MiB for a batch of 1, received 20 MiB\. Allow more, or take smaller/,
    });
  });

  it("refuses a stage that has nowhere to run", () => {
    assert.throws(() => plan(training(1), { cores: 4, device: null }, limits), {
      name: "InputError",
      message: /^stage update: expected a device or a pool to run on, received a machine without one\. Open a device/,
    });
  });

  it("counts threads beyond the cores as taking turns", () => {
    // The device keeps both cores busy: decoding takes its time from them.
    const machine = { cores: 2, device: { name: "wasm", threads: 2 } };
    const { rate, bound, workers, stages } = plan(training(9.8), machine, { ...limits, workers: 2 });
    assert.ok(Math.abs(rate - 2 / 0.0231) < 1e-6); // 3.1 ms of one core and 10 ms of two
    assert.deepEqual([bound, workers], ["cores", 1]);
    assert.ok((stages[1].seconds.pool ?? 0) > 0.003, "a worker beside two busy threads is slower than alone");
  });
});
