/**
 * Allows one run at a time in a folder that a command writes to. The holder's identity is the name of a file, so it
 * appears completely or not at all.
 *
 * Every process first makes its file and then looks for others. If two start at the same time, each may see the other,
 * and both are refused. They cannot both continue: each would have to look before the other's file existed, but after
 * making its own. The same holds for two processes that take a lock over.
 *
 * For a holder on this machine, we ask the system whether the process is alive. For a holder on another machine we
 * cannot ask. It writes into its file every 30 seconds, and a file that has not been written to for 10 minutes belongs
 * to nobody. Both times come from the file system, so the clocks of the machines do not matter. A holder that slept for
 * that long finds its file gone and stops.
 */
import { readFileSync } from "node:fs";
import { open, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { describeMismatch, fromSystemError, InputError, RetryableError } from "./errors.js";

const PREFIX = ".running-";
const PATTERN = /^\.running-(.+)-(\d+)-([0-9a-f]+)$/;

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** When the process started. It is needed because process numbers are reused. */
  readonly started: string;
}

/** True for the names of lock files. */
export function isLock(name: string): boolean {
  return PATTERN.test(name);
}

const thisHost = (): string => hostname().replace(/[^\w.-]/g, "_");

/**
 * The start of a process in the kernel's clock ticks, followed by the boot that they are counted from; "0" if the
 * system does not report it; null if there is no such process.
 */
function startOf(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return null;
    // EPERM: the process belongs to another user and is alive.
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is a name in parentheses that may contain anything. The start is the 22nd field.
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
    return Number(ticks).toString(16) + boot;
  } catch {
    return "0";
  }
}

function isAlive({ pid, started }: Holder): boolean {
  const start = startOf(pid);
  return start !== null && (start === started || start === "0" || started === "0");
}

function parse(name: string): Holder | null {
  const match = PATTERN.exec(name);
  return match === null ? null : { host: match[1], pid: Number(match[2]), started: match[3] };
}

/** BEAT_MS: milliseconds between two signs of life. GONE_MS: milliseconds without one after which a file belongs to nobody. */
const BEAT_MS = 30_000;
const GONE_MS = 600_000;

/** Lock files of this process. A file with the same name that is not in this set is stale. */
const held = new Set<string>();

export interface LockOptions {
  /** Takes over the lock of a process on another machine that may still be alive. */
  readonly takeOver?: boolean;
  /** Receives a line about a lock that was taken over. */
  readonly onNotice?: ((line: string) => void) | undefined;
}

export class RunLock {
  private readonly path: string;
  private readonly folder: string;
  private timer: NodeJS.Timeout | undefined;
  private lastSign = Date.now();

  private constructor(folder: string, name: string) {
    this.folder = folder;
    this.path = join(resolve(folder), name);
  }

  /**
   * Takes the lock of a folder, which must exist.
   * @param work description of the work, for messages
   * @throws InputError if a living process holds the lock, on this machine or on another one
   */
  static async acquire(folder: string, work: string, options: LockOptions = {}): Promise<RunLock> {
    const own = `${PREFIX}${thisHost()}-${process.pid}-${startOf(process.pid) ?? "0"}`;
    const lock = new RunLock(folder, own);
    if (held.has(lock.path)) throw refusal(folder, work, "one by this process", "Wait for it.");
    held.add(lock.path);
    try {
      await (await open(lock.path, "w")).close();
      await showLife(lock.path);
    } catch (error) {
      await lock.release();
      throw fromSystemError(error, `Cannot write '${lock.path}'`);
    }
    try {
      for (const name of await readdir(folder)) {
        const holder = name === own ? null : parse(name);
        if (holder !== null) await lock.replace(holder, join(resolve(folder), name), work, options);
      }
    } catch (error) {
      await lock.release();
      throw fromSystemError(error, `Cannot lock '${folder}'`);
    }
    lock.timer = setInterval(() => void lock.expectHeld().catch(() => {}), BEAT_MS);
    lock.timer.unref();
    return lock;
  }

  /** Removes the file of a process that has ended. @throws InputError if the process may be alive */
  private async replace(holder: Holder, path: string, work: string, options: LockOptions): Promise<void> {
    const { host, pid } = holder;
    if (host === thisHost()) {
      if (isAlive(holder)) {
        const remedy = `Stop it (kill ${pid}), or choose another --out.`;
        throw refusal(this.folder, work, `one by process ${pid}${await nameOf(pid)}`, remedy);
      }
    } else {
      const silence = await this.silenceOf(path);
      if (silence === null) return;
      if (silence < GONE_MS && options.takeOver !== true) {
        const received = `one by process ${pid} on ${host}, which showed a sign of life ${since(silence)} ago`;
        const remedy = `If it no longer runs there, add --take-over. Without a sign of life for ${since(GONE_MS)}, the lock is taken over automatically.`;
        throw refusal(this.folder, work, received, remedy);
      }
      const reason = `it showed no sign of life for ${since(silence)}`;
      options.onNotice?.(`${this.folder}: taken over from process ${pid} on ${host}: ${reason}`);
    }
    await rm(path, { force: true });
  }

  /** Milliseconds from the last write to another file to the write to our own file just now; null if the other file is gone. */
  private async silenceOf(path: string): Promise<number | null> {
    await showLife(this.path);
    const [own, other] = await Promise.all([this.path, path].map((file) => stat(file).catch(() => null)));
    return other === null ? null : Math.max(0, (own ?? other).mtimeMs - other.mtimeMs);
  }

  /**
   * Shows a sign of life. Call it before you write anything that another process must not write at the same time.
   * @throws RetryableError if the lock was taken over
   */
  async expectHeld(): Promise<void> {
    try {
      await showLife(this.path);
      this.lastSign = Date.now();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "ENOENT") return; // a failing network says nothing about the holder
      const received = "another process's: this one showed no sign of life for too long";
      const remedy = "Nothing more was written. Wait for the other process, or stop it and resume.";
      throw new RetryableError(describeMismatch(this.folder, "this process's lock", received, remedy));
    }
  }

  /** True after a sleep or a very long computation: another process may have taken the lock over. */
  get isInDoubt(): boolean {
    return Date.now() - this.lastSign > GONE_MS / 2;
  }

  async release(): Promise<void> {
    clearInterval(this.timer);
    await rm(this.path, { force: true }).catch(() => {}); // a file that stays is stale when this process ends
    held.delete(this.path);
  }
}

function refusal(folder: string, work: string, received: string, remedy: string): InputError {
  return new InputError(describeMismatch(folder, `no other ${work} in this folder`, received, remedy));
}

/**
 * Writes into a lock file, which must exist: the file is not created again if another process has removed it. The
 * content always has the same length and is for people. Only the time of writing counts, and a full disk does not
 * prevent that.
 */
async function showLife(path: string): Promise<void> {
  const now = new Date();
  const text = `${JSON.stringify({ host: thisHost(), pid: process.pid, alive: now.toISOString() })}\n`;
  try {
    await writeFile(path, text, { flag: "r+" });
  } catch {
    await utimes(path, now, now);
  }
}

function since(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds === 1) return "1 second";
  return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
}

/** The command of a process, for messages. */
async function nameOf(pid: number): Promise<string> {
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  const words = command.split("\0").filter((word) => word !== "");
  return words.length === 0 ? "" : ` (${words.join(" ").slice(0, 80)})`;
}
