/**
 * A typed pool of worker threads over Piscina, with bounded work in flight. Piscina makes a SharedArrayBuffer for each
 * worker, whatever its options; where the engine has none, tasks run in the calling thread, one after the other.
 */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { describeMismatch, RetryableError } from "../errors.js";
import { expectRoomForThreads } from "../kernels/address-space.js";
import { HAS_SHARED_MEMORY } from "../kernels/memory.js";
import type { TaskHandler, TaskTypes } from "./protocol.js";

/** Idle workers stay this long: 0 would start and stop threads between batches. */
const IDLE_TIMEOUT_MS = 30_000;
/** Tasks in flight for each thread: one that runs and one that waits for it. */
const IN_FLIGHT_PER_THREAD = 2;

export interface PoolOptions {
  readonly threads: number;
  /** Handed to each worker once; put compiled WebAssembly.Modules here. Tasks in the calling thread do without. */
  readonly workerData?: unknown;
}

export interface RunOptions {
  /**
   * Cancels the task; Piscina ends the thread that runs it, so its slot in the ring must not be reused before that.
   * In the calling thread a task that runs goes on to its end.
   */
  readonly signal?: AbortSignal | undefined;
}

/** `Tasks` maps each exported function of the worker entry to its task and result (a type, see TaskTypes). */
export class WorkerPool<Tasks extends TaskTypes<Tasks>> {
  readonly threads: number;
  /** Those that get tasks now. */
  private used: number;
  private readonly entry: URL;
  /** Null where tasks run in the calling thread. */
  private readonly piscina: Piscina | null;
  /** Why no thread starts. */
  private failure: RetryableError | null = null;
  private readonly rejections = new Set<(failure: Error) => void>();
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** `entry`: the compiled worker file; threads start with the first tasks. */
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
   * Piscina starts no more threads when those that it started ended before they were ready, and says nothing to tasks that wait for
   * one: they fail here.
   */
  private watchStarts(filename: string): void {
    const { piscina } = this;
    if (piscina === null) return;
    let reason = "an end without an error";
    piscina.on("error", (error) => {
      reason = String(error);
    });
    piscina.on("workerDestroy", () => {
      // After Piscina has seen to its queue.
      setImmediate(() => {
        if (piscina.threads.length > 0 || piscina.queueSize === 0) return;
        const remedy = "Install the package again if this repeats.";
        const message = describeMismatch("pool", `a thread that runs ${filename}`, reason, remedy);
        this.failure = new RetryableError(message);
        for (const reject of this.rejections) reject(this.failure);
      });
    });
  }

  /** Tasks that map() takes ahead of the result that it yields next. */
  get maxInFlight(): number {
    // The functions of an entry share its state, so that the calling thread runs one at a time, as a worker does.
    return HAS_SHARED_MEMORY ? this.used * IN_FLIGHT_PER_THREAD : 1;
  }

  /** Tasks that are handed out at once; Piscina's own queue has no bound. */
  private get places(): number {
    // A task that waits makes Piscina start another thread where there may be one, so that with fewer than all none waits there.
    return this.used < this.threads ? this.used : this.maxInFlight;
  }

  /** Gives tasks to this many threads from now on, at most to all; what is under way goes on. */
  use(threads: number): void {
    this.used = Math.min(Math.max(1, threads), this.threads);
    this.wake();
  }

  /** Runs one task, after waiting for a free place. Rejects with what the worker throws, or on abort. */
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

  /** The result, or the failure that no thread starts. */
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
    else await new Promise<void>((resolve) => this.waiting.push(resolve)); // whoever wakes it takes the place for it
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
   * Runs a stream of tasks and yields their results in input order. At most maxInFlight tasks are taken from `tasks`
   * ahead of the result that is yielded next, so a slow reader holds the work back. The first rejection ends it.
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
      // A reader that stopped early, or a failure: what is in flight finishes before the caller goes on.
      await Promise.allSettled(pending);
    }
  }

  /** Waits for tasks in flight and ends the threads. */
  async close(): Promise<void> {
    if (this.piscina !== null) return this.failure === null ? this.piscina.close() : this.piscina.destroy();
    await this.takePlace(); // behind all that wait for the only one
    this.leavePlace();
  }
}
