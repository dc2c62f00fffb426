/**
 * Every message we throw. A message says name, expected, received, and what to do, on one line.
 * The class carries the exit code of the command line's contract (docs/commands.md).
 */

export const ExitCode = {
  done: 0,
  /** A fault of ours; Node gives uncaught exceptions the same code. */
  internal: 1,
  /** Bad usage or input; nothing was changed. */
  usage: 2,
  /** Done, but some items failed and are listed in the report. */
  partial: 3,
  /** A failure worth retrying: disk full, device lost. */
  retry: 4,
  /** Interrupted with the state saved. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** An error that the user can act on: printed as one line, without a stack. */
export class ElegantError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.exitCode = exitCode;
  }
}

/** Wrong option, wrong file, wrong data: exit code 2. */
export class InputError extends ElegantError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, ExitCode.usage, options);
  }
}

/** Worth trying again later or elsewhere (disk full, device lost): exit code 4. */
export class RetryableError extends ElegantError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, ExitCode.retry, options);
  }
}

/** One file that the disk or the network mount does not give, even after several tries. Other files may be sound. */
export class UnreadableFileError extends RetryableError {}

/** The work was interrupted and its state saved: exit code 130. */
export class InterruptedError extends ElegantError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, ExitCode.interrupted, options);
  }
}

/** A message in the house's form: `name: expected X, received Y. What to do.` */
export function describeMismatch(name: string, expected: string, received: string, remedy: string): string {
  return `${name}: expected ${expected}, received ${received}. ${remedy}`;
}

const RETRYABLE_CODES = new Set(["ENOSPC", "EDQUOT", "EIO", "EMFILE", "ENFILE", "EAGAIN", "EBUSY"]);

/** What a path was and should have been, by the code of the failure; the other codes say it well themselves. */
const MISTAKEN_PATHS: Readonly<Record<string, readonly [expected: string, received: string, remedy: string]>> = {
  ENOTDIR: ["a folder", "a file in its place", "Check the path, or choose another."],
  EEXIST: ["a new name", "the name of something that is there", "Check the path, or choose another."],
  EISDIR: ["a file", "a folder", "Check the path, and name a file."],
  ENOTEMPTY: ["an empty folder", "one with entries", "Check the path, or choose another."],
  ELOOP: ["a path", "links in a circle", "Check the path."],
  ENAMETOOLONG: ["a path", "one that is too long for the file system", "Choose a shorter one."],
};

/** Turns a file system failure into the error of ours that names the file and says what to do. */
export function fromSystemError(error: unknown, doing: string): ElegantError {
  if (error instanceof ElegantError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code in MISTAKEN_PATHS) {
    return new InputError(describeMismatch(doing, ...MISTAKEN_PATHS[code]), { cause: error });
  }
  const detail = error instanceof Error ? error.message : String(error);
  if (RETRYABLE_CODES.has(code)) {
    const remedy = code === "ENOSPC" || code === "EDQUOT" ? "Free some space and run the command again." : "Try again.";
    return new RetryableError(`${doing}: ${detail}. ${remedy}`, { cause: error });
  }
  return new InputError(`${doing}: ${detail}. Check the path and its permissions.`, { cause: error });
}
