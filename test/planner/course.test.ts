/** The plan of a running command: what it prints, measures and changes. */
import assert from "node:assert/strict";
import { Course, type Stretch } from "../../src/planner/course.js";
import type { Decision } from "../../src/planner/decide.js";
import { plan } from "../../src/planner/plan.js";
import type { Stage } from "../../src/planner/types.js";
import { MIB, training } from "./stages.js";

const BATCH = 16;

/** A training whose stages cost what `training` says, on eight cores and a GPU. */
function decisionOf(stages: readonly Stage[], cached = true): Decision {
  const machine = { cores: 8, device: { name: "webgpu", threads: 1 } };
  const limits = { memoryBytes: 8192 * MIB, workers: 8, batches: [BATCH] };
  const shapes = stages.map(({ cost: _, ...shape }) => shape);
  return {
    outline: { items: "pairs", doing: "decode ahead", key: "k", shapes, batches: [BATCH] },
    setting: { machine, description: "a machine", key: "m", memoryBytes: limits.memoryBytes },
    ...{ limits, stages, cached, plan: plan(stages, machine, limits) },
  };
}

describe("a command under its plan", () => {
  let said: string[];
  let kept: (readonly Stage[])[];

  beforeEach(() => {
    [said, kept] = [[], []];
  });

  function courseOf(decision: Decision, stretch: Stretch | null): Course {
    return new Course(decision, {
      stretch,
      say: (line) => said.push(line),
      keep: async (stages) => {
        kept.push(stages);
      },
    });
  }

  /** Units in which each stage takes `slowness` times its cost. */
  function run(
    course: Course,
    stages: readonly Stage[],
    units: number,
    slowness: { pool: number; device: number },
  ): void {
    for (let i = 0; i < units; i++) {
      const spent = { pool: 0, device: 0 };
      for (const { name, place, cost } of stages) {
        const seconds = BATCH * cost.seconds * slowness[place];
        course.onTimes({ [name]: seconds }, BATCH);
        spent[place] += seconds;
      }
      course.onUnit(BATCH, Math.max(spent.device, spent.pool / course.workers));
    }
  }

  it("prints its plan in one line, and is fed by the plan's numbers", async () => {
    const decision = decisionOf(training(3.1), false);
    const course = courseOf(decision, null);
    assert.match(
      said.join(),
      /^plan: 1 worker decodes ahead, update on webgpu is the bottleneck; [\d.]+ pairs\/s predicted, by costs measured now$/,
    );
    const { workers, stages } = decision.plan;
    assert.deepEqual([course.most, course.workers, course.ahead], [8, workers, 1 + stages[0].queue]);
    const { measured, ...rest } = await course.finish();
    assert.equal(measured, null, "nothing was done");
    assert.deepEqual(Object.keys(rest), ["predicted", "bottleneck", "workers"]);
    assert.equal(said.length, 1);
  });

  it("keeps a plan that predicts its rate, and prints both at its end", async () => {
    const stages = training(2.5);
    const decision = decisionOf(stages);
    const course = courseOf(decision, { items: 10 * BATCH, seconds: Infinity });
    run(course, stages, 60, { pool: 1.2, device: 1.2 });
    const { predicted, measured, workers } = await course.finish();
    assert.ok(Math.abs((measured as number) / predicted - 1 / 1.2) < 0.01, `${measured} of ${predicted}`);
    assert.deepEqual([workers, kept.length, said.length], [decision.plan.workers, 0, 2]);
    assert.match(said[1], /^plan: [\d.]+ pairs\/s predicted, [\d.]+ pairs\/s measured$/);
  });

  it("measures short work by all of its time, since later units wait while it starts", async () => {
    const course = courseOf(decisionOf(training(2.5)), null);
    course.onUnit(BATCH, 1);
    for (let i = 0; i < 20; i++) course.onUnit(BATCH, 1e-4);
    const { measured } = await course.finish();
    assert.ok(Math.abs((measured as number) / ((21 * BATCH) / 1.002) - 1) < 0.01, `${measured}`);
  });

  it("gets one new plan, with the measured costs, if a place is slower than predicted", async () => {
    const stages = training(3.1);
    const decision = decisionOf(stages);
    assert.equal(decision.plan.workers, 1);
    const course = courseOf(decision, { items: 50 * BATCH, seconds: Infinity });
    run(course, stages, 49, { pool: 3, device: 1 });
    assert.deepEqual([course.workers, said.length], [1, 1], "not before the stretch ends");
    run(course, stages, 1, { pool: 3, device: 1 });
    assert.equal(course.workers, 3);
    assert.match(
      said[1],
      /^plan: [\d.]+ pairs\/s instead of [\d.]+ pairs\/s, as the pool takes .* instead of .*; now 3 workers decode ahead, /,
    );
    run(course, stages, 500, { pool: 3, device: 1 });
    const { predicted, measured, workers } = await course.finish();
    assert.deepEqual([said.length, kept.length, workers], [3, 1, 3]);
    assert.ok(Math.abs((measured as number) / predicted - 1) < 0.05, `${measured} of ${predicted}`);
    // The kept costs give the new plan at once.
    assert.equal(decisionOf(kept[0]).plan.workers, 3);
  });

  it("gets a new plan after some seconds, too, but not in short work", () => {
    const stages = training(3.1);
    for (const stretch of [{ items: Infinity, seconds: 1 }, null]) {
      const course = courseOf(decisionOf(stages), stretch);
      run(course, stages, 100, { pool: 3, device: 1 });
      assert.equal(course.workers, stretch === null ? 1 : 3);
    }
  });
});
