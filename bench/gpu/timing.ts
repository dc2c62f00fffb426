/** Time on a GPU: work is queued and waited for once, inside a budget that each section has a share of. */
import * as tf from "@tensorflow/tfjs-core";
import { type Timing, timingOf } from "../measure.js";

/** How long a round should take: long beside what waiting for the device costs, short beside the budget. */
const ROUND_MILLISECONDS = 100;
const MOST_REPEATS = 50;
const MOST_ROUNDS = 9;

/** Waits until the device has computed a tensor, by reading one value of it; copying it all would be measured as well. */
export async function waitFor(tensor: tf.Tensor): Promise<void> {
  const tiny = tf.tidy(() => tf.slice(tf.reshape(tensor, [-1]), [0], [1]));
  await tiny.data();
  tiny.dispose();
}

/** Times rounds until `seconds` are over or there are enough; one is always timed. */
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
 * Rounds of work that waits for the device itself: a training update, or a picture that is read.
 * @param seconds after which no other round begins; one warms up and one is measured in any case
 */
export async function measureWaited(work: () => Promise<unknown>, seconds: number): Promise<Timing> {
  const began = performance.now();
  const left = (): number => seconds - (performance.now() - began) / 1000;
  await work(); // compiles
  if (left() > 0) await work();
  return timingOf(await timeRounds(work, left()));
}

/**
 * Milliseconds of one piece of work when several are queued and the last is waited for.
 * @param work    queues it and returns a tensor that is computed last; it is disposed of
 * @param seconds as of measureWaited
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

/** A share of the time: its rows are measured one after the other until it is used up. */
export interface Section {
  /** Seconds that the next row may take, ours and peers together; null, with a printed word, when none are left. */
  next(work: string): number | null;
}

/** Divides seconds among sections; what one does not use, the later ones have. */
export class Budget {
  private readonly began = performance.now();
  /** Rows that were left out, and why. */
  readonly skipped: { readonly work: string; readonly reason: string }[] = [];

  /** @param seconds of all sections @param mostOfRow seconds that a row may have at most; 0 measures each once */
  constructor(
    private readonly seconds: number,
    private readonly mostOfRow = Number.POSITIVE_INFINITY,
  ) {}

  /** @param until the share of all time at whose end the section is over @param rows how many it would measure */
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
