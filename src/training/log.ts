/** The loss log, in JSON Lines: one row per step and attribute. A resumed run continues it without duplicates. */
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { ensureDir } from "../files.js";
import { AppendFile } from "./append-file.js";

/** A row: the step it belongs to, then named values. NaN and infinities are stored as null and read as NaN. */
export interface LossRow {
  readonly step: number;
  readonly [name: string]: number | string;
}

/** Bytes per read. The log of a long run has gigabytes, and a JavaScript string holds at most 512 MiB. */
const CHUNK_BYTES = 1 << 20;
/** Most bytes of a line. A row has a few hundred bytes, so a longer line is damage. */
const MAX_LINE_BYTES = 1 << 20;
const NEWLINE = 0x0a;

export class LossLog extends AppendFile {
  /**
   * Opens the log of a run that continues after `fromStep` (0 for a new run). Cuts off the rows of later steps, which the
   * resumed run writes again, and a last line that a crash cut short. Rows are in the order of their steps, so the rows to
   * keep are the beginning of the file; a process that is killed here leaves the old log or the cut one.
   * @throws InputError for a damaged log
   */
  static async open(path: string, fromStep: number, chunkBytes = CHUNK_BYTES): Promise<LossLog> {
    await ensureDir(dirname(path));
    let kept = 0;
    await eachLine(path, chunkBytes, (line, where, end) => {
      if (stepOf(line, where) > fromStep) return false;
      kept = end;
      return true;
    });
    try {
      const file = await open(path, "a");
      try {
        if ((await file.stat()).size > kept) {
          await file.truncate(kept);
          await file.datasync();
        }
      } catch (error) {
        await file.close();
        throw error;
      }
      return new LossLog(path, file);
    } catch (error) {
      throw fromSystemError(error, `Cannot write '${path}'`);
    }
  }

  /** Appends one row; calls may overlap, their order is kept. */
  append(row: LossRow): Promise<void> {
    return this.write(`${JSON.stringify(row)}\n`);
  }
}

export interface LogSelection {
  /** Selects only steps that this number divides: a chart needs a few thousand of the millions of rows. Default 1. */
  readonly every?: number;
  /** Selects only steps after this one. Default: all. */
  readonly after?: number;
  readonly chunkBytes?: number;
}

/**
 * Returns the selected rows of a log; none if there is no log. It leaves out a last line that a crash cut short, and
 * keeps only the selected rows in memory.
 * @throws InputError for a damaged log
 */
export async function readLossLog(path: string, selection: LogSelection = {}): Promise<LossRow[]> {
  const { every = 1, after = Number.NEGATIVE_INFINITY, chunkBytes = CHUNK_BYTES } = selection;
  const rows: LossRow[] = [];
  await eachLine(path, chunkBytes, (line, where) => {
    const step = stepOf(line, where);
    if (step > after && step % every === 0) rows.push(parseRow(line, where));
    return true;
  });
  return rows;
}

/**
 * Visits the lines of a file from its beginning, as long as `visit` returns true. A missing file has no lines, and a last
 * line without a newline is not visited.
 * @param visit receives the line without its newline, its name for messages and the offset of the byte after it
 */
async function eachLine(
  path: string,
  chunkBytes: number,
  visit: (line: Buffer, where: () => string, end: number) => boolean,
): Promise<void> {
  const failed = (error: unknown): never => {
    throw fromSystemError(error, `Cannot read '${path}'`);
  };
  const file = await open(path, "r").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    return failed(error);
  });
  if (file === null) return;
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    let rest = Buffer.alloc(0);
    let [offset, number] = [0, 1];
    const where = (): string => `${path}, line ${number}`;
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunkBytes, offset + rest.length).catch(failed);
      if (bytesRead === 0) return;
      const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      let from = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
        if (!visit(bytes.subarray(from, end), where, offset + end + 1)) return;
        from = end + 1;
        number++;
      }
      rest = bytes.subarray(from);
      offset += from;
      if (rest.length > MAX_LINE_BYTES) throw damaged(where(), rest);
    }
  } finally {
    await file.close();
  }
}

const STEP = /^\{"step":(\d{1,15})[,}]/;

/** Reads the step of a row, from its first bytes if they have the form that we write. */
function stepOf(line: Buffer, where: () => string): number {
  const match = STEP.exec(line.toString("latin1", 0, 32));
  return match === null ? parseRow(line, where).step : Number(match[1]);
}

function parseRow(line: Buffer, where: () => string): LossRow {
  let value: unknown;
  try {
    value = JSON.parse(line.toString("utf8"), (_key, item: unknown) => (item === null ? Number.NaN : item));
  } catch {
    value = undefined;
  }
  if (typeof value !== "object" || value === null || !("step" in value) || !Number.isInteger(value.step)) {
    throw damaged(where(), line);
  }
  return value as LossRow;
}

function damaged(where: string, line: Buffer): InputError {
  const expected = 'a JSON object with an integer "step"';
  const received = JSON.stringify(line.toString("utf8", 0, 60));
  return new InputError(describeMismatch(where, expected, received, "Remove the line or the log."));
}
