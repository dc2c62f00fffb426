/** The fingerprint workers' file. Piscina calls the exported function by name. A bad image is a result and never throws. */
import { workerData } from "piscina";
import { ElegantError } from "../../errors.js";
import { nameOf } from "../../image/picture-source.js";
import { Pixels } from "../../image/pixels.js";
import { readSource } from "../../image/source.js";
import type { ImageWorkerData } from "../../image/tasks.js";
import { asAddressSpaceError } from "../../kernels/address-space.js";
import { HAS_SHARED_MEMORY } from "../../kernels/memory.js";
import { loadModule } from "../../kernels/module.js";
import type { TaskHandler } from "../../pool/protocol.js";
import { type Fingerprint, fingerprintOf } from "./fingerprint.js";
import type { FingerprintResult, FingerprintTasks } from "./tasks.js";

// The calling thread has a compiled module of its own.
const loading = HAS_SHARED_MEMORY ? (workerData as ImageWorkerData).imageModule : loadModule("image");
const opened = Promise.resolve(loading).then((module) => new Pixels(module));
opened.catch(() => {}); // each task reports the error

function reasonOf(thrown: unknown): string {
  const error = asAddressSpaceError(thrown) ?? thrown;
  if (!(error instanceof Error)) return String(error);
  return error instanceof ElegantError ? error.message : `${error.name}: ${error.message}`;
}

export const fingerprintPictures: TaskHandler<FingerprintTasks["fingerprintPictures"]> = async ({ sources }) => {
  const pixels = await opened;
  const results: FingerprintResult["results"][number][] = [];
  const fingerprints: (Fingerprint | null)[] = [];
  for (const source of sources) {
    try {
      const image = await readSource(source);
      fingerprints.push(fingerprintOf(pixels, image));
      results.push({ ok: true, width: image.width, height: image.height });
    } catch (error) {
      fingerprints.push(null);
      results.push({ ok: false, file: nameOf(source), reason: reasonOf(error), retryable: false });
    }
  }
  return { results, fingerprints };
};
