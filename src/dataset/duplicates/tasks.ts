/** The task of the fingerprint workers (worker.ts). The main thread imports this file instead of the worker itself. */
import type { PictureSource } from "../../image/picture-source.js";
import type { CheckResult, ImageWorkerData } from "../../image/tasks.js";
import { loadModule } from "../../kernels/module.js";
import { WorkerPool } from "../../pool/pool.js";
import type { Fingerprint } from "./fingerprint.js";

/** Checks images like CheckTask, and computes the fingerprints of those that can be decoded. */
export interface FingerprintTask {
  readonly sources: readonly PictureSource[];
}

export interface FingerprintResult extends CheckResult {
  /** In the order of the sources; null for images that cannot be decoded. */
  readonly fingerprints: readonly (Fingerprint | null)[];
}

export type FingerprintTasks = {
  readonly fingerprintPictures: { readonly task: FingerprintTask; readonly result: FingerprintResult };
};

/** Makes a pool of fingerprint workers that share the compiled kernels. Close it when you are done. */
export async function createFingerprintPool(threads: number): Promise<WorkerPool<FingerprintTasks>> {
  const workerData: ImageWorkerData = { imageModule: await loadModule("image") };
  return new WorkerPool<FingerprintTasks>(new URL("./worker.js", import.meta.url), { threads, workerData });
}
