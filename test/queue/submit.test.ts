/** The ids of flows in the queue. */
import assert from "node:assert/strict";
import { newFlowId } from "../../src/queue/submit.js";

describe("the id of a flow", () => {
  it("is no whole number, which BullMQ refuses, whatever the random bytes are", () => {
    for (const bytes of [
      [0x12, 0x34, 0x56, 0x78],
      [0, 0, 0, 0],
      [0xff, 0xff, 0xff, 0xff],
    ]) {
      const id = newFlowId(Buffer.from(bytes));
      assert.match(id, /^f[0-9a-f]{8}$/);
      assert.notEqual(String(Number.parseInt(id, 10)), id);
    }
    assert.notEqual(newFlowId(), newFlowId());
  });
});
