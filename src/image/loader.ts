/** Batches for training: images are decoded by the pool straight into slots of a shared ring. */
import { InputError, RetryableError } from "../errors.js";
import { type Feeding, fixedFeeding } from "../pool/feeding.js";
import { BatchRing } from "../pool/ring.js";
import type { Rectangle } from "../types.js";
import { createImagePool, type ImagePool } from "./tasks.js";

/** A pool task holds at most this many images. */
const MAX_IMAGES_PER_TASK = 32;

export interface BatchLoaderOptions {
  /** Side of the images in pixels; files of other sizes are resized with an antialiasing filter. */
  readonly size: number;
  /** How many threads share a batch, and may change. */
  readonly workers: number | Feeding;
  /** The most images in a batch. */
  readonly batch: number;
  /** Batches that can be loaded or in use at once; load() waits while all are. */
  readonly slots?: number;
  /** A rectangle of every file that is cut out before resizing. */
  readonly crop?: Rectangle | null;
  /** Whether files must be square. */
  readonly square?: boolean;
}

export interface LoadedBatch {
  /** RGB in [-1, 1], [n, size, size, 3]; a view on the ring, valid until release(). */
  readonly data: Float32Array;
  /** Gives the slot back; once. */
  release(): void;
}

export class BatchLoader {
  private readonly options: BatchLoaderOptions;
  private readonly ring: BatchRing;
  private readonly feeding: Feeding;
  private readonly pool: Promise<ImagePool>;

  constructor(options: BatchLoaderOptions) {
    this.options = options;
    this.ring = new BatchRing(options.slots ?? 4, options.batch * options.size ** 2 * 3);
    const { workers, slots = 4 } = options;
    this.feeding = typeof workers === "number" ? fixedFeeding(workers, slots) : workers;
    this.pool = createImagePool(this.feeding.most);
    this.pool.catch(() => {}); // reported by the first load()
  }

  /**
   * Loads a batch in the order of `paths`. Call it again before the first one is done to prefetch.
   * Rejects with an InputError that names the file when an image cannot be read; the slot is then free again.
   */
  async load(paths: readonly string[]): Promise<LoadedBatch> {
    const { size, batch, crop = null, square = false } = this.options;
    if (paths.length > batch) {
      throw new InputError(`Batch: expected at most ${batch} images, received ${paths.length}. Load fewer at once.`);
    }
    const pool = await this.pool;
    const slot = await this.ring.acquire();
    const { workers } = this.feeding;
    pool.use(workers);
    const imageLength = size * size * 3;
    const perTask = Math.min(MAX_IMAGES_PER_TASK, Math.ceil(paths.length / workers));
    const tasks = [];
    for (let first = 0; first < paths.length; first += perTask) {
      const some = paths.slice(first, first + perTask);
      const target = this.ring.range(slot, first * imageLength, some.length * imageLength);
      tasks.push(pool.run("loadImages", { size, crop, square, paths: some, target }));
    }
    // All of them, also after a failure: a task that still runs writes into the slot.
    const settled = await Promise.allSettled(tasks);
    try {
      for (const [i, outcome] of settled.entries()) {
        if (outcome.status === "rejected") throw outcome.reason;
        this.feeding.onTimes({ ...outcome.value.seconds }, Math.min(perTask, paths.length - i * perTask));
        const [failure] = outcome.value.failures;
        if (failure !== undefined) {
          throw failure.retryable ? new RetryableError(failure.reason) : new InputError(failure.reason);
        }
      }
    } catch (error) {
      this.ring.release(slot);
      throw error;
    }
    const { buffer, byteOffset } = this.ring.range(slot, 0, this.ring.slotLength);
    return {
      data: new Float32Array(buffer, byteOffset, paths.length * imageLength),
      release: () => this.ring.release(slot),
    };
  }

  /** Waits for loads in flight and ends the threads. */
  async close(): Promise<void> {
    await (await this.pool).close();
  }
}
