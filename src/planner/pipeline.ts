/**
 * Runs units through steps that overlap, in order and with bounded queues: a step takes its next unit only when there is room
 * for the result, so that a stalled sink stops all that come before it. An error or an abort ends every step.
 */
import { setMaxListeners } from "node:events";
import { Turnstile } from "./turnstile.js";

export interface Step<Unit> {
  readonly name: string;
  /** Calls at once. */
  readonly calls: number;
  /** Results that may wait for the next step, beside one for each call. */
  readonly queue: number;
  /** Works on one unit and returns it, or another one. A long call should end early when `signal` is aborted. */
  run(unit: Unit, signal: AbortSignal): Promise<Unit>;
}

export interface PipelineOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Results of a step on their way to the next one, in the order of the units. */
class Channel<Unit> {
  /** Room for results; a place is taken before the work on them begins. */
  readonly room: Turnstile;
  private readonly filled = new Turnstile(0);
  private readonly units: Promise<Unit>[] = [];

  constructor(places: number) {
    this.room = new Turnstile(places);
  }

  push(unit: Promise<Unit>): void {
    this.units.push(unit);
    this.filled.open();
  }

  close(): void {
    this.filled.open();
  }

  /** The next result, when it is done; undefined after the last. */
  async take(): Promise<{ readonly unit: Unit } | undefined> {
    await this.filled.pass();
    const next = this.units.shift();
    if (next === undefined) return undefined;
    const unit = await next;
    this.room.open();
    return { unit };
  }

  fail(error: unknown): void {
    this.room.fail(error);
    this.filled.fail(error);
  }
}

/**
 * Takes units from `source`, which has them at once, as there is room for them and hands each to `sink` when it has gone through all steps, one at a time
 * and in their order. Resolves with their number when all have arrived.
 * Rejects with the first error of source, steps or sink, or with the signal's reason; no call is running any more then.
 */
export async function runPipeline<Unit>(
  source: Iterable<Unit>,
  steps: readonly Step<Unit>[],
  sink: (unit: Unit) => Promise<void> | void,
  { signal }: PipelineOptions = {},
): Promise<number> {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // every call listens, and there may be many at once
  const channels = steps.map(({ calls, queue }) => new Channel<Unit>(calls + queue));
  const turnstiles = steps.map(({ calls }) => new Turnstile(calls));
  const running = new Set<Promise<unknown>>();
  let failure: { readonly error: unknown } | null = null;
  const fail = (error: unknown): void => {
    if (failure !== null) return;
    failure = { error };
    for (const part of [...channels, ...turnstiles]) part.fail(error);
    controller.abort(error);
  };
  const iterator = source[Symbol.iterator]();
  const fetch = (): { readonly unit: Unit } | undefined => {
    const next = iterator.next();
    return next.done === true ? undefined : { unit: next.value };
  };

  const drive = async (index: number): Promise<void> => {
    const { room } = channels[index];
    const take = index === 0 ? fetch : () => channels[index - 1].take();
    for (;;) {
      await room.pass();
      // Before taking a unit: what is taken is worked on, so that nobody holds more than the calls and the queues.
      await turnstiles[index].pass();
      const next = await take();
      if (next === undefined) break;
      controller.signal.throwIfAborted();
      const call = steps[index].run(next.unit, controller.signal);
      const ended = call.then(() => turnstiles[index].open(), fail).finally(() => running.delete(ended));
      running.add(ended);
      channels[index].push(call);
    }
    channels[index].close();
  };
  let arrived = 0;
  const drain = async (): Promise<void> => {
    for (;;) {
      const next = steps.length === 0 ? fetch() : await channels[steps.length - 1].take();
      if (next === undefined) return;
      controller.signal.throwIfAborted();
      await sink(next.unit);
      arrived++;
    }
  };

  const abort = (): void => fail(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    await Promise.all([...steps.map((_, index) => drive(index).catch(fail)), drain().catch(fail)]);
    await Promise.all(running); // after a failure; they settle whatever happened
  } finally {
    signal?.removeEventListener("abort", abort);
    // A source that was not read to its end may hold files.
    if (failure !== null) iterator.return?.();
  }
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
  return arrived;
}
