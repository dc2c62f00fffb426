/**
 * A ring of equal slots in one SharedArrayBuffer: workers write a batch's floats there, the main thread reads them.
 * Where the engine has none, the tasks run in the main thread (pool.ts) and plain memory does.
 * Only the main thread acquires and releases; a ring without a free slot makes it wait, which is the back-pressure.
 */
import { HAS_SHARED_MEMORY } from "../kernels/memory.js";
import type { SlotRange } from "./protocol.js";

export class BatchRing {
  readonly slots: number;
  /** Floats in a slot. */
  readonly slotLength: number;
  private readonly buffer: ArrayBufferLike;
  private readonly free: number[];
  private readonly waiting: ((slot: number) => void)[] = [];

  constructor(slots: number, slotLength: number) {
    this.slots = slots;
    this.slotLength = slotLength;
    const bytes = slots * slotLength * Float32Array.BYTES_PER_ELEMENT;
    this.buffer = HAS_SHARED_MEMORY ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
    this.free = Array.from({ length: slots }, (_, slot) => slot);
  }

  /** Slots that can be acquired without waiting. */
  get available(): number {
    return this.free.length;
  }

  /** Index of a slot that is the caller's until release(); waits, first come first served, while none is free. */
  acquire(): Promise<number> {
    // The one that was in use last: of more slots than are used at once the rest is never touched, and takes no memory.
    const slot = this.free.pop();
    if (slot !== undefined) return Promise.resolve(slot);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Gives a slot back; its views must not be read any more. Throws an Error when it was not taken. */
  release(slot: number): void {
    if (!(slot >= 0 && slot < this.slots) || this.free.includes(slot)) {
      throw new Error(`Ring slot ${slot}: expected one that is acquired, of ${this.slots}. Release each slot once.`);
    }
    const next = this.waiting.shift();
    if (next === undefined) this.free.push(slot);
    else next(slot);
  }

  /** `length` floats of a slot from `offset` on, as a message to a worker (openRange() makes the view). */
  range(slot: number, offset: number, length: number): SlotRange {
    if (offset < 0 || offset + length > this.slotLength) {
      throw new Error(`Ring slot ${slot}: range ${offset} + ${length} exceeds the slot's ${this.slotLength} floats.`);
    }
    const byteOffset = (slot * this.slotLength + offset) * Float32Array.BYTES_PER_ELEMENT;
    return { buffer: this.buffer, byteOffset, length };
  }
}
