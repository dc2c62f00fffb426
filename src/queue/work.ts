/** `elegant queue work`: takes parts from the queue, one at a time, and runs each in a process of its own. */
import { hostname } from "node:os";
import type { Job } from "bullmq";
import type { Redis } from "ioredis";
import { ElegantError, ExitCode } from "../errors.js";
import { type Ended, judge, OWN_COMMAND, runChild } from "./child.js";
import {
  type FlowResult,
  type MergeJob,
  type OfferedJob,
  type PartJob,
  type PartResult,
  parseJob,
  partOfJob,
  printable,
  type QueueJob,
} from "./jobs.js";

export interface WorkOptions {
  readonly name: string;
  /** Seconds of silence after which a worker counts as dead and its part goes to another worker. */
  readonly stalledSeconds: number;
  /** If true, the work ends when nothing is left to do, now or later. */
  readonly untilEmpty: boolean;
  /** Ends the work. The current part is released. */
  readonly signal: AbortSignal;
  /** Receives what happens to each part: it starts, is done, failed or is released. */
  readonly print: (line: string) => void;
  /** Receives what the parts themselves print, such as their progress. */
  readonly onLine: (line: string) => void;
  /**
   * Checks a job before it runs, because any process that can write to Redis can offer one.
   * @param added options that are added to the job's command line
   * @returns the folder to run it in
   * @throws InputError with the reason if it is refused
   */
  readonly admit: (job: OfferedJob, added: readonly string[]) => Promise<string>;
  /** The program that runs a command line. Default: this package's own. */
  readonly command?: readonly string[];
}

export interface WorkReport {
  readonly done: number;
  readonly failed: number;
  readonly released: number;
}

/** How often a part may lose its worker before it fails permanently. The part itself may be what kills the workers. */
const MOST_STALLS = 3;
const EMPTY_CHECK_MS = 1000;

/** Works until `signal` or, with `untilEmpty`, until nothing is left. */
export async function work(redis: Redis, options: WorkOptions): Promise<WorkReport> {
  const { Queue, UnrecoverableError, WaitingError, Worker } = await import("bullmq");
  const { name, stalledSeconds, untilEmpty, signal, print, onLine: pass, admit, command = OWN_COMMAND } = options;
  const count = { done: 0, failed: 0, released: 0 };
  const running = new Map<string, AbortController>();

  const run = async (job: Job, argv: readonly string[], cwd: string, label: string): Promise<Ended> => {
    const stopping = new AbortController();
    running.set(job.id!, stopping);
    const stop = (): void => stopping.abort();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    let told = 0;
    const onLine = (line: string): void => {
      pass(`${label}: ${line}`);
      // One update per second is enough for the queue.
      if (Date.now() - told < 1000) return;
      told = Date.now();
      job.updateProgress({ line }).catch(() => {});
    };
    try {
      return await runChild({ command, argv, cwd, signal: stopping.signal, onLine });
    } finally {
      running.delete(job.id!);
      signal.removeEventListener("abort", stop);
    }
  };

  /** Turns a usage error into the error that makes BullMQ give up a job without further attempts. */
  const refuse = (label: string, error: unknown): Error => {
    if (!(error instanceof ElegantError) || error.exitCode !== ExitCode.usage) return error as Error;
    count.failed++;
    const reason = printable(error.message);
    print(`${label}: refused: ${reason}`);
    return new UnrecoverableError(reason);
  };

  /** Admits, runs and judges a job. Throws the error that makes BullMQ retry the job, give it up or take it back. */
  const settle = async (
    job: Job,
    token: string | undefined,
    offered: OfferedJob,
    added: readonly string[],
    label: string,
  ): Promise<{ readonly code: 0 | 3; readonly stdout: string }> => {
    const cwd = await admit(offered, added).catch((error: unknown) => {
      throw refuse(label, error);
    });
    const argv = [...offered.argv, ...added];
    print(`${label}: ${printable(argv.join(" "))}${job.attemptsMade > 0 ? `, attempt ${job.attemptsMade + 1}` : ""}`);
    const ended = await run(job, argv, cwd, label);
    const verdict = judge(ended);
    if (verdict.kind === "done") {
      count.done++;
      print(`${label}: done${verdict.code === 3 ? ", with failures" : ""}`);
      return { code: verdict.code, stdout: ended.stdout };
    }
    if (signal.aborted) {
      count.released++;
      print(`${label}: released`);
      await job.moveToWait(token);
      throw new WaitingError();
    }
    count.failed++;
    print(`${label}: failed: ${verdict.reason}`);
    if (verdict.kind === "refused") throw new UnrecoverableError(verdict.reason);
    throw new Error(verdict.reason);
  };

  const doPart = async (job: Job, token: string | undefined, data: PartJob): Promise<PartResult> => {
    const part = `${data.index}/${data.count}`;
    const { code } = await settle(job, token, data, ["--part", part, "--json"], `${data.flow} part ${part}`);
    return { code };
  };
  const doMerge = async (job: Job, token: string | undefined, data: MergeJob): Promise<FlowResult> => {
    const failures = Object.entries(await job.getIgnoredChildrenFailures());
    const lost = failures.map(([key, reason]) => ({ shard: partOfJob(key, data.count), reason }));
    lost.sort((a, b) => Number.parseInt(a.shard, 10) - Number.parseInt(b.shard, 10));
    const results = Object.values(await job.getChildrenValues<PartResult>());
    const partial = results.filter(({ code }) => code === 3).length;
    if (lost.length > 0) {
      for (const { shard, reason } of lost) print(`${data.flow} part ${shard} is given up: ${reason}`);
      return { merged: false, lost, partial, output: null };
    }
    if (data.argv === null) return { merged: true, lost, partial, output: null };
    const offered = { ...data, argv: data.argv };
    const { stdout } = await settle(job, token, offered, ["--json"], `${data.flow} merge`);
    return { merged: true, lost, partial, output: parseOutput(stdout) };
  };

  const worker = new Worker(
    name,
    async (job, token) => {
      let data: QueueJob;
      try {
        data = parseJob(job.data, job.id ?? "?");
      } catch (error) {
        throw refuse(printable(job.id ?? "?"), error);
      }
      return data.kind === "shard" ? doPart(job, token, data) : doMerge(job, token, data);
    },
    {
      connection: redis,
      name: `${hostname()}:${process.pid}`,
      concurrency: 1,
      lockDuration: stalledSeconds * 1000, // renewed after half this time while the child runs
      stalledInterval: stalledSeconds * 1000,
      maxStalledCount: MOST_STALLS,
      drainDelay: 1,
    },
  );
  let lastError = "";
  worker.on("error", (error) => {
    if (error.message !== lastError) print(`queue: ${error.message}`);
    lastError = error.message;
  });
  // Another worker has the part now.
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) running.get(id)?.abort();
  });
  worker.on("stalled", (id) => print(`${id}: its worker is gone; it is done again`));

  const queue = new Queue(name, { connection: redis });
  queue.on("error", () => {}); // the worker reports the same errors
  try {
    await worker.waitUntilReady();
    print(`waiting for parts in the queue '${name}'`);
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (signal.aborted) resolve();
      if (!untilEmpty) return;
      const check = async (): Promise<void> => {
        const left = await queue
          .getJobCountByTypes("active", "waiting", "delayed", "waiting-children", "prioritized")
          .catch(() => 1);
        if (left === 0) resolve();
        else if (!signal.aborted) setTimeout(check, EMPTY_CHECK_MS);
      };
      void check();
    });
  } finally {
    await worker.close(); // waits until the current job is finished or released
    await queue.close();
  }
  return count;
}

function parseOutput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
