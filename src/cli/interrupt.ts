/** Handles Ctrl-C and SIGTERM: the work is asked to stop and saves its state. */

export interface OnInterrupt {
  /** The reason of the abort signal, which is thrown by work that has nothing to save. */
  readonly reason?: () => Error;
  /** Prints that stopping takes a moment. */
  readonly say?: () => void;
}

/** Runs `body` with a signal that the first Ctrl-C or SIGTERM aborts. The second one ends the process immediately. */
export async function interruptible<T>(
  body: (signal: AbortSignal) => Promise<T>,
  { reason, say }: OnInterrupt = {},
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => {
    release();
    say?.();
    controller.abort(reason?.());
  };
  const release = (): void => void process.removeListener("SIGINT", stop).removeListener("SIGTERM", stop);
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await body(controller.signal);
  } finally {
    release();
  }
}
