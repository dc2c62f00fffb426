/**
 * Reads and writes the ZIP container of torch.save and numpy.savez (APPNOTE.TXT 6.3). Entries are stored or deflated,
 * and sizes may be in the 64-bit extension. Everything is bounds-checked before it is used.
 */
import { crc32, inflateRaw } from "#platform";
import { describeMismatch, InputError } from "../errors.js";

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const END64_LOCATOR = 0x07064b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
const ZIP64_EXTRA = 1;
const NARROW = 0xffffffff;
const UTF8_NAMES = 0x0800;
/** 1980-01-01, so that a file's bytes do not depend on when it was written. */
const DATE = 0x0021;

export interface ZipEntry {
  readonly name: string;
  /** Stored bytes, as a view of the archive. */
  readonly data: Uint8Array;
}

/** True for the first bytes of an archive. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true) === LOCAL_HEADER;
}

/**
 * The entries of an archive by name. Stored entries are views of the archive.
 * @param source names the file in messages
 * @param maxInflated largest number of bytes that compressed entries may take together; 0 refuses them
 * @throws InputError for an archive that is cut short or damaged
 */
export function readZip(bytes: Uint8Array, source: string, maxInflated = 0): ReadonlyMap<string, Uint8Array> {
  let inflated = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (expected: string, received: string): InputError =>
    new InputError(describeMismatch(`${source}: zip archive`, expected, received, "Fetch or save the file again."));
  const within = (from: number, length: number, what: string): void => {
    if (!Number.isSafeInteger(from) || from < 0 || length < 0 || from + length > bytes.length) {
      throw damaged(`${what} within ${bytes.length} bytes`, `${length} bytes at ${from}`);
    }
  };
  const wide = (at: number): number => Number(view.getBigUint64(at, true));

  const { count, offset } = findDirectory(view, damaged, within, wide);
  const entries = new Map<string, Uint8Array>();
  let at = offset;
  for (let i = 0; i < count; i++) {
    within(at, CENTRAL_BYTES, "an entry of the directory");
    if (view.getUint32(at, true) !== CENTRAL_HEADER) throw damaged(`${count} entries`, `${i}`);
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const checksum = view.getUint32(at + 16, true);
    let [packed, size, local] = [at + 20, at + 24, at + 42].map((field) => view.getUint32(field, true));
    const [nameBytes, extraBytes, commentBytes] = [at + 28, at + 30, at + 32].map((f) => view.getUint16(f, true));
    within(at + CENTRAL_BYTES, nameBytes + extraBytes + commentBytes, "a name");
    const extra = at + CENTRAL_BYTES + nameBytes;
    const name = new TextDecoder().decode(bytes.subarray(at + CENTRAL_BYTES, extra));
    for (let field = extra; field + 4 <= extra + extraBytes; ) {
      const [tag, length] = [view.getUint16(field, true), view.getUint16(field + 2, true)];
      within(field + 4, length, "an extra field");
      if (tag === ZIP64_EXTRA) {
        // The extension contains only the fields that did not fit, in this order.
        let wideAt = field + 4;
        const next = (narrow: number): number => {
          if (narrow !== NARROW) return narrow;
          within(wideAt, 8, "a 64-bit size");
          wideAt += 8;
          return wide(wideAt - 8);
        };
        size = next(size);
        packed = next(packed);
        local = next(local);
      }
      field += 4 + length;
    }
    const isDeflated = method === 8 && maxInflated > 0;
    if ((flags & 1) !== 0 || !(isDeflated || (method === 0 && packed === size))) {
      const expected = `'${name}' stored${maxInflated > 0 ? " or deflated" : ", as torch.save does"}`;
      throw damaged(expected, "an entry that is compressed otherwise or encrypted");
    }
    if (isDeflated) inflated += size;
    if (inflated > maxInflated) throw damaged(`at most ${maxInflated} bytes unpacked`, `${inflated}`);
    within(local, LOCAL_BYTES, "the header of an entry");
    if (view.getUint32(local, true) !== LOCAL_HEADER) throw damaged(`'${name}' at byte ${local}`, "something else");
    const from = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    within(from, packed, `'${name}'`);
    const stored = bytes.subarray(from, from + packed);
    const data = isDeflated ? inflate(stored, size, () => damaged(`${size} bytes of '${name}'`, "other ones")) : stored;
    // Writers that do not compute checksums leave 0 (torch.save with compute_crc32 = False, some Rust and C++ tools).
    if (checksum !== 0 && crc32(data) !== checksum)
      throw damaged(`the checksum of '${name}'`, "another one: the file is damaged");
    entries.set(name, data);
    at += CENTRAL_BYTES + nameBytes + extraBytes + commentBytes;
  }
  return entries;
}

