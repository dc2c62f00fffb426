/** A bump allocator over a WebAssembly.Memory. The kernels own no memory; their callers do. */

const PAGE = 65536;
const ALIGNMENT = 16;

/**
 * Hands out blocks that are 16-byte aligned and live until reset(). Views detach when the memory grows, so make them
 * after alloc().
 */
export class Arena {
  readonly memory: WebAssembly.Memory;
  private readonly base: number;
  private next: number;

  /** @param base the first byte that may be used; bytes below it stay untouched, so that 0 remains a null pointer */
  constructor(memory: WebAssembly.Memory, base = ALIGNMENT) {
    this.memory = memory;
    this.base = Math.ceil(base / ALIGNMENT) * ALIGNMENT;
    this.next = this.base;
  }

  /** Pointer to `bytes` new bytes with undefined contents. The memory grows if needed. */
  alloc(bytes: number): number {
    const pointer = this.next;
    const end = pointer + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    const missing = end - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE)); // throws a RangeError at the memory's maximum
    this.next = end;
    return pointer;
  }

  /** Frees all blocks. */
  reset(): void {
    this.next = this.base;
  }

  /** Copies bytes into a new block. */
  put(bytes: ArrayBufferView): number {
    const pointer = this.alloc(bytes.byteLength);
    this.bytes(pointer, bytes.byteLength).set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return pointer;
  }

  bytes(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, pointer, length);
  }

  /** A view of `length` floats at `pointer`. */
  floats(pointer: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, pointer, length);
  }
}
