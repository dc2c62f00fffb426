/** Moves large results from a worker to the main thread without copying them. */
import { move, transferableSymbol, valueSymbol } from "piscina";
import { HAS_SHARED_MEMORY } from "../kernels/memory.js";

/**
 * Marks the buffers of a handler's result for transfer, after which the worker cannot use them. In the calling thread,
 * the result is returned unchanged.
 * @param buffers the buffers of the result; each must have exactly one view, on all of it
 */
export function handOver<Result extends object>(result: Result, buffers: readonly ArrayBufferLike[]): Result {
  if (!HAS_SHARED_MEMORY || buffers.length === 0) return result;
  const wrapped = { [transferableSymbol]: buffers, [valueSymbol]: result };
  // Piscina unwraps the result before sending it. The type of move() accepts only single buffers.
  return move(wrapped as unknown as Parameters<typeof move>[0]) as unknown as Result;
}
