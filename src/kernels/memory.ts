/**
 * Makes the memory under a heap: memory that threads share or, if the engine has no SharedArrayBuffer, memory for one
 * thread.
 */
import { indexOfText } from "../bytes.js";
import { addressSpaceError, addressSpaceRoom } from "./address-space.js";

export const PAGE = 65536;
/** 4 GiB, the most that 32-bit pointers can address. nn.wasm and linalg.wasm declare the same maximum. */
export const MAX_PAGES = 65536;
/** 64 MiB. A smaller memory has no room for a model. */
const LEAST_PAGES = 1024;

/** False in pages without cross-origin isolation, and if a preloaded module has deleted SharedArrayBuffer, as the tests do. */
export const HAS_SHARED_MEMORY = typeof SharedArrayBuffer !== "undefined";

/** Describes the result in the description of a device. */
export const ONE_THREAD = "one thread: this engine has no SharedArrayBuffer";

/**
 * A WebAssembly.Module and a WebAssembly.Memory, for the package's public types. The DOM's typings declare the
 * WebAssembly namespace and Node's typings do not, so a project for Node alone would not compile with it.
 */
export type WasmModule = object;
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/**
 * Makes a memory that threads share. Its views stay valid when it grows, up to 4 GiB or as far as the address space
 * allows.
 * @throws RetryableError if not even 64 MiB are available
 */
export function sharedMemory(initialBytes: number): WasmMemory {
  const initial = Math.ceil(initialBytes / PAGE);
  return largest((maximum) => new WebAssembly.Memory({ initial: Math.min(initial, maximum), maximum, shared: true }));
}

/**
 * Calls `make` with 4 GiB of pages, then with half of that and so on, and returns the first memory that it makes. If
 * the address space is limited, the memory takes at most half of what is left, because image decoders and threads need
 * room as well.
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
 * Makes a memory for one thread that never grows, because growing would detach all its views. It is as large as the
 * engine allows, at most 4 GiB. The system provides pages when they are first written, so unused pages cost nothing.
 * @throws RetryableError if not even 64 MiB are available
 */
export function fixedMemory(): WasmMemory {
  return largest((pages) => new WebAssembly.Memory({ initial: pages, maximum: pages }));
}

/** Bytes. V8 reserves 4, 3, 2 or 1 GiB for a memory without a maximum, or only its initial pages. */
const LEAST_RESERVED = 2 ** 30;

/**
 * Pages that a growing memory of one thread should declare as its maximum; undefined if it need not declare any. V8
 * reserves a growing memory's addresses in advance, and under a limit it would take nearly all that are left, before a
 * model's memory is made. So such a memory takes at most half of them, too. With less than 1 GiB left it declares
 * none: V8 then reserves nothing, and the memory moves when it grows.
 */
export function growingPages(): number | undefined {
  const room = addressSpaceRoom();
  if (room === null || room < LEAST_RESERVED) return undefined;
  let pages = MAX_PAGES;
  while (pages * PAGE > room / 2) pages /= 2;
  return pages;
}

/** "env" and "memory" with their lengths, then the kind of the import. The next byte contains its flags. */
const MEMORY_IMPORT = "\x03env\x06memory\x02";
const SHARED_FLAG = 2;

/**
 * Turns a module that imports shared memory into one for memory of one thread, in place. The kernels use no atomics, so
 * only the import's flag differs. In image.wasm it is already cleared.
 * @throws Error if the module imports no memory
 */
export function unshare(module: Uint8Array): void {
  const found = indexOfText(module, MEMORY_IMPORT);
  if (found < 0) throw new Error("unshare: expected a module that imports env.memory");
  module[found + MEMORY_IMPORT.length] &= ~SHARED_FLAG;
}
