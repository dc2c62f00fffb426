/** The ring of slots: waiting, views and misuse. */
import assert from "node:assert/strict";
import { openRange } from "../../src/pool/protocol.js";
import { BatchRing } from "../../src/pool/ring.js";

describe("pool/ring", () => {
  it("makes the third of two slots wait until one is released, first come first served", async () => {
    const ring = new BatchRing(2, 10);
    const first = await ring.acquire();
    const second = await ring.acquire();
    assert.notEqual(first, second);
    const order: string[] = [];
    const third = ring.acquire().then((slot) => order.push(`third ${slot}`));
    const fourth = ring.acquire().then((slot) => order.push(`fourth ${slot}`));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(order, []);
    ring.release(second);
    ring.release(first);
    await Promise.all([third, fourth]);
    assert.deepEqual(order, [`third ${second}`, `fourth ${first}`]);
    assert.equal(ring.available, 0);
  });

  it("gives views on separate memory, and refuses ranges and releases that make no sense", async () => {
    const ring = new BatchRing(2, 4);
    openRange(ring.range(0, 0, 4)).fill(1);
    openRange(ring.range(1, 1, 3)).fill(2);
    assert.deepEqual([...openRange(ring.range(0, 0, 4)), ...openRange(ring.range(1, 0, 4))], [1, 1, 1, 1, 0, 2, 2, 2]);
    assert.throws(() => ring.range(0, 2, 3), /range 2 \+ 3 exceeds the slot's 4 floats/);
    assert.throws(() => ring.release(0), /expected one that is acquired/);
    ring.release(await ring.acquire());
    assert.equal(ring.available, 2);
  });
});
