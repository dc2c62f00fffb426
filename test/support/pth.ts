/** Hand-made torch.save files: both containers around a pickle of our choice. */
import { writeZip } from "../../src/interop/zip.js";

const encoder = new TextEncoder();

/** Pickle opcodes and their arguments: numbers are bytes, texts are Latin-1. */
export type Part = string | number | readonly number[];

/** The bytes of a pickle. */
export function pickle(...parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => {
      if (typeof part === "string") return [...part].map((c) => c.charCodeAt(0));
      return typeof part === "number" ? [part] : [...part];
    }),
  );
}

export const uint32 = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];
export const text = (value: string): (string | number[])[] => ["X", uint32(encoder.encode(value).length), value];
export const tuple = (...values: readonly number[]): (string | number[])[] => {
  return ["(", ...values.flatMap((value) => ["J", uint32(value)]), "t"];
};

export interface TensorPickle {
  readonly storage?: string;
  readonly key?: string;
  readonly length: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** The opcodes that rebuild one tensor. */
export function tensor({ storage = "FloatStorage", key = "0", length, offset = 0, shape, strides }: TensorPickle) {
  return [
    "ctorch._utils\n_rebuild_tensor_v2\n((",
    ...text("storage"),
    `ctorch\n${storage}\n`,
    ...text(key),
    ...text("cpu"),
    "J",
    uint32(length),
    "tQJ",
    uint32(offset),
    ...tuple(...shape),
    ...tuple(...strides),
    0x89,
    "ccollections\nOrderedDict\n)RtR",
  ] as const;
}

/** A dict of entries as a complete pickle. */
export function dictPickle(entries: Readonly<Record<string, readonly Part[]>>): Uint8Array {
  const items = Object.entries(entries).flatMap(([name, value]) => [...text(name), ...value]);
  return pickle(0x80, 2, "}(", ...items, "u.");
}

export function zipPth(data: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}, byteorder = "little") {
  return writeZip([
    { name: "made/data.pkl", data },
    { name: "made/byteorder", data: encoder.encode(byteorder) },
    ...Object.entries(storages).map(([key, stored]) => ({ name: `made/data/${key}`, data: stored })),
  ]);
}

/** @param storages numbers of values and bytes by key */
export function legacyPth(
  data: Uint8Array,
  storages: Readonly<Record<string, { readonly length: number; readonly bytes: Uint8Array }>> = {},
  isLittle = true,
): Uint8Array {
  const magic = pickle(0x80, 2, 0x8a, 10, [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19], ".");
  const protocol = pickle(0x80, 2, "M", [0xe9, 3], ".");
  const system = pickle(0x80, 2, "}(", ...text("little_endian"), isLittle ? 0x88 : 0x89, "u.");
  const keys = pickle(0x80, 2, "](", ...Object.keys(storages).flatMap(text), "e.");
  const stored = Object.values(storages).flatMap(({ length, bytes }) => [
    new Uint8Array(BigInt64Array.of(BigInt(length)).buffer),
    bytes,
  ]);
  return Uint8Array.from(Buffer.concat([magic, protocol, system, data, keys, ...stored]));
}

export const floats = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
