/**
 * An allocator over one WebAssembly.Memory that tensors, kernels and threads share. Shapes repeat from step to step, so
 * free blocks are kept in lists by size class and used again. Nothing is ever returned to the system. Views stay valid:
 * views of shared memory survive its growth, and the memory of a single thread never grows (memory.ts).
 */
import { RetryableError } from "../errors.js";
import { fixedMemory, HAS_SHARED_MEMORY, MAX_PAGES, PAGE, sharedMemory, type WasmMemory } from "./memory.js";

const ALIGNMENT = 64;
/** The first byte for blocks. The team's control block and other fixed places come before it. */
export const HEAP_START = 4096;
const INITIAL_BYTES = 16 * 1024 * 1024;

/** Rounds up to a quarter step between powers of two. This wastes at most a fifth and lets similar sizes share a list. */
export function sizeClass(bytes: number): number {
  if (bytes <= 4 * ALIGNMENT) return Math.max(1, Math.ceil(bytes / ALIGNMENT)) * ALIGNMENT;
  const quarter = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.ceil(bytes / quarter) * quarter;
}

export class SharedHeap {
  readonly memory: WasmMemory;
  /** Largest number of bytes that the heap may ever use. */
  readonly limitBytes: number;
  /**
   * Bytes that the heap should not exceed on this machine. Beyond them, the heap first hands out a larger free block,
   * if there is one, before it takes more memory.
   */
  comfortBytes: number;
  /** What to do when the heap is full, for the message. */
  advice = "Use a smaller --batch (train, fid), or fewer or smaller images.";
  private readonly free = new Map<number, number[]>();
  private readonly sizes = new Map<number, number>();
  /** Blocks of the open scopes, the innermost scope last. */
  private readonly scopes: Set<number>[] = [];
  private end = HEAP_START;
  private used = 0;
  private buffer: ArrayBufferLike;

  /** @param limitBytes below the memory's own limit in tests only */
  constructor(
    memory = HAS_SHARED_MEMORY ? sharedMemory(INITIAL_BYTES) : fixedMemory(),
    limitBytes = HAS_SHARED_MEMORY ? MAX_PAGES * PAGE : memory.buffer.byteLength,
  ) {
    this.memory = memory;
    this.limitBytes = limitBytes;
    this.comfortBytes = limitBytes;
    this.buffer = this.memory.buffer;
  }

  /** Bytes in use now, and bytes ever reserved. */
  get statistics(): { readonly usedBytes: number; readonly reservedBytes: number } {
    return { usedBytes: this.used, reservedBytes: this.end };
  }

  /**
   * Allocates a block of at least `bytes`, 64-byte aligned, with undefined contents. @throws RetryableError if the
   * memory is full, at 4 GiB or less
   */
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

  /**
   * The smallest size class above `size` that has a free block. With it, a change of shapes, as for a sheet, needs no
   * more memory.
   */
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
   * Runs `body` and then releases every block that was allocated in it and is still in use, even if `body` throws.
   * Blocks passed to `keep` stay in use, unless `body` throws.
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

  /** Runs `body` with a block of at least `bytes` and then releases the block, even if `body` throws. */
  withBlock<T>(bytes: number, body: (pointer: number) => T): T {
    const pointer = this.allocate(bytes);
    try {
      return body(pointer);
    } finally {
      this.release(pointer);
    }
  }

  /** A float32 view of a block. It stays valid when the memory grows. */
  floats(pointer: number, length: number): Float32Array {
    return new Float32Array(this.buffer, pointer, length);
  }

  /** A view of the whole memory as int32. */
  words(): Int32Array {
    return new Int32Array(this.buffer);
  }

  private extend(size: number): number {
    const pointer = this.end;
    const end = pointer + size;
    const capacity = this.buffer.byteLength;
    if (end > Math.min(capacity, this.limitBytes)) {
      // Grow to at least one and a half times the size, so that growing stays rare.
      const wanted = Math.min(MAX_PAGES, Math.ceil(Math.max(end, capacity * 1.5) / PAGE));
      try {
        if (end > this.limitBytes) throw new RangeError(`beyond ${this.limitBytes} bytes`);
        // A fixed memory throws here and keeps its views.
        this.memory.grow(wanted - capacity / PAGE);
      } catch (cause) {
        const mebibytes = Math.round(this.used / 2 ** 20);
        throw new RetryableError(
          `memory: expected room for ${Math.round(size / 2 ** 20)} MiB more in addition to ${mebibytes} MiB in use, ` +
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
