import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Device } from "../../src/device/device.js";
import { describeMachine } from "../../src/device/node/machine.js";
import { decide, describeSetting, keepCorrected } from "../../src/planner/decide.js";
import type { Job } from "../../src/planner/jobs/job.js";
import type { Span } from "../../src/planner/types.js";
import { useCacheHome } from "../support/cache.js";
import { fakeDevice } from "../support/device.js";

/** A job whose update takes no time but says that it does. */
function jobOf(milliseconds: number, closed: { times: number }): Job<null> {
  const span = (stage: string, place: Span["place"]): Span => {
    return { stage, place, thread: 0, start: 0, end: milliseconds, items: 1 };
  };
  return {
    items: "pairs",
    doing: "decode ahead",
    key: "a job",
    shapes: [
      { name: "decode", group: "load", place: "pool", outputBytes: 1 },
      { name: "update", group: "update", place: "device", outputBytes: 0 },
    ],
    batches: [1],
    *units() {
      for (;;) yield null;
    },
    run: async (group) => (group === "load" ? [span("decode", "pool")] : [span("update", "device")]),
    close: async () => {
      closed.times++;
    },
  };
}

describe("deciding for a command", () => {
  let folder: string;
  let giveBackCache: () => void;
  const setting = describeSetting(fakeDevice(), 2 ** 30);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    giveBackCache = useCacheHome(folder);
  });

  after(async () => {
    giveBackCache();
    await rm(folder, { recursive: true, force: true });
  });

  it("measures where it may, once or when it is told to, and takes known costs without opening anything", async () => {
    const closed = { times: 0 };
    let opened = 0;
    const job = jobOf(10, closed);
    const common = { workers: 2, batches: [1], recalibrate: false, signal: new AbortController().signal };
    const open = async (): Promise<Job<null>> => {
      opened++;
      return job;
    };
    assert.equal(await decide(job, setting, { ...common, open: null }), null);
    const measured = await decide(job, setting, { ...common, open });
    assert.deepEqual([measured?.cached, measured?.plan.bottleneck, opened, closed.times], [false, "update", 1, 1]);
    const known = await decide(job, setting, { ...common, open: null });
    assert.equal(known?.cached, true);
    assert.deepEqual(known?.plan, measured?.plan);
    await decide(job, setting, { ...common, open });
    assert.equal(opened, 1);
    await decide(job, setting, { ...common, open, recalibrate: true });
    assert.deepEqual([opened, closed.times], [2, 2]);
    assert.equal(await decide({ ...job, key: "another" }, setting, { ...common, open: null }), null);

    assert.ok(known !== null);
    const corrected = known.stages.map((stage) => {
      const slower = Object.entries(stage.costs).map(([place, cost]) => [place, { ...cost, seconds: 1 }]);
      return { ...stage, costs: Object.fromEntries(slower) };
    });
    await keepCorrected(known, corrected);
    assert.deepEqual((await decide(job, setting, { ...common, open: null }))?.stages, corrected);
    assert.equal((await readdir(join(folder, "elegant-faces"))).length, 1, "in place of the measured ones");
  });

  it("closes the job whose measuring fails or is stopped", async () => {
    const closed = { times: 0 };
    const controller = new AbortController();
    controller.abort(new Error("stopped"));
    const job = { ...jobOf(10, closed), key: "stopped" };
    const options = { workers: 1, batches: [1], recalibrate: false, signal: controller.signal, open: async () => job };
    await assert.rejects(decide(job, setting, options), /stopped/);
    assert.equal(closed.times, 1);
  });

  it("knows a device again whatever the reason for choosing it, but not with other threads", () => {
    const keyOf = (members: Partial<Device>): string => describeSetting(fakeDevice(members)).key;
    const choice = { reason: "chosen by auto; not webgpu: no GPU (none at all)", isAutomatic: true, isFallback: false };
    assert.equal(keyOf({ choice, description: `wasm: our SIMD kernels on 2 threads (${choice.reason})` }), keyOf({}));
    assert.notEqual(keyOf({ threads: 3 }), keyOf({}));
    assert.notEqual(keyOf({ hardware: "webgpu: a card (GPU; tensors up to 2.0 GiB)" }), keyOf({}));
  });

  it("counts one busy thread for a GPU, and all cores for a library that does not say", () => {
    const threadsOf = (members: Partial<Device>) => describeSetting(fakeDevice(members)).machine.device?.threads;
    const { cores } = describeMachine();
    assert.equal(threadsOf({}), 2);
    assert.equal(threadsOf({ name: "webgpu", kind: "gpu", threads: 0 }), 1);
    assert.equal(threadsOf({ name: "webgpu", kind: "software", threads: 0 }), cores);
    assert.equal(threadsOf({ name: "tensorflow", kind: "cpu", threads: 0 }), cores);
  });
});
