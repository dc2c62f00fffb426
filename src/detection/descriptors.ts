/** Computes descriptors of faces in a thread of their own, like FaceDetector. */
import { Pixels, wholeOf } from "../image/pixels.js";
import { loadModule } from "../kernels/module.js";
import type { RgbaImage } from "../types.js";
import { FaceThread } from "./face-thread.js";
import type { DescriptorWorkerData } from "./protocol.js";
import { DESCRIPTOR_LENGTH, RECOGNITION_SIZE } from "./recognition.js";

export class FaceDescriptors {
  private readonly thread: FaceThread<readonly RgbaImage[], Float32Array>;
  private readonly pixels: Pixels;

  private constructor(workerData: DescriptorWorkerData, pixels: Pixels) {
    this.thread = new FaceThread("Face descriptors", new URL("./descriptor-worker.js", import.meta.url), workerData);
    this.pixels = pixels;
  }

  /** Starts the thread, which loads the network in the meantime. @param threads number of threads for the kernels */
  static async open(threads: number): Promise<FaceDescriptors> {
    return new FaceDescriptors({ threads }, new Pixels(await loadModule("image")));
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
    const all = await this.thread.ask(resized);
    return pictures.map((_, i) => all.subarray(i * DESCRIPTOR_LENGTH, (i + 1) * DESCRIPTOR_LENGTH));
  }

  /** Ends the thread. Open requests are rejected. */
  async close(): Promise<void> {
    await this.thread.close();
  }
}

/** Euclidean distance of two descriptors. Below SAME_PERSON, they count as the same person's. */
export function descriptorDistance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0));
}
