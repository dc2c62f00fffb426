/**
 * Sends photos through the pool in order, whatever happens to a worker. If a worker dies or does not answer in time,
 * only the photo that it worked on fails.
 */
import { describeMismatch, RetryableError } from "../errors.js";
import { noSeconds } from "../image/stage-times.js";
import { asAddressSpaceError } from "../kernels/address-space.js";
import type { ItemFailure } from "../pool/protocol.js";
import type { AlignItem, AlignResult, AlignTask, CropPool } from "./tasks.js";

/** Time limit of a task in seconds. A photo usually takes some milliseconds; the largest allowed ones take seconds. */
const SECONDS_PER_TASK = 60;
/**
 * Number of tries for a photo whose task failed. Each try runs the photo alone, because another one may have caused the
 * failure.
 */
const ATTEMPTS = 2;

export interface AlignJob<Tag> {
  readonly task: AlignTask;
  /** Is returned with the result. */
  readonly tag: Tag;
}

function run(pool: CropPool, task: AlignTask, seconds: number): Promise<AlignResult> {
  return pool.run("alignPhotos", task, { signal: AbortSignal.timeout(seconds * 1000) });
}

function quarantine({ file }: AlignItem, error: unknown, seconds: number): ItemFailure {
  const late = error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
  const cause = late
    ? `not done after ${seconds} s`
    : `its worker died: ${error instanceof Error ? error.message : error}`;
  const received = `one that failed ${ATTEMPTS} times (${cause})`;
  const reason = describeMismatch(file, "a photo that can be read", received, "Replace the file.");
  return { ok: false, file, reason, retryable: false };
}

/** Returns the task's result. If the worker died, each photo gets a task of its own, and photos that fail again are skipped. */
async function settle(pool: CropPool, task: AlignTask, seconds: number): Promise<AlignResult> {
  try {
    return await run(pool, task, seconds);
  } catch {
    // The reason appears when the photo that caused it runs alone.
  }
  const total = noSeconds();
  const results: AlignResult["results"][number][] = [];
  for (const item of task.items) {
    for (let attempt = 1; ; attempt++) {
      try {
        const alone = await run(pool, { ...task, items: [item] }, seconds);
        for (const stage of Object.keys(total) as (keyof typeof total)[]) total[stage] += alone.seconds[stage];
        results.push(...alone.results);
        break;
      } catch (error) {
        // The photo is not the cause: no thread starts, or memory is missing.
        const failure = asAddressSpaceError(error) ?? error;
        if (failure instanceof RetryableError) throw failure;
        if (attempt < ATTEMPTS) continue;
        results.push(quarantine(item, error, seconds));
        break;
      }
    }
  }
  return { results, seconds: total, thread: 0 };
}

/** Runs the jobs and yields their results in order. As many jobs run at the same time as the pool accepts. */
export async function* alignAll<Tag>(
  pool: CropPool,
  jobs: Iterable<AlignJob<Tag>>,
  seconds: number = SECONDS_PER_TASK,
): AsyncGenerator<{ readonly tag: Tag; readonly result: AlignResult }, void, undefined> {
  const pending: { readonly tag: Tag; readonly result: Promise<AlignResult> }[] = [];
  const next = async (): Promise<{ tag: Tag; result: AlignResult }> => {
    const { tag, result } = pending.shift()!;
    return { tag, result: await result };
  };
  try {
    for (const { task, tag } of jobs) {
      pending.push({ tag, result: settle(pool, task, seconds) });
      if (pending.length >= pool.maxInFlight) yield await next();
    }
    while (pending.length > 0) yield await next();
  } finally {
    // After a failure of the reader: let the tasks in flight finish before the caller continues.
    await Promise.allSettled(pending.map(({ result }) => result));
  }
}
