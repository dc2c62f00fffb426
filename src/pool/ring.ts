/**
 * A ring of equally sized slots in one SharedArrayBuffer. Workers write a batch's floats into a slot; the main thread
 * reads them. Only the main thread acquires and releases slots. If none is free, it waits: this is the back-pressure.
 * Without SharedArrayBuffer, tasks run in the main thread (pool.ts) and the ring uses ordinary memory.
 */
import { HAS_SHARED_MEMORY } from "../kernels/memory.js";
import type { SlotRange } from "./protocol.js";

export class BatchRing {
  readonly slots: number;
  /** Floats per slot. */
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

  /** Number of slots that can be acquired without waiting. */
  get available(): number {
    return this.free.length;
  }

  /**
   * Acquires a slot for the caller until release(), and returns its index. If none is free, callers wait and are served
   * in order.
   */
  acquire(): Promise<number> {
    // Take the slot that was released last. If there are more slots than are used at the same time, the others are
    // never touched and take no memory.
    const slot = this.free.pop();
    if (slot !== undefined) return Promise.resolve(slot);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Releases a slot. Its views must not be read afterwards. @throws Error if the slot is not acquired */
  release(slot: number): void {
    if (!(slot >= 0 && slot < this.slots) || this.free.includes(slot)) {
      throw new Error(`Ring slot ${slot}: expected one that is acquired, of ${this.slots}. Release each slot once.`);
    }
    const next = this.waiting.shift();
    if (next === undefined) this.free.push(slot);
    else next(slot);
  }

  /**
   * Describes `length` floats of a slot, starting at float `offset`, as a message for a worker. openRange() makes the
   * view.
   * @throws Error if the range exceeds the slot
   */
  range(slot: number, offset: number, length: number): SlotRange {
    if (offset < 0 || offset + length > this.slotLength) {
      throw new Error(`Ring slot ${slot}: range ${offset} + ${length} exceeds the slot's ${this.slotLength} floats.`);
    }
    const byteOffset = (slot * this.slotLength + offset) * Float32Array.BYTES_PER_ELEMENT;
    return { buffer: this.buffer, byteOffset, length };
  }
}
