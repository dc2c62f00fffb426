import assert from "node:assert/strict";
import { InputError } from "../src/errors.js";
import {
  parseShard,
  partName,
  placeOf,
  placesOf,
  selectShard,
  shardFromEnvironment,
  shardOfPart,
  UNIT,
} from "../src/shard.js";

describe("shard", () => {
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
    const shard = { index: 1, count: 3 };
    const [some, all] = [selectShard(items.slice(0, 1100), shard), selectShard(items, shard)];
    assert.deepEqual(all.slice(0, some.length), some);
    assert.equal(some[0], `photo ${UNIT}`);
  });

  it("reads i/n from 0, and names parts so that they are found again", () => {
    assert.deepEqual(parseShard("0/4", "--shard"), { index: 0, count: 4 });
    for (const text of ["4/4", "1", "-1/4", "1/0", "a/b", "1/2/3", "0.5/2", ""]) {
      assert.throws(
        () => parseShard(text, "--shard"),
        /--shard: expected i\/n with i from 0 to n - 1, received '/,
        text,
      );
    }
    assert.deepEqual(shardOfPart(partName({ index: 11, count: 20 })), { index: 11, count: 20 });
    for (const name of ["part-4-of-4", "part-a-of-4", "part-1-of-4.tmp", "images"])
      assert.equal(shardOfPart(name), null);
  });

  it("takes the part that Slurm or Kubernetes gives", () => {
    assert.equal(shardFromEnvironment({}), null);
    const slurm = { SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_COUNT: "4", SLURM_ARRAY_TASK_MIN: "1" };
    assert.deepEqual(shardFromEnvironment(slurm), { shard: { index: 2, count: 4 }, source: "SLURM_ARRAY_TASK_ID" });
    const steps = { ...slurm, SLURM_ARRAY_TASK_MIN: "0", SLURM_ARRAY_TASK_STEP: "3" };
    assert.deepEqual(shardFromEnvironment(steps)?.shard, { index: 1, count: 4 });
    const pod = { JOB_COMPLETION_INDEX: "0", JOB_COMPLETION_COUNT: "8" };
    assert.deepEqual(shardFromEnvironment(pod), { shard: { index: 0, count: 8 }, source: "JOB_COMPLETION_INDEX" });
    assert.throws(
      () => shardFromEnvironment({ JOB_COMPLETION_INDEX: "0" }),
      (error) =>
        error instanceof InputError &&
        /JOB_COMPLETION_COUNT: expected the number of tasks.*--shard/.test(error.message),
    );
    // A list such as --array=1,7 has no places from 0 to n - 1.
    assert.throws(
      () => shardFromEnvironment({ ...slurm, SLURM_ARRAY_TASK_ID: "7", SLURM_ARRAY_TASK_COUNT: "2" }),
      /SLURM_ARRAY_TASK_ID: expected i\/n.*received task 7 of 2 from 1/,
    );
  });
});
