/**
 * A typed pool of worker threads on top of Piscina, with a bounded number of tasks in flight. Piscina always makes a
 * SharedArrayBuffer for each worker. If the engine does not have SharedArrayBuffer, tasks run in the calling thread,
 * one after the other.
 */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { describeMismatch, RetryableError } from "../errors.js";
import { expectRoomForThreads } from "../kernels/address-space.js";
import { HAS_SHARED_MEMORY } from "../kernels/memory.js";
import type { TaskHandler, TaskTypes } from "./protocol.js";

/** Milliseconds that an idle worker stays alive. With 0, threads would stop and start between batches. */
const IDLE_TIMEOUT_MS = 30_000;
/** Tasks in flight per thread: one that runs and one that waits. */
const IN_FLIGHT_PER_THREAD = 2;

export interface PoolOptions {
  readonly threads: number;
  /** Passed to each worker once. Put compiled WebAssembly.Modules here. Tasks in the calling thread do not get it. */
  readonly workerData?: unknown;
}

export interface RunOptions {
  /**
   * Cancels the task. Piscina ends the thread that runs it, so the task's slot in the ring must not be reused before
   * that. In the calling thread, a running task continues to its end.
   */
  readonly signal?: AbortSignal | undefined;
}

/** `Tasks` maps each exported function of the worker entry to its task and result (a type, see TaskTypes). */
export class WorkerPool<Tasks extends TaskTypes<Tasks>> {
  readonly threads: number;
  /** Number of threads that get tasks now. */
  private used: number;
  private readonly entry: URL;
  /** Null if tasks run in the calling thread. */
  private readonly piscina: Piscina | null;
  /** Why no thread starts; null unless that happens. */
  private failure: RetryableError | null = null;
  private readonly rejections = new Set<(failure: Error) => void>();
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /**
   * Makes a pool. Threads start with the first tasks.
   * @param entry URL of the compiled worker file
   */
  constructor(entry: URL, { threads, workerData }: PoolOptions) {
    this.entry = entry;
    this.threads = HAS_SHARED_MEMORY ? threads : 1;
    this.used = this.threads;
    const filename = fileURLToPath(entry);
    if (HAS_SHARED_MEMORY) expectRoomForThreads();
    this.piscina = HAS_SHARED_MEMORY
      ? new Piscina({ filename, minThreads: 0, maxThreads: threads, idleTimeout: IDLE_TIMEOUT_MS, workerData })
      : null;
    this.watchStarts(fileURLToPath(entry));
  }

  /**
   * Makes waiting tasks fail if no worker starts. If all workers end before they are ready, Piscina starts no more and
   * does not notify the tasks that wait for one.
   */
  private watchStarts(filename: string): void {
    const { piscina } = this;
    if (piscina === null) return;
    let reason = "an end without an error";
    piscina.on("error", (error) => {
      reason = String(error);
    });
    piscina.on("workerDestroy", () => {
      // Wait until Piscina has updated its queue.
      setImmediate(() => {
        if (piscina.threads.length > 0 || piscina.queueSize === 0) return;
        const remedy = "Install the package again if this repeats.";
        const message = describeMismatch("pool", `a thread that runs ${filename}`, reason, remedy);
        this.failure = new RetryableError(message);
        for (const reject of this.rejections) reject(this.failure);
      });
    });
  }

  /** Largest number of tasks that map() accepts ahead of the result that it yields next. */
  get maxInFlight(): number {
    // The functions of a worker file share its state, so the calling thread runs one task at a time, as a worker does.
    return HAS_SHARED_MEMORY ? this.used * IN_FLIGHT_PER_THREAD : 1;
  }

  /** Largest number of tasks that Piscina has at the same time; its own queue has no limit. */
  private get places(): number {
    // A task that waits in Piscina makes it start another thread, if it may. So while fewer than all threads are in
    // use, no task may wait there.
    return this.used < this.threads ? this.used : this.maxInFlight;
  }

  /** Sets how many threads get tasks from now on, 1 to all of them. Running tasks continue. */
  use(threads: number): void {
    this.used = Math.min(Math.max(1, threads), this.threads);
    this.wake();
  }

  /** Waits for a free place and runs one task. Rejects with the worker's error, or on abort. */
  async run<Name extends keyof Tasks & string>(
    name: Name,
    task: Tasks[Name]["task"],
    { signal }: RunOptions = {},
  ): Promise<Tasks[Name]["result"]> {
    await this.takePlace();
    try {
      signal?.throwIfAborted();
      if (this.piscina === null) {
        const handlers = (await import(this.entry.href)) as { [Key in keyof Tasks]: TaskHandler<Tasks[Key]> };
        return await handlers[name](task);
      }
      if (this.failure !== null) throw this.failure;
      const result: Promise<Tasks[Name]["result"]> = this.piscina.run(
        task,
        signal === undefined ? { name } : { name, signal },
      );
      return await this.orFailure(result);
    } finally {
      this.leavePlace();
    }
  }

  /** Waits for the result, or rejects once it is clear that no thread starts. */
  private async orFailure<T>(result: Promise<T>): Promise<T> {
    let reject = (_: Error): void => {};
    const failed = new Promise<never>((_, onFailure) => {
      reject = onFailure;
    });
    this.rejections.add(reject);
    try {
      return await Promise.race([result, failed]);
    } finally {
      this.rejections.delete(reject);
    }
  }

  private async takePlace(): Promise<void> {
    if (this.running < this.places) this.running++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve)); // wake() takes the place for this task
  }

  private leavePlace(): void {
    this.running--;
    this.wake();
  }

  private wake(): void {
    while (this.waiting.length > 0 && this.running < this.places) {
      this.running++;
      this.waiting.shift()!();
    }
  }

  /**
   * Runs a stream of tasks and yields their results in input order. At most maxInFlight tasks are read from `tasks`
   * ahead of the result that is yielded next, so a slow reader slows the work down. The first rejection ends the
   * stream.
   */
  async *map<Name extends keyof Tasks & string>(
    name: Name,
    tasks: Iterable<Tasks[Name]["task"]> | AsyncIterable<Tasks[Name]["task"]>,
    options: RunOptions = {},
  ): AsyncGenerator<Tasks[Name]["result"], void, undefined> {
    const pending: Promise<Tasks[Name]["result"]>[] = [];
    try {
      for await (const task of tasks) {
        const result = this.run(name, task, options);
        result.catch(() => {}); // reported when its turn comes
        pending.push(result);
        if (pending.length >= this.maxInFlight) yield await pending.shift()!;
      }
      while (pending.length > 0) yield await pending.shift()!;
    } finally {
      // After a failure, or if the reader stopped early: let the tasks in flight finish before the caller continues.
      await Promise.allSettled(pending);
    }
  }

  /** Waits for tasks in flight and ends the threads. */
  async close(): Promise<void> {
    if (this.piscina !== null) return this.failure === null ? this.piscina.close() : this.piscina.destroy();
    await this.takePlace(); // waits behind all other tasks for the only place
    this.leavePlace();
  }
}
