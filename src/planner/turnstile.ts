/** A count of free places that callers wait for in turn; failing it ends all waits, now and later. */

interface Waiting {
  /** The lower goes first. */
  readonly rank: number;
  accept(): void;
  reject(error: unknown): void;
}

export class Turnstile {
  private free: number;
  private waiting: Waiting[] = [];
  private failure: { readonly error: unknown } | null = null;

  constructor(free: number) {
    this.free = free;
  }

  /** Takes a place, waiting while there is none. Rejects with the error of `fail`. */
  async pass(): Promise<void> {
    await passFirst([this]);
  }

  /** Gives a place back, or adds one. */
  open(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next.accept(); // the place is handed over
  }

  fail(error: unknown): void {
    this.failure ??= { error };
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  /** Takes a free place, if there is one. */
  tryPass(): boolean {
    if (this.failure !== null) throw this.failure.error;
    if (this.free === 0) return false;
    this.free--;
    return true;
  }

  wait(caller: Waiting): void {
    const after = this.waiting.findIndex(({ rank }) => rank > caller.rank);
    if (after < 0) this.waiting.push(caller);
    else this.waiting.splice(after, 0, caller);
  }

  leave(caller: Waiting): void {
    this.waiting = this.waiting.filter((other) => other !== caller);
  }
}

/**
 * Takes a place at the first of several turnstiles that has one, the earlier of two in their order.
 * @param rank the lower goes first where several wait; equal ones in turn
 * @returns its index
 */
export async function passFirst(turnstiles: readonly Turnstile[], rank = 0): Promise<number> {
  const open = turnstiles.findIndex((turnstile) => turnstile.tryPass());
  if (open >= 0) return open;
  return new Promise((resolve, reject) => {
    const callers = turnstiles.map((turnstile, index): Waiting => {
      const leaveOthers = (): void => {
        for (const [i, other] of turnstiles.entries()) if (i !== index) other.leave(callers[i]);
      };
      const caller = {
        rank,
        accept: () => {
          leaveOthers();
          resolve(index);
        },
        reject: (error: unknown) => {
          leaveOthers();
          reject(error);
        },
      };
      turnstile.wait(caller);
      return caller;
    });
  });
}
