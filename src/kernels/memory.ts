/** What a heap lies on: memory that threads share, or, where the engine has no SharedArrayBuffer, memory of one thread. */
import { addressSpaceError, addressSpaceRoom } from "./address-space.js";

export const PAGE = 65536;
/** 4 GiB, the most that 32-bit pointers reach; nn.wasm and linalg.wasm declare the same. */
export const MAX_PAGES = 65536;
/** Less than 64 MiB holds no model. */
const LEAST_PAGES = 1024;

/** False in pages without cross-origin isolation, and where a preloaded module has deleted it, as the tests do. */
export const HAS_SHARED_MEMORY = typeof SharedArrayBuffer !== "undefined";

/** What that means, for whoever reads which device they got. */
export const ONE_THREAD = "one thread: this engine has no SharedArrayBuffer";

/**
 * A WebAssembly.Module and a WebAssembly.Memory where the package's public types lead. The DOM's typings declare the
 * namespace and Node's do not, so that a project for Node alone would not compile with it.
 */
export type WasmModule = object;
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/**
 * A memory that threads share. Its views stay valid when it grows: to 4 GiB, or to as much as the address space allows.
 * @throws RetryableError when there are not even 64 MiB
 */
export function sharedMemory(initialBytes: number): WasmMemory {
  const initial = Math.ceil(initialBytes / PAGE);
  return largest((maximum) => new WebAssembly.Memory({ initial: Math.min(initial, maximum), maximum, shared: true }));
}

/**
 * The memory that `make` gives for the most pages, tried from 4 GiB downwards. Under a limit of the address space it takes at
 * most half of what is left, because decoders of pictures and threads need room as well.
 */
function largest(make: (pages: number) => WasmMemory): WasmMemory {
  const room = addressSpaceRoom();
  for (let pages = MAX_PAGES; ; pages /= 2) {
    if (room !== null && pages > LEAST_PAGES && pages * PAGE > room / 2) continue;
    try {
      return make(pages);
    } catch (cause) {
      if (pages <= LEAST_PAGES) throw addressSpaceError(cause);
    }
  }
}

/**
 * A memory of one thread that never grows, because growing would detach every view of it: as much as the engine gives,
 * at most 4 GiB. The system hands out its pages when they are first written, so what stays unused costs nothing.
 * @throws RetryableError when there are not even 64 MiB
 */
export function fixedMemory(): WasmMemory {
  return largest((pages) => new WebAssembly.Memory({ initial: pages, maximum: pages }));
}

/** "env" and "memory" with their lengths, then the kind of the import; its flags are the next byte. */
const MEMORY_IMPORT = "\x03env\x06memory\x02";
const SHARED_FLAG = 2;

/**
 * Turns a module that imports shared memory into one for memory of one thread, in place. The kernels use no atomics, so
 * that the two differ in nothing but the flag of the import; image.wasm has it cleared already.
 * @throws Error for bytes that import no memory
 */
export function unshare(module: Uint8Array): void {
  const found = Buffer.from(module.buffer, module.byteOffset, module.byteLength).indexOf(MEMORY_IMPORT, 0, "latin1");
  if (found < 0) throw new Error("unshare: expected a module that imports env.memory");
  module[found + MEMORY_IMPORT.length] &= ~SHARED_FLAG;
}
