/**
 * One run at a time in a folder that a command writes to. The holder's identity is the name of an empty file, so that it appears whole
 * or not at all, and a crash needs no clean-up: a file whose process is gone is stale and is removed by the next start.
 *
 * Everybody first makes a file and then looks for others. Of two that start at once each may see the other, and both are
 * refused; that both go on would need each to look before the other's file was there, after making its own.
 */
import { readFileSync } from "node:fs";
import { open, readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "./errors.js";

const PREFIX = ".running-";
const PATTERN = /^\.running-(.+)-(\d+)-([0-9a-f]+)$/;

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** When the process started; process numbers are used again. */
  readonly started: string;
}

/** True for the names that locks have. */
export function isLock(name: string): boolean {
  return PATTERN.test(name);
}

const thisHost = (): string => hostname().replace(/[^\w.-]/g, "_");

/**
 * The start of a process in the kernel's clock ticks, with the boot that they are counted from; "0" where the system does not
 * tell. Null when there is no such process.
 */
function startOf(pid: number): string | null {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return null;
    // EPERM: another user's, and alive.
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is a name in parentheses that may hold anything; the start is the 22nd field.
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

/** Files of this process; one of the same name that is not among them is stale. */
const held = new Set<string>();

export class RunLock {
  private readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Takes the lock of a folder, which must exist.
   * @param work what runs there, for messages
   * @throws InputError when a living process holds it, or one on another machine, which cannot be judged from here
   */
  static async acquire(folder: string, work: string): Promise<RunLock> {
    const own = `${PREFIX}${thisHost()}-${process.pid}-${startOf(process.pid) ?? "0"}`;
    const lock = new RunLock(join(resolve(folder), own));
    const refusal = (received: string, remedy: string): InputError =>
      new InputError(describeMismatch(folder, `no other ${work} in this folder`, received, remedy));
    if (held.has(lock.path)) throw refusal("one by this process", "Wait for it.");
    held.add(lock.path);
    try {
      await (await open(lock.path, "w")).close();
    } catch (error) {
      held.delete(lock.path);
      throw fromSystemError(error, `Cannot write '${lock.path}'`);
    }
    try {
      for (const name of await readdir(folder)) {
        const holder = name === own ? null : parse(name);
        if (holder === null) continue;
        const path = join(resolve(folder), name);
        if (holder.host !== thisHost()) {
          const remedy = `If it no longer runs there, delete '${path}'.`;
          throw refusal(`one by process ${holder.pid} on ${holder.host}`, remedy);
        }
        if (isAlive(holder)) {
          const remedy = `Stop it (kill ${holder.pid}), or choose another --out.`;
          throw refusal(`one by process ${holder.pid}${await nameOf(holder.pid)}`, remedy);
        }
        await rm(path, { force: true });
      }
    } catch (error) {
      await lock.release();
      throw error;
    }
    return lock;
  }

  async release(): Promise<void> {
    await rm(this.path, { force: true }).catch(() => {}); // stale as soon as this process ends
    held.delete(this.path);
  }
}

/** The command of a process, for messages. */
async function nameOf(pid: number): Promise<string> {
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  const words = command.split("\0").filter((word) => word !== "");
  return words.length === 0 ? "" : ` (${words.join(" ").slice(0, 80)})`;
}
