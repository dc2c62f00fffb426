/** KID, precision and recall of sides that are larger than the memory. */
import assert from "node:assert/strict";
import { kernelDistance } from "../../src/metrics/kid.js";
import { Linalg } from "../../src/metrics/linalg.js";
import { precisionRecall } from "../../src/metrics/precision-recall.js";
import { openSmall, rows } from "../support/large-sides.js";

describe("sides that are larger than the memory", () => {
  let whole: Linalg;

  before(async () => {
    whole = await Linalg.open(2);
  });

  after(() => whole.close());

  it("have KID, precision and recall of the same bits with room for a few rows only", async () => {
    const [many, few] = [rows("many", 5800, 16, Float32Array), rows("few", 300, 16, Float32Array)];
    // Room for one block of products, 1,024 x 5,800, of 5,800 x 5,800 that would take 270 MB.
    const small = await openSmall(96);
    try {
      assert.deepEqual(kernelDistance(small, few, many, 3), kernelDistance(whole, few, many, 3));
      assert.deepEqual(precisionRecall(small, few, many), precisionRecall(whole, few, many));
      assert.ok(small.team.heap.statistics.reservedBytes < 96 * 2 ** 20);
    } finally {
      await small.close();
    }
  });
});
