/** The fingerprint workers' file. Piscina calls the exported function by name. A bad image is a result and never throws. */
import { nameOf } from "../../image/picture-source.js";
import { readSource } from "../../image/source.js";
import { openWorkerPixels } from "../../image/worker-pixels.js";
import { failureOf } from "../../pool/failure-of.js";
import type { TaskHandler } from "../../pool/protocol.js";
import { type Fingerprint, fingerprintOf } from "./fingerprint.js";
import type { FingerprintResult, FingerprintTasks } from "./tasks.js";

const opened = openWorkerPixels();

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
      results.push(failureOf(nameOf(source), error));
    }
  }
  return { results, fingerprints };
};
