/** Dividing work among machines, and the variables of Slurm and Kubernetes. */
import assert from "node:assert/strict";
import { InputError } from "../src/errors.js";
import {
  parsePart,
  partFromEnvironment,
  partName,
  partOfName,
  placeOf,
  placesOf,
  selectPart,
  UNIT,
} from "../src/part.js";

/** The variables that Slurm sets for task `id` of an array. */
function slurmTask(id: number, tasks: readonly number[], step: number): Readonly<Record<string, string>> {
  return {
    SLURM_ARRAY_TASK_ID: `${id}`,
    SLURM_ARRAY_TASK_COUNT: `${tasks.length}`,
    SLURM_ARRAY_TASK_MIN: `${Math.min(...tasks)}`,
    SLURM_ARRAY_TASK_MAX: `${Math.max(...tasks)}`,
    SLURM_ARRAY_TASK_STEP: `${step}`,
  };
}

describe("part", () => {
  it("gives every item to one machine, in whole units and in order", () => {
    for (const total of [0, 1, 255, 256, 257, 1000, 5000]) {
      for (const count of [1, 2, 3, 7, 40]) {
        const owners = new Map<number, number>();
        for (let index = 0; index < count; index++) {
          const places = placesOf(total, { index, count });
          for (const [own, place] of places.entries()) {
            assert.ok(!owners.has(place), `place ${place} of ${total} is given twice among ${count}`);
            assert.equal(placeOf(own, { index, count }), place);
            assert.ok(own === 0 || places[own - 1] < place);
            owners.set(place, index);
          }
        }
        assert.equal(owners.size, total, `${total} items, ${count} machines`);
        for (const [place, index] of owners) assert.equal(index, Math.floor(place / UNIT) % count);
      }
    }
  });

  it("is stable: more items behind change nothing of those before", () => {
    const items = Array.from({ length: 2000 }, (_, i) => `photo ${i}`);
    const part = { index: 1, count: 3 };
    const [some, all] = [selectPart(items.slice(0, 1100), part), selectPart(items, part)];
    assert.deepEqual(all.slice(0, some.length), some);
    assert.equal(some[0], `photo ${UNIT}`);
  });

  it("reads i/n from 0, and names parts so that they are found again", () => {
    assert.deepEqual(parsePart("0/4", "--part"), { index: 0, count: 4 });
    for (const text of ["4/4", "1", "-1/4", "1/0", "a/b", "1/2/3", "0.5/2", ""]) {
      assert.throws(() => parsePart(text, "--part"), /--part: expected i\/n with i from 0 to n - 1, received '/, text);
    }
    assert.deepEqual(partOfName(partName({ index: 11, count: 20 })), { index: 11, count: 20 });
    for (const name of ["part-4-of-4", "part-a-of-4", "part-1-of-4.tmp", "images"])
      assert.equal(partOfName(name), null);
  });

  it("takes the part that Slurm or Kubernetes gives", () => {
    assert.equal(partFromEnvironment({}), null);
    const slurm = { SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_COUNT: "4", SLURM_ARRAY_TASK_MIN: "1" };
    assert.deepEqual(partFromEnvironment(slurm), { part: { index: 2, count: 4 }, source: "SLURM_ARRAY_TASK_ID" });
    const steps = { ...slurm, SLURM_ARRAY_TASK_MIN: "0", SLURM_ARRAY_TASK_STEP: "3" };
    assert.deepEqual(partFromEnvironment(steps)?.part, { index: 1, count: 4 });
    const pod = { JOB_COMPLETION_INDEX: "0", JOB_COMPLETION_COUNT: "8" };
    assert.deepEqual(partFromEnvironment(pod), { part: { index: 0, count: 8 }, source: "JOB_COMPLETION_INDEX" });
    assert.throws(
      () => partFromEnvironment({ JOB_COMPLETION_INDEX: "0" }),
      (error) =>
        error instanceof InputError && /JOB_COMPLETION_COUNT: expected the number of tasks.*--part/.test(error.message),
    );
  });

  it("accepts the arrays that number a whole job", () => {
    for (const [tasks, step] of [
      [[0, 1, 2, 3], 1],
      [[1, 2, 3], 1],
      [[0, 10, 20], 10],
      [[10, 20], 10],
    ] as const) {
      for (const [index, id] of tasks.entries()) {
        assert.deepEqual(partFromEnvironment(slurmTask(id, tasks, step))?.part, { index, count: tasks.length });
      }
    }
  });

  it("refuses arrays that may be some tasks of a larger one, for each of their tasks", () => {
    for (const [tasks, step] of [
      [[2], 1],
      [[0], 1],
      [[1], 1],
      [[2, 3], 1],
      [[4, 5, 6, 7], 1],
      [[0, 3], 1],
      [[1, 7], 1],
      [[0, 1, 5], 1],
      [[20, 30], 10],
    ] as const) {
      for (const id of tasks) {
        assert.throws(
          () => partFromEnvironment(slurmTask(id, tasks, step)),
          (error) =>
            error instanceof InputError &&
            error.message.startsWith(
              `SLURM_ARRAY_TASK_ID ${id}: expected an array of 2 or more tasks from 0 or 1 on`,
            ) &&
            /give --part i\/n as there; 0\/1 stands for the whole work\.$/.test(error.message),
          `task ${id} of ${tasks}`,
        );
      }
    }
    const words = /SLURM_ARRAY_TASK_ID 2: .* received 1 task, 2\. If these tasks belong to a larger array/;
    assert.throws(() => partFromEnvironment(slurmTask(2, [2], 1)), words);
    const strange = { ...slurmTask(2, [1, 2], 1), SLURM_ARRAY_TASK_ID: "two" };
    assert.throws(() => partFromEnvironment(strange), /SLURM_ARRAY_TASK_ID two: expected an array/);
  });
});
