/** Computes descriptors of faces in a thread of their own, like FaceDetector (see face-api.ts). */
import { Worker } from "node:worker_threads";
import { RetryableError } from "../errors.js";
import { Pixels, wholeOf } from "../image/pixels.js";
import { loadModule } from "../kernels/module.js";
import type { RgbaImage } from "../types.js";
import type { DescribeReply, DescribeRequest, DescriptorWorkerData } from "./protocol.js";
import { DESCRIPTOR_LENGTH, RECOGNITION_SIZE } from "./recognition.js";

interface Waiting {
  readonly resolve: (descriptors: Float32Array) => void;
  readonly reject: (error: Error) => void;
}

export class FaceDescriptors {
  private readonly worker: Worker;
  private readonly pixels: Pixels;
  private readonly waiting = new Map<number, Waiting>();
  private requests = 0;

  private constructor(worker: Worker, pixels: Pixels) {
    this.worker = worker;
    this.pixels = pixels;
    worker.on("message", (reply: DescribeReply) => {
      const { resolve, reject } = this.waiting.get(reply.id)!;
      this.waiting.delete(reply.id);
      if ("descriptors" in reply) resolve(reply.descriptors);
      else reject(new RetryableError(`Face descriptors: ${reply.failure}`));
    });
    worker.on("error", (error) => this.failAll(error));
    worker.on("exit", () => this.failAll(new Error("its thread ended")));
  }

  /** Starts the thread, which then loads the network. @param threads number of threads of the network's kernels */
  static async open(threads: number): Promise<FaceDescriptors> {
    const workerData: DescriptorWorkerData = { threads };
    const worker = new Worker(new URL("./descriptor-worker.js", import.meta.url), { workerData });
    return new FaceDescriptors(worker, new Pixels(await loadModule("image")));
  }

  /**
   * Descriptors of aligned faces of any size, which are resized to 150 px.
   * @returns one array of 128 numbers per image
   * @throws RetryableError if the network cannot be loaded or run
   */
  async describe(pictures: readonly RgbaImage[]): Promise<readonly Float32Array[]> {
    const side = RECOGNITION_SIZE;
    const resized = pictures.map((picture) =>
      picture.width === side && picture.height === side
        ? picture
        : this.pixels.resize(picture, wholeOf(picture), side, side),
    );
    const request: DescribeRequest = { id: this.requests++, pictures: resized };
    const all = await new Promise<Float32Array>((resolve, reject) => {
      this.waiting.set(request.id, { resolve, reject });
      this.worker.postMessage(request);
    });
    return pictures.map((_, i) => all.subarray(i * DESCRIPTOR_LENGTH, (i + 1) * DESCRIPTOR_LENGTH));
  }

  private failAll(error: Error): void {
    for (const { reject } of this.waiting.values()) reject(new RetryableError(`Face descriptors: ${error.message}`));
    this.waiting.clear();
  }

  /** Ends the thread. Unfinished requests are rejected. */
  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

/** Euclidean distance of two descriptors. Below SAME_PERSON, they count as the same person's. */
export function descriptorDistance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0));
}
