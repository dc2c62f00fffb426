/** Reads PyTorch's storages, and the strided tensors in them, as numbers. */
import { describeMismatch, InputError } from "../errors.js";
import { fromBfloat16, fromFloat16 } from "./float16.js";

/** Storage classes that torch.save writes, with PyTorch's name of the type and bytes per value. */
const STORAGES = {
  FloatStorage: { dtype: "float32", bytes: 4 },
  DoubleStorage: { dtype: "float64", bytes: 8 },
  HalfStorage: { dtype: "float16", bytes: 2 },
  BFloat16Storage: { dtype: "bfloat16", bytes: 2 },
  LongStorage: { dtype: "int64", bytes: 8 },
  IntStorage: { dtype: "int32", bytes: 4 },
  ShortStorage: { dtype: "int16", bytes: 2 },
  CharStorage: { dtype: "int8", bytes: 1 },
  ByteStorage: { dtype: "uint8", bytes: 1 },
  BoolStorage: { dtype: "bool", bytes: 1 },
} as const;
export type StorageType = keyof typeof STORAGES;
export type Dtype = (typeof STORAGES)[StorageType]["dtype"];

export function isStorageType(name: string): name is StorageType {
  return Object.hasOwn(STORAGES, name);
}

/** A storage that a pickle refers to. Its bytes are elsewhere in the file. */
export interface StorageReference {
  readonly type: StorageType;
  readonly key: string;
  /** Number of values, not of bytes. */
  readonly length: number;
}

/** A tensor as described by a pickle: a view of a storage. Offset and strides are in values. */
export interface TensorReference {
  readonly storage: StorageReference;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Values are row-major. Integers of 64 bits are rounded to the nearest double. */
export interface PthTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

export function storageBytes({ type, length }: StorageReference): number {
  return length * STORAGES[type].bytes;
}

export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** The numbers of a storage, as a Float32Array if that is exact. */
export function readStorage(reference: StorageReference, bytes: Uint8Array): Float32Array | Float64Array {
  const { type, length } = reference;
  // Copy, because a typed array must begin at a multiple of its item size.
  const { buffer } = new Uint8Array(bytes.subarray(0, storageBytes(reference)));
  switch (STORAGES[type].dtype) {
    case "float32":
      return new Float32Array(buffer);
    case "float64":
      return new Float64Array(buffer);
    case "float16":
      return Float32Array.from(new Uint16Array(buffer), fromFloat16);
    case "bfloat16":
      return Float32Array.from(new Uint16Array(buffer), fromBfloat16);
    case "int64": {
      const values = new BigInt64Array(buffer);
      return Float64Array.from({ length }, (_, i) => Number(values[i]));
    }
    case "int32":
      return Float64Array.from(new Int32Array(buffer));
    case "int16":
      return Float32Array.from(new Int16Array(buffer));
    case "int8":
      return Float32Array.from(new Int8Array(buffer));
    case "uint8":
      return Float32Array.from(new Uint8Array(buffer));
    case "bool":
      return Float32Array.from(new Uint8Array(buffer), (value) => (value === 0 ? 0 : 1));
  }
}

/**
 * @param name of the tensor, for messages
 * @throws InputError for a view that leaves its storage
 */
export function expectInside({ storage, offset, shape, strides }: TensorReference, name: string): void {
  const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  const sizes = [offset, ...shape, ...strides];
  const count = countOf(shape);
  // Position of the last value. An empty tensor has none.
  const last = count === 0 ? -1 : shape.reduce((at, extent, i) => at + (extent - 1) * strides[i], offset);
  if (sizes.every(isSize) && strides.length === shape.length && isSize(count) && last < storage.length) return;
  const received = `shape [${shape}], strides [${strides}] at ${offset}`;
  const remedy = "The file is damaged; fetch it again.";
  throw new InputError(describeMismatch(name, `a view of ${storage.length} values`, received, remedy));
}

/** The tensor's values, row-major. @param values of its whole storage */
export function gather(reference: TensorReference, values: Float32Array | Float64Array): PthTensor {
  const { storage, offset, shape, strides } = reference;
  const { dtype } = STORAGES[storage.type];
  const count = countOf(shape);
  const rowMajor = shape.map((_, i) => countOf(shape.slice(i + 1)));
  if (count === 0 || shape.every((extent, i) => extent === 1 || strides[i] === rowMajor[i])) {
    return { dtype, shape, data: values.slice(offset, offset + count) };
  }
  const data = values instanceof Float32Array ? new Float32Array(count) : new Float64Array(count);
  const inner = shape[shape.length - 1];
  const step = strides[shape.length - 1];
  const index = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let to = 0; to < count; ) {
    for (let i = 0; i < inner; i++) data[to++] = values[from + i * step];
    // Go to the next row: count up from the last axis but one.
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return { dtype, shape, data };
}
