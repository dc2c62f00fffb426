/** Large results of a worker change their thread without being copied. */
import { move, transferableSymbol, valueSymbol } from "piscina";
import { HAS_SHARED_MEMORY } from "../kernels/memory.js";

/**
 * A handler's result whose buffers are handed over; the worker cannot use them afterwards. In the calling thread it stays as it is.
 * @param buffers of the result, each with one view on all of it
 */
export function handOver<Result extends object>(result: Result, buffers: readonly ArrayBufferLike[]): Result {
  if (!HAS_SHARED_MEMORY || buffers.length === 0) return result;
  const wrapped = { [transferableSymbol]: buffers, [valueSymbol]: result };
  // Piscina unwraps it on its way out; its type knows single buffers only.
  return move(wrapped as unknown as Parameters<typeof move>[0]) as unknown as Result;
}
