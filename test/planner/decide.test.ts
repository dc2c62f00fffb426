/** From work and machine to a plan: when costs are measured, and what they depend on. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Device } from "../../src/device/device.js";
import { describeMachine } from "../../src/device/node/machine.js";
import { decide, describeSetting, keepCorrected } from "../../src/planner/decide.js";
import { useCacheHome } from "../support/cache.js";
import { fakeDevice } from "../support/device.js";
import { ReportedWork } from "../support/work.js";

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

  it("measures if it may, once or when it is requested, and uses known costs otherwise", async () => {
    const work = new ReportedWork("work");
    let announced = 0;
    const onMeasure = (): void => {
      announced++;
    };
    const common = { workers: 2, batches: [1], recalibrate: false, signal: new AbortController().signal };
    assert.equal(await decide(work, setting, { ...common, onMeasure: null }), null);
    const measured = await decide(work, setting, { ...common, onMeasure });
    assert.deepEqual([measured?.cached, measured?.plan.bottleneck], [false, "update"]);
    const known = await decide(work, setting, { ...common, onMeasure: null });
    assert.equal(known?.cached, true);
    assert.deepEqual(known?.plan, measured?.plan);
    await decide(work, setting, { ...common, onMeasure });
    assert.deepEqual([work.rehearsed.length, announced], [1, 1]);
    await decide(work, setting, { ...common, onMeasure, recalibrate: true });
    assert.deepEqual([work.rehearsed.length, announced], [2, 2]);
    assert.equal(await decide(new ReportedWork("other"), setting, { ...common, onMeasure: null }), null);

    assert.ok(known !== null);
    const corrected = known.stages.map((stage) => ({ ...stage, cost: { ...stage.cost, seconds: 1 } }));
    await keepCorrected(known, corrected);
    assert.deepEqual((await decide(work, setting, { ...common, onMeasure: null }))?.stages, corrected);
    assert.equal((await readdir(join(folder, "elegant-faces"))).length, 1, "in place of the measured ones");
  });

  it("recognises a device whatever the reason for choosing it, but not with another number of threads", () => {
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
