/** The watchdog: silent over a healthy run, and what it says about runs that went wrong. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { CONDITIONS } from "../../src/methods/elegant/conditions.js";
import { attributeSlice } from "../../src/methods/elegant/config.js";
import { disposeState, type ElegantState } from "../../src/methods/elegant/state.js";
import { trainStep } from "../../src/methods/elegant/update.js";
import type { Parameters } from "../../src/nn/parameters.js";
import type { LossRow } from "../../src/training/log.js";
import { type Alarm, Watchdog } from "../../src/training/watchdog.js";
import { disposeBatch, STEP_SETTINGS, TINY, tinyBatch, tinyState } from "../support/model.js";
import { fromRoot } from "../support/spawn.js";

const SHORT = { window: 10, firstStep: 5 };
const HEALTHY = { accuracy1: 0.8, accuracy2: 0.75, D1: 2.1, D2: 2.2, residual: 0.15, exchange: 0.1 };

const names = (alarms: readonly Alarm[]): string[] =>
  alarms.map(({ step, condition, state }) => `${step} ${condition} ${state}`);

/** Returns the alarms of a run of one attribute whose rows change with the step. */
function watch(
  steps: number,
  rowAt: (step: number) => Partial<LossRow>,
  watchdog = new Watchdog(CONDITIONS, [], [], SHORT),
  from = 1,
) {
  return Array.from({ length: steps }, (_, i) => {
    return watchdog.observe({ step: from + i, attribute: "Bangs", ...HEALTHY, ...rowAt(from + i) } as LossRow);
  }).flat();
}

