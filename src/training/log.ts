/** The loss log: JSON Lines, one row a step and attribute, that a resumed run continues without duplicates. */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { ensureDir, writeFileAtomic } from "../files.js";

/** A row: the step it belongs to, then named values. NaN and infinities are stored as null and read as NaN. */
export interface LossRow {
  readonly step: number;
  readonly [name: string]: number | string;
}

export class LossLog {
  private readonly path: string;
  private readonly file: FileHandle;
  private pending: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.file = file;
  }

  /**
   * Opens the log of a run that continues after `fromStep` (0 for a new run): rows of later steps, which the resumed
   * run writes again, and a last line that a crash cut short are removed. Throws an InputError for a damaged log.
   */
  static async open(path: string, fromStep: number): Promise<LossLog> {
    await ensureDir(dirname(path));
    const { text, rows } = await read(path);
    const kept = rows
      .filter((row) => row.step <= fromStep)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join("");
    if (kept !== text) await writeFileAtomic(path, kept);
    try {
      return new LossLog(path, await open(path, "a"));
    } catch (error) {
      throw fromSystemError(error, `Cannot write '${path}'`);
    }
  }

  /** Appends one row; calls may overlap, their order is kept. */
  append(row: LossRow): Promise<void> {
    // One write a line, so that a reader that follows the file sees whole rows.
    this.pending = this.pending
      .then(() => this.file.appendFile(`${JSON.stringify(row)}\n`))
      .catch((error: unknown) => {
        throw fromSystemError(error, `Cannot write '${this.path}'`);
      });
    return this.pending;
  }

  /** Waits for the rows to reach the disk. */
  async flush(): Promise<void> {
    await this.pending;
    await this.file.datasync().catch((error: unknown) => {
      throw fromSystemError(error, `Cannot write '${this.path}'`);
    });
  }

  /** Flushes and closes. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.file.close();
    }
  }
}

/**
 * The rows of a log, empty when there is none; a last line that a crash cut short is left out.
 * @param every only the steps that it divides are read: the log of a long run has millions of rows
 */
export async function readLossLog(path: string, every = 1): Promise<LossRow[]> {
  return (await read(path, every)).rows;
}

async function read(path: string, every = 1): Promise<{ text: string; rows: LossRow[] }> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return { text: "", rows: [] };
    throw fromSystemError(error, `Cannot read '${path}'`);
  }
  const lines = text.split("\n");
  lines.pop(); // empty after the last newline, or the start of a row whose end was never written
  const isWanted = (line: string): boolean =>
    every === 1 || Number(/^\{"step":(\d+)/.exec(line)?.[1] ?? 0) % every === 0;
  return { text, rows: lines.flatMap((line, i) => (isWanted(line) ? [parseRow(line, `${path}, line ${i + 1}`)] : [])) };
}

function parseRow(line: string, where: string): LossRow {
  let value: unknown;
  try {
    value = JSON.parse(line, (_key, item: unknown) => (item === null ? Number.NaN : item));
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null || !("step" in value) || !Number.isInteger(value.step)) {
    const expected = 'a JSON object with an integer "step"';
    const remedy = "Remove the line or the log.";
    throw new InputError(describeMismatch(where, expected, JSON.stringify(line.slice(0, 60)), remedy));
  }
  return value as LossRow;
}
