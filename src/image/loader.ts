/** Loads batches for training: the pool decodes images directly into slots of a shared ring. */
import { InputError, RetryableError } from "../errors.js";
import { type Feeding, fixedFeeding } from "../pool/feeding.js";
import type { ItemFailure } from "../pool/protocol.js";
import { BatchRing } from "../pool/ring.js";
import type { Rectangle } from "../types.js";
import type { PictureSource } from "./picture-source.js";
import { createImagePool, type ImagePool } from "./tasks.js";

/** Largest number of images per pool task. */
const MAX_IMAGES_PER_TASK = 32;

export interface BatchLoaderOptions {
  /** Side of the images in pixels. Images of other sizes are resized with an antialiasing filter. */
  readonly size: number;
  /** Number of threads that share a batch. With a Feeding, it may change. */
  readonly workers: number | Feeding;
  /** Largest number of images per batch. */
  readonly batch: number;
  /** Number of batches that can be loaded or in use at the same time. If all are, load() waits. */
  readonly slots?: number;
  /** A rectangle that is cut out of every image before resizing. */
  readonly crop?: Rectangle | null;
}

/**
 * Chooses what to load instead of an image that cannot be read; it may be the same image again. Rejects if there is
 * nothing.
 * @param position of the image in the batch
 */
export type Replace = (position: number, failure: ItemFailure) => Promise<PictureSource>;

const refuse: Replace = async (_, { reason, retryable }) => {
  throw retryable ? new RetryableError(reason) : new InputError(reason);
};

export interface LoadedBatch {
  /** RGB in [-1, 1], [n, size, size, 3]. It is a view on the ring, valid until release(). */
  readonly data: Float32Array;
  /** Releases the slot. Call it once. */
  release(): void;
}

interface Failure {
  readonly position: number;
  readonly failure: ItemFailure;
}

/** Waits for all tasks, even after a failure, because a running task writes into the slot. */
async function all(tasks: readonly Promise<readonly Failure[]>[]): Promise<readonly Failure[]> {
  const settled = await Promise.allSettled(tasks);
  return settled.flatMap((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
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
    this.pool.catch(() => {}); // the first load() reports the error
  }

  /**
   * Loads a batch in the order of `sources`. To prefetch, call it again before the first load is done. If an image
   * cannot be read, `replace` chooses another one. After a failure, the slot is free again.
   * @throws InputError if an image cannot be read and there is no `replace`; the message names the file
   */
  async load(sources: readonly PictureSource[], replace: Replace = refuse): Promise<LoadedBatch> {
    const { size, batch, crop = null } = this.options;
    if (sources.length > batch) {
      throw new InputError(
        `Batch: expected at most ${batch} images, received ${sources.length}. Load fewer per batch.`,
      );
    }
    const pool = await this.pool;
    const slot = await this.ring.acquire();
    const { workers } = this.feeding;
    pool.use(workers);
    const imageLength = size * size * 3;
    const perTask = Math.min(MAX_IMAGES_PER_TASK, Math.ceil(sources.length / workers));
    const run = async (first: number, some: readonly PictureSource[]): Promise<readonly Failure[]> => {
      const target = this.ring.range(slot, first * imageLength, some.length * imageLength);
      const { seconds, thread, failures } = await pool.run("loadImages", { size, crop, sources: some, target });
      this.feeding.onTimes({ ...seconds }, some.length, thread);
      return failures.map((failure) => ({ position: first + failure.index, failure }));
    };
    try {
      const firsts = Array.from({ length: Math.ceil(sources.length / perTask) }, (_, i) => i * perTask);
      let failed = await all(firsts.map((first) => run(first, sources.slice(first, first + perTask))));
      while (failed.length > 0) {
        const others = await Promise.all(failed.map(({ position, failure }) => replace(position, failure)));
        const positions = failed.map(({ position }) => position);
        failed = await all(positions.map((position, i) => run(position, [others[i]])));
      }
    } catch (error) {
      this.ring.release(slot);
      throw error;
    }
    const { buffer, byteOffset } = this.ring.range(slot, 0, this.ring.slotLength);
    return {
      data: new Float32Array(buffer, byteOffset, sources.length * imageLength),
      release: () => this.ring.release(slot),
    };
  }

  /** Waits for running loads and ends the threads. */
  async close(): Promise<void> {
    await (await this.pool).close();
  }
}
