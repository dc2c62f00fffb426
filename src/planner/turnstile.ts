/** A count of free places that callers wait for in turn; failing it ends all waits, now and later. */
export class Turnstile {
  private free: number;
  private readonly waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  private failure: { readonly error: unknown } | null = null;

  constructor(free: number) {
    this.free = free;
  }

  /** Takes a place, waiting while there is none. Rejects with the error of `fail`. */
  async pass(): Promise<void> {
    if (this.failure !== null) throw this.failure.error;
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** Gives a place back, or adds one. */
  open(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.free++;
    else next.resolve(); // the place is handed over
  }

  fail(error: unknown): void {
    this.failure ??= { error };
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }
}
