/**
 * Finds faces in photos, in a thread of its own. So the caller does not have to load TensorFlow.js, and a caller that
 * uses it, on any device, is not disturbed (see face-api.ts).
 */
import { Worker } from "node:worker_threads";
import { RetryableError } from "../errors.js";
import { loadModule } from "../kernels/module.js";
import type { RgbaImage } from "../types.js";
import type { DetectedFace, DetectorWorkerData, DetectReply, DetectRequest } from "./protocol.js";

interface Waiting {
  readonly resolve: (faces: readonly DetectedFace[]) => void;
  readonly reject: (error: Error) => void;
}

export class FaceDetector {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private requests = 0;

  private constructor(worker: Worker) {
    this.worker = worker;
    worker.on("message", (reply: DetectReply) => {
      const { resolve, reject } = this.waiting.get(reply.id)!;
      this.waiting.delete(reply.id);
      if ("faces" in reply) resolve(reply.faces);
      else reject(new RetryableError(`Face detection: ${reply.failure}`));
    });
    worker.on("error", (error) => this.failAll(error));
    worker.on("exit", () => this.failAll(new Error("its thread ended")));
  }

  /** Starts the thread, which then loads the networks. @param threads number of threads of the networks' kernels */
  static async open(threads: number): Promise<FaceDetector> {
    const workerData: DetectorWorkerData = { imageModule: await loadModule("image"), threads };
    return new FaceDetector(new Worker(new URL("./worker.js", import.meta.url), { workerData }));
  }

  /**
   * Finds the faces of a photo, the largest first. You may call it before the previous photo is done.
   * @param minScore lowest detector score that counts as a face, 0 to 1
   * @throws RetryableError if the networks cannot be loaded or run
   */
  detect(image: RgbaImage, minScore: number): Promise<readonly DetectedFace[]> {
    const request: DetectRequest = { id: this.requests++, image, minScore };
    return new Promise((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject });
      this.worker.postMessage(request);
    });
  }

  private failAll(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(new RetryableError(`Face detection: ${error.message}`));
    this.waiting.clear();
  }

  /** Ends the thread. Unfinished requests are rejected. */
  async close(): Promise<void> {
    await this.worker.terminate();
  }
}
