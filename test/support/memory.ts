/**
 * Two memories with equal contents, one for a kernel and one for its reference implementation, and seeded bytes to fill
 * them.
 */
import { Arena } from "../../src/kernels/arena.js";
import { type ImageKernels, loadImageKernels } from "../../src/kernels/image.js";
import { referenceImageKernels } from "../../src/kernels/reference/image.js";
import type { Random } from "../../src/random.js";

export interface Side {
  readonly arena: Arena;
  readonly kernels: ImageKernels;
}

/**
 * The fast kernels and their reference implementations, each on a memory of its own, so that pointers have the same
 * meaning.
 */
export async function kernelPair(): Promise<readonly [fast: Side, plain: Side]> {
  const fast = new WebAssembly.Memory({ initial: 1 });
  const plain = new WebAssembly.Memory({ initial: 1 });
  return [
    { arena: new Arena(fast), kernels: await loadImageKernels(fast) },
    { arena: new Arena(plain), kernels: referenceImageKernels(plain) },
  ];
}

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}
