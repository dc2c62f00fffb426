/**
 * The errors that we throw and their messages. A message states the name, what was expected, what was received and what
 * to do, on one line. The class of an error sets the exit code of the command (docs/commands.md).
 */

/** The exit codes of the commands. Every error of ours has one, so that a script that uses the library can end with it, too. */
export const ExitCode = {
  /** Everything is done. */
  done: 0,
  /** A bug in elegant-faces. Node uses the same code for uncaught exceptions. */
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
/** One of the exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/**
 * An error that the user can act on. Its message is one line: the name of what was wrong, what was expected, what was received, and
 * what to do. All errors that the library throws on purpose are of this class.
 */
export class ElegantError extends Error {
  /** The code that a command ends with after this error. */
  readonly exitCode: ExitCode;

  /** Used by the library itself, through the classes below. */
  constructor(message: string, exitCode: ExitCode, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.exitCode = exitCode;
  }
}

/** A wrong option, a wrong file or wrong data: exit code 2. Nothing was changed. */
export class InputError extends ElegantError {
  /** @param message one line in our standard form */
  constructor(message: string, options?: ErrorOptions) {
    super(message, ExitCode.usage, options);
  }
}

/** A failure that may pass, such as a full disk or a lost GPU: exit code 4. Try again, or on another device. */
export class RetryableError extends ElegantError {
  /** @param message one line in our standard form */
  constructor(message: string, options?: ErrorOptions) {
    super(message, ExitCode.retry, options);
  }
}

/** One file that the disk or the network mount does not deliver, even after several tries. Other files may be fine. */
export class UnreadableFileError extends RetryableError {}

/** The work was interrupted by its `signal`, and its state was saved: exit code 130. The same call continues it. */
export class InterruptedError extends ElegantError {
  /** @param message one line in our standard form */
  constructor(message: string, options?: ErrorOptions) {
    super(message, ExitCode.interrupted, options);
  }
}

/** A message in our standard form: `name: expected X, received Y. What to do.` */
export function describeMismatch(name: string, expected: string, received: string, remedy: string): string {
  return `${name}: expected ${expected}, received ${received}. ${remedy}`;
}

const RETRYABLE_CODES = new Set(["ENOSPC", "EDQUOT", "EIO", "EMFILE", "ENFILE", "EAGAIN", "EBUSY"]);

/** For failure codes whose own message is unclear: what the path should have been, what it was, and what to do. */
const MISTAKEN_PATHS: Readonly<Record<string, readonly [expected: string, received: string, remedy: string]>> = {
  ENOTDIR: ["a folder", "a file in its place", "Check the path, or choose another."],
  EEXIST: ["a new name", "the name of something that is there", "Check the path, or choose another."],
  EISDIR: ["a file", "a folder", "Check the path, and name a file."],
  ENOTEMPTY: ["an empty folder", "one with entries", "Check the path, or choose another."],
  ELOOP: ["a path", "links in a circle", "Check the path."],
  ENAMETOOLONG: ["a path", "one that is too long for the file system", "Choose a shorter one."],
};

/**
 * Turns a file system error into one of our errors, whose message names the file and says what to do.
 * @param doing the operation and the path, as the start of the message
 */
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

/** For catch(): throws any error as the one that fromSystemError() makes of it. */
export function rethrowAs(doing: string): (error: unknown) => never {
  return (error) => {
    throw fromSystemError(error, doing);
  };
}
