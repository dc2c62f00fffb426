/**
 * Failures to reserve WebAssembly memories. Each memory reserves 8 to 10 GiB of addresses, which `ulimit -v` and some
 * batch systems do not allow.
 */
import { readFileSync } from "node:fs";
import { describeMismatch, RetryableError } from "../errors.js";

/** V8's messages for a memory that it could not reserve or grow. Image codecs pass them on as their own errors. */
const REFUSED = /could not allocate memory|Out of memory: Cannot allocate Wasm memory|Unable to grow instance memory/;

/** Bytes of addresses that this process may use; null if there is no limit or the system does not report it. */
export function addressSpaceLimit(): number | null {
  try {
    const [, bytes] = /^Max address space +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return bytes === undefined ? null : Number(bytes);
  } catch {
    return null;
  }
}

/** Bytes of addresses that the limit leaves to this process; null if there is no limit or the system does not report it. */
export function addressSpaceRoom(): number | null {
  const limit = addressSpaceLimit();
  if (limit === null) return null;
  const [, kibibytes] = /^VmSize:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return kibibytes === undefined ? null : limit - Number(kibibytes) * 1024;
}

/** An error that names the limit and says what to do. */
export function addressSpaceError(cause: unknown): RetryableError {
  const limit = addressSpaceLimit();
  const [received, remedy] =
    limit === null
      ? ["none", "Raise its limit (ulimit -v), close other programs, or use fewer --workers."]
      : [
          `none within a limit of ${(limit / 2 ** 30).toFixed(1)} GiB`,
          "Raise it (ulimit -v unlimited), or set NODE_OPTIONS=--disable-wasm-trap-handler, which needs less, and --workers 1.",
        ];
  return new RetryableError(describeMismatch("memory", "64 MiB of address space", received, remedy), { cause });
}

/** Bytes. Below this limit, threads of V8 13 and newer (Node 24) that find no room for themselves end the whole process. */
const LEAST_FOR_THREADS = 8 * 2 ** 30;

/** @throws RetryableError if starting a thread could end the process without a message */
export function expectRoomForThreads(): void {
  const limit = addressSpaceLimit();
  const isFatal = Number(process.versions.v8.split(".")[0]) >= 13;
  if (isFatal && limit !== null && limit < LEAST_FOR_THREADS) throw addressSpaceError(undefined);
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
