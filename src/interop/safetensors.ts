/**
 * Reads and writes the safetensors file format (https://huggingface.co/docs/safetensors): a 64-bit little-endian header
 * length, a JSON header with each tensor's type, shape and position, then the data, little-endian, without gaps.
 */
import { describeMismatch, InputError } from "../errors.js";
import { FLOAT16_MAX, fromBfloat16, fromFloat16, toFloat16 } from "./float16.js";

/** Tensors by name, row-major. A scalar has the shape []. Iteration follows the order of the data in the file. */
export type NamedTensors = Map<
  string,
  {
    /** Length of each dimension. */
    readonly shape: readonly number[];
    /** The values, row-major; as many as the shape has places. */
    readonly data: Float32Array;
  }
>;

/** How encodeSafetensors() stores tensors. */
export interface EncodeOptions {
  /** How numbers are stored. "F16" halves the file and keeps 11 significant bits. Default "F32". */
  readonly dtype?: "F32" | "F16";
}

const LENGTH_BYTES = 8;
/** The limit set by the format's own reader, in bytes. */
const MAX_HEADER_BYTES = 100_000_000;
const METADATA_KEY = "__metadata__";
const ITEM_BYTES: Readonly<Record<string, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 };
/** Bytes per value of types that no network needs: counters, masks, quantised weights. */
const OTHER_BYTES: Readonly<Record<string, number>> = {
  ...{ I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 },
  ...{ F8_E4M3: 1, F8_E5M2: 1, F8_E8M0: 1, F8_E4M3FNUZ: 1, F8_E5M2FNUZ: 1, C64: 8 },
};

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Encodes a safetensors file.
 * @param metadata texts by name, stored in the header; an empty object for none
 * @returns the bytes of the file
 * @throws InputError if a tensor has the name that the format keeps for texts, if a tensor's data does not fill its shape, or if a finite value would
 * overflow to infinity in "F16"
 */
export function encodeSafetensors(
  tensors: NamedTensors,
  metadata: Readonly<Record<string, string>>,
  options: EncodeOptions = {},
): Uint8Array {
  const dtype = options.dtype ?? "F32";
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) entries.push([METADATA_KEY, metadata]);
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    if (name === METADATA_KEY) {
      throw new InputError(`A tensor cannot be named '${METADATA_KEY}', which safetensors keeps for texts. Rename it.`);
    }
    const size = elementCount(shape);
    if (size !== data.length) {
      const expected = `${size} values for the shape [${shape.join(", ")}]`;
      throw new InputError(describeMismatch(`Tensor '${name}'`, expected, `${data.length}`, "Correct its shape."));
    }
    const end = offset + size * ITEM_BYTES[dtype];
    entries.push([name, { dtype, shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  // Spaces up to a multiple of 8, so that the data can be viewed in place.
  const headerBytes = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes + offset).fill(
    0x20,
    LENGTH_BYTES,
    LENGTH_BYTES + headerBytes,
  );
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(header, LENGTH_BYTES);
  let at = LENGTH_BYTES + headerBytes;
  for (const [name, { data }] of tensors) {
    if (dtype === "F32") new Float32Array(bytes.buffer, at, data.length).set(data);
    else narrow(name, data, new Uint16Array(bytes.buffer, at, data.length));
    at += data.length * ITEM_BYTES[dtype];
  }
  return bytes;
}

function narrow(name: string, data: Float32Array, out: Uint16Array): void {
  for (let i = 0; i < data.length; i++) {
    const bits = toFloat16(data[i]);
    if ((bits & 0x7fff) === 0x7c00 && Number.isFinite(data[i])) {
      const received = `${data[i]} at index ${i}`;
      throw new InputError(
        describeMismatch(`Tensor '${name}'`, `|x| <= ${FLOAT16_MAX} for F16`, received, "Store F32."),
      );
    }
    out[i] = bits;
  }
}

/**
 * Decodes a safetensors file. F16, BF16 and F64 numbers become float32. F32 tensors at a multiple of four bytes are
 * views of `bytes`: change neither. A tensor of another type (integers, masks, float8) throws an InputError when its
 * data is read.
 * @param bytes the whole file
 * @param name  the file's name, for messages
 * @throws InputError for a damaged or cut file
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  name: string,
): {
  /** By name, in the order of their data in the file. */
  tensors: NamedTensors;
  /** The texts of the header. Other values than texts are there as JSON. */
  metadata: Record<string, string>;
} {
  const { header, dataStart } = readHeader(bytes, name);
  const available = bytes.length - dataStart;
  const metadata = readMetadata(header, name);
  const entries = Object.entries(header)
    .filter(([key]) => key !== METADATA_KEY)
    .map(([key, value]) => readEntry(key, value, name))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let previous = 0;
  for (const entry of entries) {
    const expected = `data from byte ${previous}`;
    if (entry.begin !== previous) {
      const fault = entry.begin < previous ? "Tensors overlap" : "There is a hole before it";
      throw damaged(name, `tensor '${entry.name}'`, expected, `from ${entry.begin}. ${fault}`);
    }
    previous = entry.end;
  }
  if (previous !== available) throw damaged(name, "data", `${previous} bytes`, `${available}`);
  const tensors: NamedTensors = new Map();
  for (const entry of entries) {
    const view = bytes.subarray(dataStart + entry.begin, dataStart + entry.end);
    tensors.set(entry.name, Object.hasOwn(ITEM_BYTES, entry.dtype) ? decode(entry, view) : unreadable(entry, name));
  }
  return { tensors, metadata };
}