describe("the watchdog", () => {
  it("is silent over a healthy run of painted faces, from its first step", async () => {
    const { columns, rows } = JSON.parse(await readFile(fromRoot("test/fixtures/healthy-run.json"), "utf8")) as {
      columns: string[];
      rows: (number | string)[][];
    };
    // Every fifth step was kept, so the window is a fifth of the usual one.
    const watchdog = new Watchdog(CONDITIONS, [], [], { window: 40, firstStep: 500 });
    const alarms = rows.flatMap((values) => {
      return watchdog.observe(Object.fromEntries(columns.map((name, i) => [name, values[i]])) as unknown as LossRow);
    });
    assert.deepEqual(alarms, []);
    // Judged from the first step on, the same rows raise an alarm: a slice does not matter yet.
    const early = new Watchdog(CONDITIONS, [], [], { window: 20, firstStep: 0 });
    const first = rows.flatMap((values) => {
      return early.observe(Object.fromEntries(columns.map((name, i) => [name, values[i]])) as unknown as LossRow);
    });
    assert.ok(first.some(({ condition, state }) => condition === "slice does not matter" && state === "began"));
    assert.ok(first.some(({ condition, state }) => condition === "slice does not matter" && state === "ended"));
  });

  for (const [condition, change] of [
    ["discriminators always right", { accuracy1: 1, accuracy2: 0.99 }],
    ["discriminators dead", { accuracy1: 0.5, accuracy2: 0.5, D1: 2.7725, D2: 2.7727 }],
    ["generator does nothing", { residual: 0.001, exchange: 0.0009 }],
    ["slice does not matter", { exchange: 0.001 }],
  ] as const) {
    it(`says once when it begins and once when it ends: ${condition}`, () => {
      const alarms = watch(100, (step) => (step > 30 && step <= 60 ? change : {}));
      const own = alarms.filter((alarm) => alarm.condition === condition);
      assert.deepEqual(
        own.map(({ state }) => state),
        ["began", "ended"],
        names(alarms).join("; "),
      );
      assert.ok(own[0].step > 30 && own[0].step <= 40 && own[1].step > 60 && own[1].step <= 70);
      assert.match(own[0].message, /^Watchdog, step \d+, Bangs: .*(Try|Check|Start|Train) /);
      assert.match(own[1].message, /this is over/);
      if (condition !== "generator does nothing") assert.equal(alarms.length, 2, names(alarms).join("; "));
    });
  }

  it("judges each attribute on its own rows, and none before it has a window of them", () => {
    const watchdog = new Watchdog(CONDITIONS, [], [], SHORT);
    const alarms = Array.from({ length: 40 }, (_, i) => {
      const of = (attribute: string, exchange: number) => ({ step: i + 1, attribute, ...HEALTHY, exchange });
      return [...watchdog.observe(of("Bangs", 0.1)), ...watchdog.observe(of("Smiling", 0))];
    }).flat();
    assert.deepEqual(
      alarms.map(({ step, attribute }) => [step, attribute]),
      [[15, "Smiling"]],
    );
  });

  it("continues after a resume as if it had never stopped", () => {
    const change = (step: number) => (step % 50 > 20 ? { exchange: 0 } : {});
    const whole = watch(200, change);
    assert.ok(whole.length >= 6);
    for (const stop of [25, 40, 75, 120]) {
      const before = watch(stop, change);
      const rows = Array.from({ length: stop }, (_, i) => {
        return { step: i + 1, attribute: "Bangs", ...HEALTHY, ...change(i + 1) } as LossRow;
      });
      const after = watch(200 - stop, change, new Watchdog(CONDITIONS, rows, before, SHORT), stop + 1);
      assert.deepEqual([...before, ...after], whole, `stopped after ${stop}`);
    }
  });

  describe("over real updates", () => {
    let device: Device;
    before(async () => {
      device = await openDevice("wasm", 2);
    });
    after(() => device.close());

    /** Trains one attribute and breaks the networks after each update. */
    async function train(sabotage: (state: ElegantState) => void): Promise<readonly Alarm[]> {
      const state = tinyState(3);
      const batch = tinyBatch(4, 1);
      const watchdog = new Watchdog(CONDITIONS, [], [], SHORT);
      const alarms: Alarm[] = [];
      for (let step = 1; step <= 20; step++) {
        tf.tidy(() => sabotage(state));
        const losses = await trainStep(state, batch, STEP_SETTINGS);
        alarms.push(...watchdog.observe({ step, attribute: "Eyeglasses", ...losses }));
      }
      disposeBatch(batch);
      disposeState(state);
      return alarms;
    }
    const zero = (parameters: Parameters, matches: (name: string) => boolean): void => {
      for (const [name, p] of parameters) if (matches(name)) p.assign(tf.zerosLike(p));
    };

    it("sees a generator whose output layer is dead", async () => {
      const alarms = await train(({ generator }) =>
        zero(generator.parameters, (name) => name.startsWith("Dec.main.4.0")),
      );
      const residual = alarms.find(({ condition }) => condition === "generator does nothing");
      assert.match(residual?.message ?? "", /edits changed 0\.00 of 255 grey levels/, names(alarms).join("; "));
    });

    it("sees discriminators whose outputs are constant", async () => {
      const alarms = await train(({ discriminator }) =>
        zero(discriminator.parameters, (name) => name.includes("linear")),
      );
      assert.ok(
        alarms.some(({ condition }) => condition === "discriminators dead"),
        names(alarms).join("; "),
      );
    });

    it("sees a slice of the latent that the decoder does not read", async () => {
      const [begin, end] = attributeSlice(8 * TINY.width, TINY.attributes.length, 1);
      const alarms = await train(({ generator }) => {
        // [3, 3, out, in]: the edited latent comes first.
        const weights = generator.parameters.get("Dec.main.0.0.weight") as tf.Variable;
        const keep = Array.from({ length: weights.shape[3] ?? 0 }, (_, i) => (i >= begin && i < end ? 0 : 1));
        weights.assign(tf.mul(weights, tf.tensor1d(keep)));
        // This moves the residuals away from their small first values.
        const bias = generator.parameters.get("Dec.main.4.0.bias") as tf.Variable;
        bias.assign(tf.fill(bias.shape, 0.1));
      });
      const slice = alarms.find(({ condition }) => condition === "slice does not matter");
      assert.match(
        slice?.message ?? "",
        /changed 0\.00 of 255 grey levels .* 0\.0 % of the residual/,
        names(alarms).join("; "),
      );
      assert.ok(!alarms.some(({ condition }) => condition === "generator does nothing"));
    });
  });
});
