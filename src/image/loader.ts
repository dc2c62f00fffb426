/** Batches for training: images are decoded by the pool straight into slots of a shared ring. */
import { InputError, RetryableError } from "../errors.js";
import { type Feeding, fixedFeeding } from "../pool/feeding.js";
import type { ItemFailure } from "../pool/protocol.js";
import { BatchRing } from "../pool/ring.js";
import type { Rectangle } from "../types.js";
import type { PictureSource } from "./source.js";
import { createImagePool, type ImagePool } from "./tasks.js";

/** A pool task holds at most this many images. */
const MAX_IMAGES_PER_TASK = 32;

export interface BatchLoaderOptions {
  /** Side of the images in pixels; pictures of other sizes are resized with an antialiasing filter. */
  readonly size: number;
  /** How many threads share a batch, and may change. */
  readonly workers: number | Feeding;
  /** The most images in a batch. */
  readonly batch: number;
  /** Batches that can be loaded or in use at once; load() waits while all are. */
  readonly slots?: number;
  /** A rectangle of every file that is cut out before resizing. */
  readonly crop?: Rectangle | null;
}

/**
 * What to load in place of a picture that cannot be read; it may be the same once more. Rejects when there is nothing.
 * @param position of the picture in the batch
 */
export type Replace = (position: number, failure: ItemFailure) => Promise<PictureSource>;

const refuse: Replace = async (_, { reason, retryable }) => {
  throw retryable ? new RetryableError(reason) : new InputError(reason);
};

export interface LoadedBatch {
  /** RGB in [-1, 1], [n, size, size, 3]; a view on the ring, valid until release(). */
  readonly data: Float32Array;
  /** Gives the slot back; once. */
  release(): void;
}

interface Failure {
  readonly position: number;
  readonly failure: ItemFailure;
}

/** Waits for all tasks, also after a failure: a task that still runs writes into the slot. */
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
    this.pool.catch(() => {}); // reported by the first load()
  }

  /**
   * Loads a batch in the order of `sources`. Call it again before the first one is done to prefetch.
   * When an image cannot be read, `replace` names another; without it load() rejects with an InputError that names the
   * file. After a failure the slot is free again.
   */
  async load(sources: readonly PictureSource[], replace: Replace = refuse): Promise<LoadedBatch> {
    const { size, batch, crop = null } = this.options;
    if (sources.length > batch) {
      throw new InputError(`Batch: expected at most ${batch} images, received ${sources.length}. Load fewer at once.`);
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

  /** Waits for loads in flight and ends the threads. */
  async close(): Promise<void> {
    await (await this.pool).close();
  }
}
