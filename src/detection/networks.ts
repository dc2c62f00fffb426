/** The three networks that find faces, on one team of threads: a small detector, a large one, and the landmarks. */

import { type Landmarker, loadLandmarker } from "./landmark-network.js";
import { FaceLayers } from "./layers.js";
import { loadSsdDetector } from "./ssd-detector.js";
import { type BoxDetector, loadTinyDetector } from "./tiny-detector.js";

export interface FaceNetworks {
  readonly tiny: BoxDetector;
  readonly landmarks: Landmarker;
  /** Loads the large detector, once. Most photos do not need it. @throws InputError if its weights are missing */
  ssd(): Promise<BoxDetector>;
  close(): Promise<void>;
}

/**
 * Loads the networks.
 * @param threads number of threads, including the calling one
 * @throws InputError if weights are missing; RetryableError if there is no memory for them
 */
export async function openFaceNetworks(threads: number): Promise<FaceNetworks> {
  const layers = await FaceLayers.open(threads);
  let ssd: Promise<BoxDetector> | null = null;
  return {
    tiny: await loadTinyDetector(layers),
    landmarks: await loadLandmarker(layers),
    ssd() {
      ssd ??= loadSsdDetector(layers);
      return ssd;
    },
    close: () => layers.close(),
  };
}