type NamedTensor = NamedTensors extends Map<string, infer Tensor> ? Tensor : never;

function decode({ shape, dtype }: Entry, bytes: Uint8Array): NamedTensor {
  return { shape, data: toFloat32(bytes, dtype) };
}

/** A tensor whose numbers are refused only when they are read: files of other tools contain some that nobody needs. */
function unreadable({ name: key, shape, dtype }: Entry, name: string): NamedTensor {
  return {
    shape,
    get data(): never {
      const expected = "dtype F64, F32, F16 or BF16";
      const remedy = "Convert it to one of them.";
      throw new InputError(describeMismatch(`${name}: tensor '${key}'`, expected, `"${dtype}"`, remedy));
    },
  };
}

function readHeader(bytes: Uint8Array, name: string): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) throw damaged(name, "file", "at least 8 bytes", `${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const bound = Math.min(bytes.length - LENGTH_BYTES, MAX_HEADER_BYTES);
  if (length > BigInt(bound)) throw damaged(name, "header", `at most ${bound} bytes`, `a length of ${length}`);
  const dataStart = LENGTH_BYTES + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, dataStart)));
  } catch (error) {
    throw damaged(name, "header", "JSON", error instanceof Error ? error.message : String(error));
  }
  if (!isRecord(header)) throw damaged(name, "header", "a JSON object", JSON.stringify(header).slice(0, 40));
  return { header, dataStart };
}

/** Reads the metadata. The format requires strings; numbers and other values, which some tools write, are converted. */
function readMetadata(header: Record<string, unknown>, name: string): Record<string, string> {
  if (!Object.hasOwn(header, METADATA_KEY)) return {};
  const metadata = header[METADATA_KEY] ?? {};
  if (!isRecord(metadata)) {
    throw damaged(name, METADATA_KEY, "an object of strings", JSON.stringify(metadata).slice(0, 40));
  }
  const texts = Object.entries(metadata).map(([key, value]) => {
    return [key, typeof value === "string" ? value : JSON.stringify(value)] as const;
  });
  return Object.fromEntries(texts);
}

function readEntry(key: string, value: unknown, name: string): Entry {
  const what = `tensor '${key}'`;
  if (!isRecord(value)) throw damaged(name, what, "dtype, shape and data_offsets", JSON.stringify(value).slice(0, 40));
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string") throw damaged(name, what, "a dtype", JSON.stringify(dtype) ?? "none");
  if (!isSizes(shape)) throw damaged(name, what, "a shape of sizes", JSON.stringify(shape));
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[1] < offsets[0]) {
    throw damaged(name, what, "data_offsets [begin, end]", JSON.stringify(offsets));
  }
  const known = [ITEM_BYTES, OTHER_BYTES].find((bytes) => Object.hasOwn(bytes, dtype));
  const bytes = known === undefined ? null : elementCount(shape) * known[dtype];
  if (bytes !== null && offsets[1] - offsets[0] !== bytes) {
    throw damaged(name, what, `${bytes} bytes for ${dtype} [${shape.join(", ")}]`, `${offsets[1] - offsets[0]}`);
  }
  return { name: key, dtype, shape, begin: offsets[0], end: offsets[1] };
}

function toFloat32(bytes: Uint8Array, dtype: string): Float32Array {
  const count = bytes.length / ITEM_BYTES[dtype];
  if (dtype === "F32") {
    if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, count);
    return new Float32Array(new Uint8Array(bytes).buffer); // a copy, because a view must start at a multiple of four
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const out = new Float32Array(count);
  if (dtype === "F64") for (let i = 0; i < count; i++) out[i] = view.getFloat64(8 * i, true);
  else if (dtype === "F16") for (let i = 0; i < count; i++) out[i] = fromFloat16(view.getUint16(2 * i, true));
  else for (let i = 0; i < count; i++) out[i] = fromBfloat16(view.getUint16(2 * i, true));
  return out;
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function damaged(file: string, what: string, expected: string, received: string): InputError {
  const remedy = "The file is damaged or no safetensors file; fetch it again.";
  return new InputError(describeMismatch(`${file}: ${what}`, expected, received, remedy));
}
