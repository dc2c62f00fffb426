/** Measures time on a GPU: work is queued and waited for once, within a time budget that is shared among sections. */
import * as tf from "@tensorflow/tfjs-core";
import { type Timing, timingOf } from "../measure.js";

/** Length of a round: long compared with waiting for the device, short compared with the budget. */
const ROUND_MILLISECONDS = 100;
const MOST_REPEATS = 50;
const MOST_ROUNDS = 9;

/** Waits until the device has computed a tensor, by reading one value of it. Copying all of it would be measured as well. */
export async function waitFor(tensor: tf.Tensor): Promise<void> {
  const tiny = tf.tidy(() => tf.slice(tf.reshape(tensor, [-1]), [0], [1]));
  await tiny.data();
  tiny.dispose();
}

/** Times rounds until `seconds` have passed or there are enough. At least one round is timed. */
async function timeRounds(round: () => Promise<unknown>, seconds: number): Promise<number[]> {
  const began = performance.now();
  const times: number[] = [];
  while (times.length === 0 || (times.length < MOST_ROUNDS && performance.now() - began < seconds * 1000)) {
    const start = performance.now();
    await round();
    times.push(performance.now() - start);
  }
  return times;
}

/**
 * Times work that waits for the device itself: a training update, or an image that is read.
 * @param seconds after which no further round begins; one round always warms up, and one is always measured
 */
export async function measureWaited(work: () => Promise<unknown>, seconds: number): Promise<Timing> {
  const began = performance.now();
  const left = (): number => seconds - (performance.now() - began) / 1000;
  await work(); // compiles
  if (left() > 0) await work();
  return timingOf(await timeRounds(work, left()));
}

/**
 * Milliseconds of one piece of work if several are queued and only the last is waited for.
 * @param work    queues the work and returns a tensor that is computed last; the tensor is disposed
 * @param seconds as in measureWaited
 */
export async function measureQueued(work: () => tf.Tensor, seconds: number): Promise<Timing> {
  const queue = async (repeats: number): Promise<void> => {
    let last = work();
    for (let i = 1; i < repeats; i++) {
      last.dispose();
      last = work();
    }
    await waitFor(last);
    last.dispose();
  };
  const began = performance.now();
  await queue(1); // compiles
  let repeats = 1;
  if (seconds > 0) {
    const [once] = await timeRounds(() => queue(1), 0);
    repeats = Math.max(1, Math.min(MOST_REPEATS, Math.round(ROUND_MILLISECONDS / once)));
  }
  const left = seconds - (performance.now() - began) / 1000;
  const times = await timeRounds(() => queue(repeats), left);
  return timingOf(times.map((ms) => ms / repeats));
}

/** A section's share of the time. Its rows are measured one after the other until the time is used up. */
export interface Section {
  /** Seconds that the next row may take, ours and peers together; null, with a printed notice, if none are left. */
  next(work: string): number | null;
}

/** Divides seconds among sections. Time that one section does not use is available to later ones. */
export class Budget {
  private readonly began = performance.now();
  /** Rows that were left out, and why. */
  readonly skipped: { readonly work: string; readonly reason: string }[] = [];

  /**
   * @param seconds of all sections
   * @param mostOfRow largest number of seconds per row; 0 measures each row once
   */
  constructor(
    private readonly seconds: number,
    private readonly mostOfRow = Number.POSITIVE_INFINITY,
  ) {}

  /**
   * @param until share of the whole time after which the section is over
   * @param rows number of rows that it would measure
   */
  section(until: number, rows: number): Section {
    let waiting = rows;
    return {
      next: (work) => {
        const left = until * this.seconds - (performance.now() - this.began) / 1000;
        const share = left / Math.max(1, waiting--);
        if (left > 0) return Math.min(share, this.mostOfRow);
        this.skip(work, "the time of its section is used up");
        return null;
      },
    };
  }

  skip(work: string, reason: string): void {
    this.skipped.push({ work, reason });
    console.log(`skipped: ${work}: ${reason}`);
  }
}