/** Unpacks exactly `size` bytes. */
function inflate(packed: Uint8Array, size: number, damaged: () => InputError): Uint8Array {
  const { data } = inflateRaw(packed, size);
  if (data?.length !== size) throw damaged();
  return data;
}

/** Where the directory begins, and how many entries it has. */
function findDirectory(
  view: DataView,
  damaged: (expected: string, received: string) => InputError,
  within: (from: number, length: number, what: string) => void,
  wide: (at: number) => number,
): { readonly count: number; readonly offset: number } {
  const lowest = Math.max(0, view.byteLength - END_BYTES - 0xffff);
  for (let end = view.byteLength - END_BYTES; end >= lowest; end--) {
    if (view.getUint32(end, true) !== END) continue;
    const locator = end - 20;
    if (locator >= 0 && view.getUint32(locator, true) === END64_LOCATOR) {
      const end64 = wide(locator + 8);
      within(end64, 56, "the 64-bit directory");
      if (view.getUint32(end64, true) !== END64) throw damaged("a 64-bit directory", "something else");
      return { count: wide(end64 + 32), offset: wide(end64 + 48) };
    }
    return { count: view.getUint16(end + 10, true), offset: view.getUint32(end + 16, true) };
  }
  throw damaged("a directory at its end", "none: the file is cut short");
}

/**
 * Writes an archive of stored entries. Each begins at a multiple of 64 bytes, as in torch.save, so that it can be
 * memory-mapped.
 * @throws InputError if it would be larger than 4 GiB
 */
export function writeZip(entries: readonly ZipEntry[]): Uint8Array {
  const encoder = new TextEncoder();
  const placed: { readonly name: Uint8Array; readonly data: Uint8Array; readonly pad: number; readonly at: number }[] =
    [];
  let at = 0;
  for (const { name, data } of entries) {
    const encoded = encoder.encode(name);
    const begin = at + LOCAL_BYTES + encoded.length;
    // The extra field that fills the gap has a tag and a length of its own.
    const pad = ((64 - ((begin + 4) % 64)) % 64) + 4;
    placed.push({ name: encoded, data, pad, at });
    at = begin + pad + data.length;
  }
  const directory = at;
  const size = directory + placed.reduce((sum, { name }) => sum + CENTRAL_BYTES + name.length, 0) + END_BYTES;
  if (size > NARROW) {
    throw new InputError(describeMismatch("zip archive", "at most 4 GiB", `${size} bytes`, "Write fewer tensors."));
  }
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const common = (to: number, checksum: number, length: number, nameBytes: number): void => {
    view.setUint16(to, 20, true); // version needed
    view.setUint16(to + 2, UTF8_NAMES, true);
    view.setUint16(to + 8, DATE, true);
    view.setUint32(to + 10, checksum, true);
    view.setUint32(to + 14, length, true);
    view.setUint32(to + 18, length, true);
    view.setUint16(to + 22, nameBytes, true);
  };
  let central = directory;
  for (const entry of placed) {
    const checksum = crc32(entry.data);
    view.setUint32(entry.at, LOCAL_HEADER, true);
    common(entry.at + 4, checksum, entry.data.length, entry.name.length);
    view.setUint16(entry.at + 28, entry.pad, true);
    bytes.set(entry.name, entry.at + LOCAL_BYTES);
    const extra = entry.at + LOCAL_BYTES + entry.name.length;
    bytes.set([0x46, 0x42], extra); // "FB", the tag that PyTorch uses for padding
    view.setUint16(extra + 2, entry.pad - 4, true);
    bytes.set(entry.data, extra + entry.pad);
    view.setUint32(central, CENTRAL_HEADER, true);
    view.setUint16(central + 4, 20, true); // version made by
    common(central + 6, checksum, entry.data.length, entry.name.length);
    view.setUint32(central + 42, entry.at, true);
    bytes.set(entry.name, central + CENTRAL_BYTES);
    central += CENTRAL_BYTES + entry.name.length;
  }
  view.setUint32(central, END, true);
  view.setUint16(central + 8, placed.length, true);
  view.setUint16(central + 10, placed.length, true);
  view.setUint32(central + 12, central - directory, true);
  view.setUint32(central + 16, directory, true);
  return bytes;
}
