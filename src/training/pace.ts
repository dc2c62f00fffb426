/** When a training ends, and how much of it is done: by steps, by the time of this call, or by the time of updates. */
import { join } from "node:path";
import { readLossLog } from "./log.js";
import { LOSSES_FILE } from "./run-report.js";

export interface PaceOptions {
  /** Number of steps of the whole run. */
  readonly steps: number;
  /** Seconds after which this call stops, if the steps are not done before. */
  readonly seconds?: number;
  /**
   * Measure of the run's progress for the learning rate: the steps by default. With "seconds" a resumed run differs.
   */
  readonly pace?: "steps" | "seconds";
  /**
   * Seconds of updates after which the run ends, over all calls that worked on it. Its learning rate then follows these
   * seconds instead of the steps.
   */
  readonly budget?: number;
}

/** Counts the updates of a run, and sums their seconds, from its log. */
export async function usedByUpdates(folder: string): Promise<{ readonly seconds: number; readonly updates: number }> {
  const rows = await readLossLog(join(folder, LOSSES_FILE));
  return { seconds: rows.reduce((sum, { seconds }) => sum + Number(seconds), 0), updates: rows.length };
}

export class Pace {
  /** Seconds of the updates in this call, without sheets, checkpoints and the start. */
  trained = 0;
  private readonly began = performance.now();
  private readonly options: PaceOptions;
  private readonly before: number;

  private constructor(options: PaceOptions, before: number) {
    this.options = options;
    this.before = before;
  }

  /** Begins to count time. @param folder the run's; its log has the seconds of earlier calls */
  static async begin(folder: string, options: PaceOptions): Promise<Pace> {
    return new Pace(options, options.budget === undefined ? 0 : (await usedByUpdates(folder)).seconds);
  }

  /** Seconds until this call or the run ends; undefined if only steps count. */
  get secondsLeft(): number | undefined {
    const { seconds, budget } = this.options;
    if (budget !== undefined) return budget - this.before - this.trained;
    return seconds === undefined ? undefined : seconds - (performance.now() - this.began) / 1000;
  }

  /** Whether the whole run is done. */
  isDone(step: number): boolean {
    const { steps, budget } = this.options;
    return step >= steps || (budget !== undefined && this.before + this.trained >= budget);
  }

  /** Whether this call ends. */
  isOver(step: number): boolean {
    return this.isDone(step) || (this.secondsLeft ?? 0) < 0;
  }

  /** The share of the run that is done, in [0, 1]. */
  progress(step: number): number {
    const { steps, seconds, pace, budget } = this.options;
    if (budget !== undefined) return Math.min(1, (this.before + this.trained) / budget);
    if (pace === "seconds" && seconds !== undefined) return 1 - (this.secondsLeft ?? 0) / seconds;
    return step / steps;
  }
}
