/**
 * Failures to reserve WebAssembly memories. Each memory reserves 8 to 10 GiB of addresses, which `ulimit -v` and some
 * batch systems do not allow.
 */
import { addressSpace, endsWithoutRoom } from "#platform";
import { describeMismatch, RetryableError } from "../errors.js";

/** V8's messages for a memory that it could not reserve or grow. Image codecs pass them on as their own errors. */
const REFUSED = /could not allocate memory|Out of memory: Cannot allocate Wasm memory|Unable to grow instance memory/;

/** Bytes of addresses that the limit leaves to this process; null if there is no limit or the system does not report it. */
export function addressSpaceRoom(): number | null {
  return addressSpace()?.left ?? null;
}

/** An error that names the limit and says what to do. */
export function addressSpaceError(cause: unknown): RetryableError {
  const limit = addressSpace()?.limit ?? null;
  const [received, remedy] =
    limit === null
      ? ["none", "Raise its limit (ulimit -v), close other programs, or use fewer --workers."]
      : [
          `none within a limit of ${(limit / 2 ** 30).toFixed(1)} GiB`,
          "Raise it (ulimit -v unlimited), or set NODE_OPTIONS=--disable-wasm-trap-handler, which needs less, and --workers 1.",
        ];
  return new RetryableError(describeMismatch("memory", "64 MiB of address space", received, remedy), { cause });
}

/** Bytes. Below this limit, a thread may find no room for itself. */
const LEAST_FOR_THREADS = 8 * 2 ** 30;

/** @throws RetryableError if starting a thread could end the process without a message */
export function expectRoomForThreads(): void {
  const limit = addressSpace()?.limit ?? null;
  if (endsWithoutRoom && limit !== null && limit < LEAST_FOR_THREADS) throw addressSpaceError(undefined);
}

/**
 * The error above if `error`, or one of its causes, is a failed memory; null for any other error. Errors from other
 * threads count too.
 */
export function asAddressSpaceError(error: unknown): RetryableError | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (!(at instanceof RetryableError) && REFUSED.test(at.message)) return addressSpaceError(error);
  }
  return null;
}
