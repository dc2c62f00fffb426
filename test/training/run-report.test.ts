/** The report of a run: its curves and what the watchdog found. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { readLossLog } from "../../src/training/log.js";
import { train } from "../../src/training/loop.js";
import { LOSSES_FILE, trainingSeries, watchdogSection } from "../../src/training/run-report.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { TINY } from "../support/model.js";
import { tinyRun } from "../support/run.js";

const MODEL = elegantModel({ ...TINY, attributes: ["Bangs", "Smiling"] });

describe("the report of a run", () => {
  it("draws means over attributes of each step, and what each attribute's exchange changes", () => {
    const row = (step: number, attribute: string, value: number) => {
      return { step, attribute, D: value, G: 2 * value, reconstruction: value / 10, exchange: (value * 2) / 255 };
    };
    const rows = [row(1, "Bangs", 1), row(1, "Smiling", 3), row(2, "Bangs", 4), row(2, "Smiling", 4)];
    const series = new Map(trainingSeries(MODEL, rows, []).map(({ name, points }) => [name, points]));
    const values = (name: string) => series.get(name)?.map(({ step, value }) => [step, Math.round(value * 1e6) / 1e6]);
    assert.deepEqual(values("discriminators"), [
      [1, 2],
      [2, 4],
    ]);
    assert.deepEqual(values("generator"), [
      [1, 4],
      [2, 8],
    ]);
    assert.deepEqual(values("Bangs"), [
      [1, 1],
      [2, 4],
    ]);
    assert.deepEqual(values("Smiling"), [
      [1, 3],
      [2, 4],
    ]);
  });

  it("leaves out curves that a preset does not have, and draws the change of joint updates as one", () => {
    const row = (step: number) => ({
      step,
      attribute: "all",
      D: 1,
      G: 2,
      slice: 0.5 / step,
      exchange: (4 * step) / 255,
    });
    const series = trainingSeries(MODEL, [row(1), row(2)], []);
    assert.deepEqual(
      series.map(({ name }) => name),
      ["discriminators", "generator", "slices", "all attributes"],
    );
    assert.deepEqual(
      series.slice(2).map(({ points }) => points.map(({ value }) => value)),
      [
        [0.5, 0.25],
        [2, 4],
      ],
    );
  });

  it("says what the watchdog said and what is not over", () => {
    const alarm = (attribute: string, state: string) => {
      return { step: 700, attribute, condition: "slice does not matter", state, message: `${attribute} ${state}` };
    };
    assert.match(watchdogSection([], 700).summary, /^Nothing to report/);
    assert.match(watchdogSection([], 699).summary, /judges from step 700 on, which this run has not reached/);
    const open = watchdogSection([alarm("Bangs", "began"), alarm("Smiling", "began"), alarm("Bangs", "ended")], 900);
    assert.equal(open.summary, "Not over: Smiling: slice does not matter.");
    assert.deepEqual(open.alarms, ["Bangs began", "Smiling began", "Bangs ended"]);
    assert.match(watchdogSection([alarm("A", "began"), alarm("A", "ended")], 900).summary, /is over/);
  });

  it("reads every n-th step of a long log", () =>
    withFolder(async (folder) => {
      const device: Device = await openDevice("wasm", 1);
      try {
        const run = join(folder, "run");
        await train(tinyRun(await writeFaces(join(folder, "data"), 20), run, { steps: 6, sampleEvery: 4 }));
        const rows = await readLossLog(join(run, LOSSES_FILE), { every: 2 });
        assert.deepEqual(
          rows.map(({ step }) => step),
          [2, 2, 4, 4, 6, 6],
        );
        const html = await readFile(join(run, "report.html"), "utf8");
        for (const text of [
          "Training of Bangs, Smiling",
          "Samples at step 6",
          "which this run has not reached",
          "6 steps so far",
          "learningRate",
        ]) {
          assert.ok(html.includes(text), text);
        }
      } finally {
        await device.close();
      }
    }));
});
