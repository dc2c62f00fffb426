/** Simulated time. Sleepers wake in order when nothing else can continue, so no test depends on the speed of a machine. */
import { setImmediate } from "node:timers/promises";

export class VirtualClock {
  private time = 0;
  private readonly sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  readonly now = (): number => this.time;

  /** Number of sleepers that have not been woken. */
  get sleeping(): number {
    return this.sleepers.length;
  }

  /** Resolves after `milliseconds`. Rejects immediately when the signal is aborted, like a well-behaved call. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.sleepers.splice(this.sleepers.indexOf(sleeper), 1);
        reject(signal?.reason);
      };
      const wake = (): void => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const sleeper = { at: this.time + milliseconds, wake };
      this.sleepers.push(sleeper);
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  /** Lets time pass until `work` is settled. Fails if it waits for something that time does not bring. */
  async run<T>(work: Promise<T>): Promise<T> {
    let settled = false;
    const done = work.finally(() => {
      settled = true;
    });
    done.catch(() => {}); // the caller handles the error below
    while (!settled) {
      await this.settle();
      if (settled) break;
      if (!this.tick()) throw new Error("virtual clock: expected something to wait for, received a standstill");
    }
    return done;
  }

  /** Lets time pass for `milliseconds`, or until nobody sleeps. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await this.settle();
    while (this.sleepers.some(({ at }) => at <= end)) {
      this.tick();
      await this.settle();
    }
    this.time = end;
  }

  /** Wakes the sleeper with the shortest remaining time. */
  private tick(): boolean {
    const next = this.sleepers.reduce<(typeof this.sleepers)[number] | null>(
      (first, sleeper) => (first === null || sleeper.at < first.at ? sleeper : first),
      null,
    );
    if (next === null) return false;
    this.sleepers.splice(this.sleepers.indexOf(next), 1);
    this.time = next.at;
    next.wake();
    return true;
  }

  /** Lets all promises continue that can do so without time. */
  private async settle(): Promise<void> {
    await setImmediate();
  }
}
