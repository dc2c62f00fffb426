/**
 * An allocator over one WebAssembly.Memory that tensors, kernels and threads share. Shapes repeat from step to step, so
 * blocks are kept in lists by size class and handed out again; nothing is ever returned to the system. Views stay valid:
 * those of shared memory when it grows, and the memory of a single thread never does (memory.ts).
 */
import { RetryableError } from "../errors.js";
import { fixedMemory, HAS_SHARED_MEMORY, MAX_PAGES, PAGE, sharedMemory, type WasmMemory } from "./memory.js";

const ALIGNMENT = 64;
/** The control block of the team and other fixed places come before this address. */
export const HEAP_START = 4096;
const INITIAL_BYTES = 16 * 1024 * 1024;

/** Rounds up to a quarter step between powers of two, so that at most a fifth is wasted and similar sizes share a list. */
export function sizeClass(bytes: number): number {
  if (bytes <= 4 * ALIGNMENT) return Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT;
  const quarter = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.ceil(bytes / quarter) * quarter;
}

export class SharedHeap {
  readonly memory: WasmMemory;
  /** What it may ever take. */
  readonly limitBytes: number;
  /** Beyond it, a larger block is handed out, where one is free, before more is taken: what the machine should not exceed. */
  comfortBytes: number;
  /** What to do when it is full, for the message. */
  advice = "Use a smaller --batch (train, fid), or fewer or smaller images.";
  private readonly free = new Map<number, number[]>();
  private readonly sizes = new Map<number, number>();
  /** Blocks of the scopes that are open, the innermost last. */
  private readonly scopes: Set<number>[] = [];
  private end = HEAP_START;
  private used = 0;
  private buffer: ArrayBufferLike;

  /** @param limitBytes smaller than the memory's own limit in tests only */
  constructor(
    memory = HAS_SHARED_MEMORY ? sharedMemory(INITIAL_BYTES) : fixedMemory(),
    limitBytes = HAS_SHARED_MEMORY ? MAX_PAGES * PAGE : memory.buffer.byteLength,
  ) {
    this.memory = memory;
    this.limitBytes = limitBytes;
    this.comfortBytes = limitBytes;
    this.buffer = this.memory.buffer;
  }

  /** Bytes in use now, and bytes ever taken from the memory. */
  get statistics(): { readonly usedBytes: number; readonly reservedBytes: number } {
    return { usedBytes: this.used, reservedBytes: this.end };
  }

  /** A block of at least `bytes`, 64-byte aligned, contents undefined. @throws RetryableError when the memory is full, at 4 GiB or less */
  allocate(bytes: number): number {
    const size = sizeClass(bytes);
    const known = this.free.get(size)?.pop();
    if (known !== undefined) return this.handOut(known, size);
    const larger = this.end + size > this.comfortBytes ? this.largerThan(size) : undefined;
    const pointer = larger === undefined ? undefined : this.free.get(larger)?.pop();
    if (larger !== undefined && pointer !== undefined) return this.handOut(pointer, larger);
    return this.handOut(this.extend(size), size);
  }

  private handOut(pointer: number, size: number): number {
    this.sizes.set(pointer, size);
    this.used += size;
    this.scopes.at(-1)?.add(pointer);
    return pointer;
  }

  /** The smallest class above `size` that has a free block: other shapes than before, as those of a sheet, need no more room. */
  private largerThan(size: number): number | undefined {
    const sizes = [...this.free].flatMap(([other, blocks]) => (other > size && blocks.length > 0 ? [other] : []));
    return sizes.length === 0 ? undefined : Math.min(...sizes);
  }

  release(pointer: number): void {
    const size = this.sizes.get(pointer);
    if (size === undefined) throw new Error(`heap: ${pointer} is not an allocated block (released twice?)`);
    this.sizes.delete(pointer);
    for (const scope of this.scopes) scope.delete(pointer);
    this.used -= size;
    const list = this.free.get(size);
    if (list === undefined) this.free.set(size, [pointer]);
    else list.push(pointer);
  }

  /**
   * Runs `body` and then releases every block that was allocated in it and is still in use, also when it throws. Blocks that are
   * passed to `keep` stay in use, unless it throws.
   */
  scope<T>(body: (keep: (pointer: number) => void) => T): T {
    const own = new Set<number>();
    const kept = new Set<number>();
    this.scopes.push(own);
    let succeeded = false;
    try {
      const result = body((pointer) => kept.add(pointer));
      succeeded = true;
      return result;
    } finally {
      this.scopes.pop();
      for (const pointer of own) {
        if (succeeded && kept.has(pointer)) this.scopes.at(-1)?.add(pointer);
        else this.release(pointer);
      }
    }
  }

  /** Runs `body` with a block of at least `bytes`, which is released afterwards, also when it throws. */
  withBlock<T>(bytes: number, body: (pointer: number) => T): T {
    const pointer = this.allocate(bytes);
    try {
      return body(pointer);
    } finally {
      this.release(pointer);
    }
  }

  /** A float32 view of a block; stays valid when the memory grows. */
  floats(pointer: number, length: number): Float32Array {
    return new Float32Array(this.buffer, pointer, length);
  }

  /** All of the memory as int32. */
  words(): Int32Array {
    return new Int32Array(this.buffer);
  }

  private extend(size: number): number {
    const pointer = this.end;
    const end = pointer + size;
    const capacity = this.buffer.byteLength;
    if (end > Math.min(capacity, this.limitBytes)) {
      // Half as much again, so that growing stays rare.
      const wanted = Math.min(MAX_PAGES, Math.ceil(Math.max(end, capacity * 1.5) / PAGE));
      try {
        if (end > this.limitBytes) throw new RangeError(`beyond ${this.limitBytes} bytes`);
        // A fixed memory refuses, and keeps its views.
        this.memory.grow(wanted - capacity / PAGE);
      } catch (cause) {
        const mebibytes = Math.round(this.used / 2 ** 20);
        throw new RetryableError(
          `memory: expected room for ${Math.round(size / 2 ** 20)} MiB more beside ${mebibytes} MiB in use, ` +
            `received none. ${this.advice}`,
          { cause },
        );
      }
      this.buffer = this.memory.buffer;
    }
    this.end = end;
    return pointer;
  }
}
