/**
 * Finds faces in photos, in a thread of its own. So the caller does not have to load TensorFlow.js, and a caller that
 * uses it, on any device, is not disturbed (see open-face-api.ts).
 */
import { loadModule } from "../kernels/module.js";
import type { RgbaImage } from "../types.js";
import { FaceThread } from "./face-thread.js";
import type { PhotoDetector } from "./find-faces.js";
import type { DetectedFace, DetectorWorkerData, DetectRequest } from "./protocol.js";

export class FaceDetector implements PhotoDetector {
  private readonly thread: FaceThread<DetectRequest, readonly DetectedFace[]>;

  private constructor(workerData: DetectorWorkerData) {
    this.thread = new FaceThread("Face detection", new URL("./worker.js", import.meta.url), workerData);
  }

  /** Starts the thread, which loads the networks in the meantime. @param threads number of threads for the kernels */
  static async open(threads: number): Promise<FaceDetector> {
    return new FaceDetector({ imageModule: await loadModule("image"), threads });
  }

  /**
   * Detects the faces of a photo, the largest first. Further photos may be given before the last one is done.
   * @param minScore the lowest confidence of the detector that counts as a face, 0 to 1
   * @throws RetryableError if the networks cannot be loaded or run
   */
  detect(image: RgbaImage, minScore: number): Promise<readonly DetectedFace[]> {
    return this.thread.ask({ image, minScore });
  }

  /** Ends the thread. Open requests are rejected. */
  async close(): Promise<void> {
    await this.thread.close();
  }
}
