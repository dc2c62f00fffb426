/** From work and machine to a plan: when costs are measured, and what they depend on. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Device } from "../../src/device/device.js";
import { decide, describeSetting, keepCorrected } from "../../src/planner/decide.js";
import { useCacheHome } from "../support/cache.js";
import { ReportedWork } from "../support/work.js";

const device = (description: string): Device => ({ name: "wasm", description, threads: 2, close: async () => {} });

describe("deciding for a command", () => {
  let folder: string;
  let giveBackCache: () => void;
  const setting = describeSetting(device("wasm: two threads (asked for)"), 2 ** 30);

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

  it("knows a device again whatever it was chosen for", () => {
    const keyOf = (text: string): string => describeSetting(device(text)).key;
    const asked = keyOf("wasm: two threads (asked for)");
    assert.equal(keyOf("wasm: two threads (chosen by auto; not webgpu: no GPU (none at all))"), asked);
    assert.notEqual(keyOf("wasm: three threads (asked for)"), asked);
    const gpu = "webgpu: a card (GPU; tensors up to 2.0 GiB; asked for)";
    assert.equal(keyOf(gpu), keyOf("webgpu: a card (GPU; tensors up to 2.0 GiB; chosen by auto; it is there)"));
  });
});
