/** Random rows, and linear algebra in a memory with room for a few of them. */
import { SharedHeap } from "../../src/kernels/heap.js";
import { LINALG_KERNELS, type LinalgKernel, type LinalgKernels } from "../../src/kernels/linalg.js";
import { sharedMemory } from "../../src/kernels/memory.js";
import { loadModule } from "../../src/kernels/module.js";
import { Linalg } from "../../src/metrics/linalg.js";
import type { Features } from "../../src/metrics/sides.js";
import { KernelTeam } from "../../src/pool/team/team.js";
import { Random } from "../../src/random.js";

export function rows(name: string, n: number, d: number, Kind: typeof Float32Array | typeof Float64Array): Features {
  const random = Random.fromSeed(15, name);
  const data = new Kind(n * d);
  for (let i = 0; i < data.length; i++) data[i] = random.between(-1, 1) + random.between(-0.5, 1);
  return { kind: "features", source: name, n, d, data };
}

/** Linear algebra in a memory of this many MiB. */
export async function openSmall(mebibytes: number): Promise<Linalg> {
  const heap = new SharedHeap(sharedMemory(2 ** 20), mebibytes * 2 ** 20);
  const team = new KernelTeam<LinalgKernels, LinalgKernel>(await loadModule("linalg"), 2, LINALG_KERNELS, heap);
  return Reflect.construct(Linalg, [team]) as Linalg;
}
