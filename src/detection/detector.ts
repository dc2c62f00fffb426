/**
 * Finds faces in photos, in a thread of its own, so that the caller can decode and write pictures meanwhile.
 */
import { loadModule } from "../kernels/module.js";
import type { RgbaImage } from "../types.js";
import { FaceThread } from "./face-thread.js";
import type { PhotoDetector } from "./find-faces.js";
import type { DetectedFace, DetectorWorkerData, DetectRequest, SearchOptions } from "./protocol.js";

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
   * @throws RetryableError if the networks cannot be loaded or run
   */
  detect(image: RgbaImage, { minScore, all }: SearchOptions): Promise<readonly DetectedFace[]> {
    return this.thread.ask({ image, minScore, all });
  }

  /** Ends the thread. Open requests are rejected. */
  async close(): Promise<void> {
    await this.thread.close();
  }
}
