/** A typed pool of worker threads over Piscina, with bounded work in flight. */
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import type { TaskTypes } from "./protocol.js";

/** Idle workers stay this long: 0 would start and stop threads between batches. */
const IDLE_TIMEOUT_MS = 30_000;
/** Tasks in flight for each thread: one that runs and one that waits for it. */
const IN_FLIGHT_PER_THREAD = 2;

export interface PoolOptions {
  readonly threads: number;
  /** Handed to each worker once; put compiled WebAssembly.Modules here. */
  readonly workerData?: unknown;
}

export interface RunOptions {
  /** Cancels the task; Piscina ends the thread that runs it, so its slot in the ring must not be reused before that. */
  readonly signal?: AbortSignal | undefined;
}

/** `Tasks` maps each exported function of the worker entry to its task and result (a type, see TaskTypes). */
export class WorkerPool<Tasks extends TaskTypes<Tasks>> {
  readonly threads: number;
  private readonly piscina: Piscina;
  private free: number;
  private readonly waiting: (() => void)[] = [];

  /** `entry`: the compiled worker file; threads start with the first tasks. */
  constructor(entry: URL, { threads, workerData }: PoolOptions) {
    this.threads = threads;
    this.free = threads * IN_FLIGHT_PER_THREAD;
    this.piscina = new Piscina({
      filename: fileURLToPath(entry),
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: IDLE_TIMEOUT_MS,
      workerData,
    });
  }

  /** The most tasks that are handed to Piscina at once; its own queue has no bound. */
  get maxInFlight(): number {
    return this.threads * IN_FLIGHT_PER_THREAD;
  }

  /** Runs one task in a worker, after waiting for a free place. Rejects with what the worker throws, or on abort. */
  async run<Name extends keyof Tasks & string>(
    name: Name,
    task: Tasks[Name]["task"],
    { signal }: RunOptions = {},
  ): Promise<Tasks[Name]["result"]> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve)); // the place is handed over by its holder
    try {
      signal?.throwIfAborted();
      return await this.piscina.run(task, signal === undefined ? { name } : { name, signal });
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next();
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
    await this.piscina.close();
  }
}
