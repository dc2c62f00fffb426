/**
 * Reads and writes NumPy's .npy files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). Only
 * numbers are accepted; objects are refused.
 */
import { describeMismatch, InputError } from "../errors.js";
import { fromFloat16 } from "./float16.js";

/** An array of numbers, row-major. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
  /**
   * Set if the file contains float16, whose numbers have 11 significant bits. For float32 and float64, see the type of
   * `data`.
   */
  readonly isHalf?: true;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // "\x93NUMPY"
const ITEM_BYTES: Readonly<Record<string, number>> = {
  f4: 4,
  f8: 8,
  f2: 2,
  u1: 1,
  i1: 1,
  u2: 2,
  i2: 2,
  u4: 4,
  i4: 4,
  i8: 8,
  u8: 8,
  b1: 1,
};

/** True for the first bytes of a .npy file. */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** The fields of a .npy file's header as they are written there; undefined for one that is missing. */
export interface NpyFields {
  /** Major and minor version of the format. */
  readonly version: readonly [number, number];
  /** NumPy's name of the type, such as "<f4". */
  readonly descriptor: string | undefined;
  readonly order: string | undefined;
  /** The extents with commas between them. */
  readonly extents: string | undefined;
  /** The header's text. */
  readonly text: string;
  /** Byte offset of the data, which may be beyond the end of a damaged file. */
  readonly start: number;
}

/** Reads the header of a .npy file. @param bytes at least its first 12 bytes and the whole header */
export function readNpyFields(bytes: Uint8Array): NpyFields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [major, minor] = [bytes[6], bytes[7]];
  const [from, length] = major === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const text = new TextDecoder("latin1").decode(bytes.subarray(from, from + length));
  // The header is a Python literal with these three keys.
  return {
    version: [major, minor],
    descriptor: /'descr'\s*:\s*'([^']+)'/.exec(text)?.[1],
    order: /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1],
    extents: /'shape'\s*:\s*\(([^)]*)\)/.exec(text)?.[1],
    text,
    start: from + length,
  };
}

/**
 * @param source names the file in messages
 * @throws InputError if the file is damaged or does not contain numbers
 */
export function decodeNpy(bytes: Uint8Array, source: string): NpyArray {
  const refuse = (what: string, expected: string, received: string, remedy: string): InputError =>
    new InputError(describeMismatch(`${source}: ${what}`, expected, received, remedy));
  if (!isNpy(bytes) || bytes.length < 12) {
    throw refuse("file", "a .npy file", bytes.length === 0 ? "an empty one" : "something else", "Choose another file.");
  }
  const { descriptor, order, extents, text, start } = readNpyFields(bytes);
  if (start > bytes.length) throw refuse("header", "a whole one", "a file that is cut short", "Fetch it again.");
  if (descriptor === undefined || order === undefined || extents === undefined) {
    const remedy = "Save a plain array of numbers with numpy.save.";
    throw refuse("header", "descr, fortran_order and shape", text.trim().slice(0, 60), remedy);
  }
  const [, endian, type] = /^([<>|=])(\w+)$/.exec(descriptor) ?? [];
  if (type === "O") {
    const remedy = "Nothing of it was run. Save the arrays themselves: numpy.savez(FILE, mu=mu, sigma=sigma).";
    throw refuse("dtype", "numbers", "a pickle of Python objects ('|O')", remedy);
  }
  if (type === undefined || !Object.hasOwn(ITEM_BYTES, type)) {
    throw refuse("dtype", "real numbers", `'${descriptor}'`, "Save it as numbers, such as float32 or float64.");
  }
  const shape = extents
    .split(",")
    .map((text) => text.trim())
    .filter((text) => text !== "")
    // Python 2 wrote some of them with an L.
    .map((text) => (/^\d+L?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN));
  if (shape.some(Number.isNaN)) {
    throw refuse("shape", "whole numbers from 0", `(${extents})`, "It is damaged; save it again.");
  }
  const count = shape.reduce((product, extent) => product * extent, 1);
  const data = bytes.subarray(start);
  if (!Number.isSafeInteger(count) || data.length < count * ITEM_BYTES[type]) {
    const received = `${data.length} for the shape (${shape.join(", ")})`;
    throw refuse("data", `${count * ITEM_BYTES[type]} bytes`, received, "It is cut short; fetch it again.");
  }
  const values = readNumbers(data, type, count, endian === ">");
  const half = type === "f2" ? ({ isHalf: true } as const) : {};
  return { shape, data: order === "True" ? toRowMajor(values, shape) : values, ...half };
}

function readNumbers(bytes: Uint8Array, type: string, count: number, isBig: boolean): Float32Array | Float64Array {
  // Copy, because a typed array must begin at a multiple of its item size.
  const copy = new Uint8Array(bytes.subarray(0, count * ITEM_BYTES[type]));
  if (isBig)
    for (let at = 0; at < copy.length; at += ITEM_BYTES[type]) copy.subarray(at, at + ITEM_BYTES[type]).reverse();
  const { buffer } = copy;
  switch (type) {
    case "f4":
      return new Float32Array(buffer);
    case "f8":
      return new Float64Array(buffer);
    case "f2":
      return Float32Array.from(new Uint16Array(buffer), fromFloat16);
    case "i8": {
      const wide = new BigInt64Array(buffer);
      return Float64Array.from({ length: count }, (_, i) => Number(wide[i]));
    }
    case "u8": {
      const wide = new BigUint64Array(buffer);
      return Float64Array.from({ length: count }, (_, i) => Number(wide[i]));
    }
    case "i4":
      return Float64Array.from(new Int32Array(buffer));
    case "u4":
      return Float64Array.from(new Uint32Array(buffer));
    case "i2":
      return Float32Array.from(new Int16Array(buffer));
    case "u2":
      return Float32Array.from(new Uint16Array(buffer));
    case "i1":
      return Float32Array.from(new Int8Array(buffer));
    default:
      return Float32Array.from(new Uint8Array(buffer));
  }
}

function toRowMajor(values: Float32Array | Float64Array, shape: readonly number[]): Float32Array | Float64Array {
  const out = values.slice();
  const index = shape.map(() => 0);
  for (let from = 0; from < values.length; from++) {
    out[index.reduce((at, i, axis) => at * shape[axis] + i, 0)] = values[from];
    for (let axis = 0; axis < shape.length; axis++) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return out;
}

/**
 * The bytes before the data of a .npy file of version 1: 128 unless the array has very many axes.
 * @param descriptor NumPy's name of the type, such as "<f4" or "|u1"
 */
export function npyHeader(descriptor: string, shape: readonly number[]): Uint8Array {
  const extents = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descriptor}', 'fortran_order': False, 'shape': (${extents}), }`;
  // The data begin at a multiple of 64. The header ends with a newline.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(length).fill(0x20, 10);
  bytes.set([...MAGIC, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[length - 1] = 0x0a;
  return bytes;
}

/** Encodes a .npy file, in float32 or float64 like the data. */
export function encodeNpy({ shape, data }: NpyArray): Uint8Array {
  const header = npyHeader(data instanceof Float32Array ? "<f4" : "<f8", shape);
  const bytes = new Uint8Array(header.length + data.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), header.length);
  return bytes;
}
