/** `--device auto` on machines with several devices, which are made up: their runs advance a clock. */
import assert from "node:assert/strict";
// The fakes open no backend, and the current device belongs to one.
import "@tensorflow/tfjs-backend-cpu";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeviceModule, DeviceName, Probe } from "../../src/device/device.js";
import { type ChooseOptions, openForWork, type Trial } from "../../src/planner/choose-device.js";
import { useCacheHome } from "../support/cache.js";
import { fakeDevice } from "../support/device.js";

interface Speed {
  /** Milliseconds of each run; the last one is repeated. "broken" if it does not open. */
  readonly runs: readonly number[] | "broken";
  readonly probe?: Partial<Probe>;
}

describe("the device for a command's work", () => {
  let folder: string;
  let giveBackCache: () => void;
  let said: string[];
  let time: number;
  /** What has happened on devices, in order. */
  let events: string[];
  let current: DeviceName | null;
  let done: number;
  let speeds: Partial<Record<DeviceName, Speed>>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    giveBackCache = useCacheHome(folder);
    [said, events, time, current, done, speeds] = [[], [], 0, null, 0, {}];
  });

  afterEach(async () => {
    giveBackCache();
    await rm(folder, { recursive: true, force: true });
  });

  const moduleOf = (name: DeviceName, { runs, probe }: Speed): DeviceModule => ({
    name,
    probe: async () => ({
      suitsAuto: true,
      kind: name === "webgpu" ? "gpu" : "cpu",
      reason: `found ${name}`,
      ...probe,
    }),
    async open({ choice }) {
      assert.equal(current, null, "one device at a time");
      if (runs === "broken") throw new Error(`${name} is broken`);
      events.push(`open ${name}`);
      [current, done] = [name, 0];
      const close = async (): Promise<void> => {
        events.push(`close ${name}`);
        current = null;
      };
      return fakeDevice({
        name,
        kind: name === "webgpu" ? "gpu" : "cpu",
        choice,
        description: `${name} (${choice.reason})`,
        close,
      });
    },
  });

  const trial = (key = "work", units = 1): Trial => ({
    key,
    unit: "update",
    units,
    async open() {
      return {
        async run() {
          const { runs } = speeds[current as DeviceName] as Speed;
          time += (runs as readonly number[])[Math.min(done++, runs.length - 1)];
        },
        close: () => events.push("end of trial"),
      };
    },
  });

  /** Opens and closes the device for a trial, and returns what it was. */
  async function choose(
    made: Trial = trial(),
    options: Partial<ChooseOptions> = {},
    names: readonly DeviceName[] = ["webgpu", "wasm", "cpu"],
  ): Promise<{ readonly name: DeviceName; readonly reason: string }> {
    const modules = names.flatMap((name) => {
      const speed = speeds[name];
      return speed === undefined ? [] : [moduleOf(name, speed)];
    });
    const print = (line: string): void => void said.push(line);
    const device = await openForWork("auto", () => made, { threads: 2, print, modules, now: () => time, ...options });
    await device.close();
    return { name: device.name, reason: device.choice.reason };
  }

  it("is the one whose timed runs are the shortest, not the first one; a line says so", async () => {
    // The first run warms up, and of two timed ones the shorter counts.
    speeds = { webgpu: { runs: [9000, 1900, 2500] }, wasm: { runs: [5, 600, 310] }, cpu: { runs: [1] } };
    const { name, reason } = await choose();
    assert.equal(name, "wasm");
    assert.equal(reason, "chosen by auto; the fastest of 2 devices for this work");
    assert.deepEqual(said, [
      "measuring this work on webgpu and wasm, once",
      "device wasm: 0.31 s per update, webgpu 1.9 s; --device overrides",
    ]);
    const measured = ["webgpu", "wasm"].flatMap((each) => [`open ${each}`, "end of trial", `close ${each}`]);
    assert.deepEqual(events, [...measured, "open wasm", "close wasm"]);
  });

  it("is a GPU that is faster, by the time of a unit", async () => {
    speeds = { webgpu: { runs: [100, 16] }, wasm: { runs: [1000] } };
    assert.equal((await choose(trial("faces", 8))).name, "webgpu");
    assert.equal(said[1], "device webgpu: 2 ms per update, wasm 0.13 s; --device overrides");
  });

  it("is found with a single run of a CPU that takes more than ten times as long as the GPU", async () => {
    speeds = { webgpu: { runs: [4000, 10] }, wasm: { runs: [101, 1] } };
    assert.equal((await choose()).name, "webgpu");
    assert.equal(said[1], "device webgpu: 10 ms per update, wasm 0.1 s; --device overrides");
    speeds = { webgpu: { runs: [4000, 10] }, wasm: { runs: [99, 1] } };
    assert.equal((await choose(trial("other work"))).name, "wasm");
  });

  it("is measured once for the same work and machine, and again on request", async () => {
    speeds = { webgpu: { runs: [20] }, wasm: { runs: [10] } };
    await choose();
    events = [];
    said = [];
    assert.equal((await choose()).name, "wasm");
    assert.deepEqual(events, ["open wasm", "close wasm"]);
    assert.deepEqual(said, ["device wasm: 10 ms per update, webgpu 20 ms; --device overrides"]);
    speeds = { webgpu: { runs: [5] }, wasm: { runs: [10] } };
    assert.equal((await choose()).name, "wasm", "known");
    assert.equal((await choose(trial("other work"))).name, "webgpu");
    assert.equal((await choose(trial(), { threads: 4 })).name, "webgpu");
    assert.equal((await choose(trial(), { recalibrate: true })).name, "webgpu");
    assert.equal((await choose()).name, "webgpu", "replaced");
    speeds = { webgpu: { runs: [20], probe: { reason: "found another GPU" } }, wasm: { runs: [10] } };
    assert.equal((await choose()).name, "wasm");
  });

  it("is not measured if there is nothing to compare", async () => {
    const fail = (): never => assert.fail("no trial is made");
    const print = (line: string): void => void said.push(line);
    speeds = { wasm: { runs: [1] }, cpu: { runs: [1] } };
    const probe = { suitsAuto: false, kind: "software", reason: "only SwiftShader, which is software" } as const;
    const modules = [
      moduleOf("webgpu", { runs: [1], probe }),
      moduleOf("wasm", { runs: [1] }),
      moduleOf("cpu", { runs: [1] }),
    ];
    const device = await openForWork("auto", fail, { threads: 2, print, modules });
    assert.equal(device.name, "wasm");
    assert.equal(
      device.choice.reason,
      "chosen by auto; found wasm; not webgpu: only SwiftShader, which is software",
      "as without a choice",
    );
    await device.close();
    assert.deepEqual([said, events], [[], ["open wasm", "close wasm"]]);
    await assert.rejects(readdir(join(folder, "elegant-faces")), { code: "ENOENT" });
  });

  it("is another one if a device fails, which is measured again the next time", async () => {
    speeds = { webgpu: { runs: "broken" }, wasm: { runs: [10] } };
    assert.equal((await choose()).name, "wasm");
    assert.deepEqual(said.slice(1), [
      "device webgpu failed: webgpu is broken",
      "device wasm: 10 ms per update, webgpu failed; --device overrides",
    ]);
    speeds = { webgpu: { runs: [5] }, wasm: { runs: [10] } };
    assert.equal((await choose()).name, "webgpu");
    speeds = { webgpu: { runs: "broken" }, wasm: { runs: [10] } };
    const { name, reason } = await choose();
    assert.equal(name, "wasm", "the device that was the fastest does not open any more");
    assert.match(reason, /webgpu does not open: webgpu is broken/);
    speeds = { webgpu: { runs: "broken" }, wasm: { runs: "broken" } };
    await assert.rejects(choose(trial("new work")), /wasm is broken/);
  });

  it("is the one that the user named, unmeasured", async () => {
    const print = (line: string): void => void said.push(line);
    const device = await openForWork("cpu", () => assert.fail("no trial is made"), { threads: 1, print });
    assert.deepEqual([device.name, said], ["cpu", []]);
    await device.close();
  });
});
