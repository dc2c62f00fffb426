/** The heap of the memory that kernels share: allocation, release, growth and limits. */
import assert from "node:assert/strict";
import { RetryableError } from "../../src/errors.js";
import { HEAP_START, SharedHeap, sizeClass } from "../../src/kernels/heap.js";
import { fixedMemory, sharedMemory } from "../../src/kernels/memory.js";

describe("kernels/heap", () => {
  it("gives aligned blocks that do not overlap, and takes them back", () => {
    const heap = new SharedHeap(sharedMemory(65536));
    const blocks = [1, 64, 65, 300, 5000].map((bytes) => ({ pointer: heap.allocate(bytes), bytes }));
    for (const { pointer } of blocks) assert.equal(pointer % 64, 0);
    assert.ok(blocks[0].pointer >= HEAP_START);
    for (let i = 1; i < blocks.length; i++) {
      assert.ok(blocks[i].pointer >= blocks[i - 1].pointer + blocks[i - 1].bytes);
    }
    for (const { pointer } of blocks) heap.release(pointer);
    assert.equal(heap.statistics.usedBytes, 0);
  });

  it("hands a released block out again, also for a slightly smaller one", () => {
    const heap = new SharedHeap(sharedMemory(65536));
    const pointer = heap.allocate(1000);
    heap.release(pointer);
    const { reservedBytes } = heap.statistics;
    assert.equal(heap.allocate(990), pointer);
    assert.equal(heap.statistics.reservedBytes, reservedBytes);
  });

  it("refuses to release a block twice, and a place that is no block", () => {
    const heap = new SharedHeap(sharedMemory(65536));
    const pointer = heap.allocate(100);
    heap.release(pointer);
    assert.throws(() => heap.release(pointer), /not an allocated block \(released twice\?\)/);
    assert.throws(() => heap.release(pointer + 4), /not an allocated block/);
  });

  it("hands out a larger free block, the smallest there is, beyond what the machine is comfortable with", () => {
    const heap = new SharedHeap(sharedMemory(65536), 32768);
    const [large, medium, kept] = [16384, 4096, 2048].map((bytes) => heap.allocate(bytes));
    heap.release(large);
    heap.release(medium);
    const { reservedBytes } = heap.statistics;
    const fresh = heap.allocate(1024);
    assert.equal(fresh, reservedBytes); // there is room
    heap.comfortBytes = heap.statistics.reservedBytes;
    assert.equal(heap.allocate(1024), medium);
    assert.equal(heap.allocate(1024), large);
    assert.equal(heap.allocate(1024), fresh + 1024); // more is taken, as nothing else is left
    heap.release(medium);
    assert.equal(heap.allocate(4096), medium); // with its own size
    assert.ok(heap.statistics.reservedBytes < heap.limitBytes);
    assert.throws(() => heap.allocate(32768), /^RetryableError: memory: expected room .* received none/);
    assert.notEqual(kept, medium);
  });

  it("keeps views valid when it grows", () => {
    const heap = new SharedHeap(sharedMemory(65536));
    const view = heap.floats(heap.allocate(16), 4);
    view.set([1, 2, 3, 4]);
    const before = heap.memory.buffer.byteLength;
    const far = heap.allocate(4 * before);
    assert.ok(heap.memory.buffer.byteLength > before, "the memory has grown");
    heap.floats(far, before).fill(9);
    assert.deepEqual([...view], [1, 2, 3, 4]);
  });

  it("wastes at most a quarter, and says what to do when 4 GiB are full", () => {
    for (let bytes = 1; bytes < 100_000; bytes = Math.ceil(bytes * 1.07)) {
      assert.ok(sizeClass(bytes) >= bytes && sizeClass(bytes) <= Math.max(64, bytes * 1.25 + 64), `${bytes}`);
    }
    assert.throws(
      () => new SharedHeap(sharedMemory(65536)).allocate(5 * 2 ** 30),
      /received none\. Use a smaller --batch/,
    );
  });

  it("keeps views valid in a memory of one thread, which never grows, also when it is full", () => {
    const heap = new SharedHeap(fixedMemory());
    const capacity = heap.memory.buffer.byteLength;
    assert.ok(capacity <= 4 * 2 ** 30 && !(heap.memory.buffer instanceof SharedArrayBuffer));
    const first = heap.allocate(16);
    const view = heap.floats(first, 4);
    view.set([1, 2, 3, 4]);
    const half = heap.allocate(capacity / 2);
    assert.throws(
      () => heap.allocate(capacity / 2),
      (error) => error instanceof RetryableError && /received none\. Use a smaller --batch/.test(error.message),
    );
    assert.deepEqual([...view], [1, 2, 3, 4]);
    heap.release(half);
    assert.equal(heap.allocate(capacity / 2), half, "what is released is there again");
    assert.equal(heap.memory.buffer.byteLength, capacity);
  });
});
