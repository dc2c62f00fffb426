/** Teams of one, two and three threads, and float32 blocks on their heaps. */
import assert from "node:assert/strict";
import { SharedMemoryBackend } from "../../src/device/wasm/backend.js";
import { loadModule } from "../../src/kernels/module.js";
import { TEAM_KERNELS } from "../../src/kernels/nn.js";
import type { KernelBuild } from "../../src/kernels/simd.js";
import { KernelTeam } from "../../src/pool/team/team.js";
import type { Random } from "../../src/random.js";

export const THREADS = [1, 2, 3] as const;
const GUARD = 77;
const GUARD_VALUES = 64;

export function randomFloats(random: Random, length: number): Float32Array {
  return Float32Array.from({ length }, () => random.between(-1, 1));
}

/** One backend per team. None is registered with TensorFlow.js. Close them with closeBackends(). */
export async function openBackends(build?: KernelBuild): Promise<readonly SharedMemoryBackend[]> {
  const module = await loadModule("nn", build);
  return THREADS.map((threads) => new SharedMemoryBackend(new KernelTeam(module, threads, TEAM_KERNELS)));
}

export async function closeBackends(backends: readonly SharedMemoryBackend[]): Promise<void> {
  await Promise.all(backends.map(({ team }) => team.close()));
}

/**
 * Runs `work` with `inputs` and an output of `size` values in the shared memory, and returns the output. Fails if
 * values beyond the output have changed.
 */
export function runOnHeap(
  { team }: SharedMemoryBackend,
  inputs: readonly Float32Array[],
  size: number,
  work: (pointers: readonly number[], output: number) => void,
): Float32Array {
  const { heap } = team;
  const pointers = inputs.map((values) => {
    const pointer = heap.allocate(values.byteLength);
    heap.floats(pointer, values.length).set(values);
    return pointer;
  });
  const output = heap.allocate((size + GUARD_VALUES) * 4);
  const view = heap.floats(output, size + GUARD_VALUES).fill(GUARD);
  try {
    work(pointers, output);
    const beyond = view.subarray(size).findIndex((value) => value !== GUARD);
    if (beyond >= 0) throw new Error(`value ${beyond} beyond the output's ${size} was overwritten`);
    return view.slice(0, size);
  } finally {
    for (const pointer of [...pointers, output]) heap.release(pointer);
  }
}

/** Runs `work` on each backend, asserts that all give the same bits, and returns the output. */
export function runOnAll(
  backends: readonly SharedMemoryBackend[],
  inputs: readonly Float32Array[],
  size: number,
  work: (backend: SharedMemoryBackend, pointers: readonly number[], output: number) => void,
): Float32Array {
  const results = backends.map((backend) => runOnHeap(backend, inputs, size, (p, out) => work(backend, p, out)));
  for (const result of results.slice(1)) assert.deepEqual(result, results[0]);
  return results[0];
}
