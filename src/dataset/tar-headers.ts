/**
 * Reads the headers of a tar file and skips the contents, so that a file of gigabytes is listed in a moment. It knows the
 * forms that tar programs write: ustar with its prefix, GNU's long names and sizes beyond 8 GiB, pax. tar-stream only
 * reads whole files from beginning to end.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import type { ByteRange } from "../image/picture-source.js";

const BLOCK = 512;
/** The most bytes of a long name or of pax attributes. No program writes more than some kilobytes. */
const MOST_NOTES = 2 ** 20;
const REMEDY = "Fetch it again, or make it again.";

/** An ordinary file within a tar file. */
export interface TarMember extends ByteRange {
  readonly name: string;
}

function textOf(block: Uint8Array, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString("utf8");
}

/** An octal number, or GNU's form for large ones; NaN for anything else. */
function numberOf(block: Uint8Array, start: number, length: number): number {
  const field = block.subarray(start, start + length);
  if (field[0] === 0x80) return field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
  const text = textOf(block, start, length).trim();
  return /^[0-7]*$/.test(text) ? Number.parseInt(text || "0", 8) : Number.NaN;
}

/** True if a header's checksum is right: the sum of its bytes, with spaces in the checksum's place. */
function hasChecksum(block: Uint8Array): boolean {
  let sum = 8 * 0x20;
  for (let i = 0; i < 148; i++) sum += block[i];
  for (let i = 156; i < BLOCK; i++) sum += block[i];
  return sum === numberOf(block, 148, 8);
}

/** The `key=value` records of a pax header; null if they are damaged. */
function paxRecords(bytes: Buffer): ReadonlyMap<string, string> | null {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(bytes.subarray(at, space).toString("latin1"));
    const record = bytes.subarray(space + 1, at + length);
    const equals = record.indexOf(0x3d);
    const isWhole = space > at && Number.isInteger(length) && at + length <= bytes.length;
    if (!isWhole || equals < 1 || record.at(-1) !== 0x0a) return null;
    records.set(record.subarray(0, equals).toString(), record.subarray(equals + 1, -1).toString());
    at += length;
  }
  return records;
}

/** The ordinary files of a tar file, in its order. @throws InputError if it is not a tar file, damaged or cut short */
export function readTarHeaders(path: string): TarMember[] {
  let file: number | null = null;
  try {
    file = openSync(path, "r");
    return readMembers(file, path);
  } catch (error) {
    throw fromSystemError(error, `Reading ${path}`);
  } finally {
    if (file !== null) closeSync(file);
  }
}

function readMembers(file: number, path: string): TarMember[] {
  const end = fstatSync(file).size;
  const damage = (at: number, received: string): InputError =>
    new InputError(describeMismatch(`${path}: byte ${at}`, "a header of a whole tar file", received, REMEDY));
  const read = (at: number, length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const count = readSync(file, bytes, done, length - done, at + done);
      if (count === 0) throw damage(at, "the end of the file");
      done += count;
    }
    return bytes;
  };
  const members: TarMember[] = [];
  /** What headers before the next member say about it. */
  let [longName, pax]: [string | null, ReadonlyMap<string, string>] = [null, new Map()];
  for (let at = 0; at < end; ) {
    const block = read(at, BLOCK);
    // Two empty blocks end the archive. Some programs write one, or none.
    if (block[0] === 0 && block.every((byte) => byte === 0)) return members;
    if (!hasChecksum(block)) throw damage(at, at === 0 ? "another kind of file" : "damaged bytes");
    const type = String.fromCharCode(block[156]);
    const isNote = type === "L" || type === "K" || type === "x" || type === "g";
    const size = isNote || !pax.has("size") ? numberOf(block, 124, 12) : Number(pax.get("size"));
    if (!Number.isSafeInteger(size) || size < 0) throw damage(at, "a size that is no number of bytes");
    const offset = at + BLOCK;
    // Links and folders may have a size and no contents.
    const length = "123456".includes(type) ? 0 : size;
    if (offset + length > end) throw damage(at, `an entry of ${length} bytes, of which ${end - offset} are there`);
    at = offset + Math.ceil(length / BLOCK) * BLOCK;
    if (isNote) {
      if (length > MOST_NOTES) throw damage(offset, `${length} bytes of attributes`);
      const notes = read(offset, length);
      if (type === "L") longName = textOf(notes, 0, length);
      if (type === "x") {
        const records = paxRecords(notes);
        if (records === null) throw damage(offset, "damaged attributes");
        pax = records;
      }
      continue;
    }
    if (type === "0" || type === "\0" || type === "7") {
      const prefix = textOf(block, 257, 6) === "ustar" ? textOf(block, 345, 155) : "";
      const short = textOf(block, 0, 100);
      const name = pax.get("path") ?? longName ?? (prefix === "" ? short : `${prefix}/${short}`);
      // Old programs mark folders by their name only.
      if (!name.endsWith("/")) members.push({ name, offset, length });
    }
    [longName, pax] = [null, new Map()];
  }
  return members;
}
