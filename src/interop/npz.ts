/** Reads and writes NumPy's .npz files: .npy arrays in a zip archive, stored or deflated. */
import { decodeNpy, encodeNpy, type NpyArray } from "./npy.js";
import { readZip, writeZip } from "./zip.js";

/** Largest unpacked size in bytes: 8 GiB are float64 statistics of 32,768 dimensions. */
const MAX_UNPACKED = 2 ** 33;

/** The arrays by name. @param source names the file in messages @throws InputError for a damaged file */
export function decodeNpz(bytes: Uint8Array, source: string): ReadonlyMap<string, () => NpyArray> {
  const entries = readZip(bytes, source, MAX_UNPACKED);
  const named = [...entries].filter(([name]) => name.endsWith(".npy"));
  // Arrays are decoded only when they are needed: an archive may also contain other things, such as objects.
  return new Map(
    named.map(([name, data]) => [name.slice(0, -".npy".length), () => decodeNpy(data, `${source}: ${name}`)]),
  );
}

/** Encodes an .npz file of uncompressed arrays, in the given order. */
export function encodeNpz(arrays: Readonly<Record<string, NpyArray>>): Uint8Array {
  return writeZip(Object.entries(arrays).map(([name, array]) => ({ name: `${name}.npy`, data: encodeNpy(array) })));
}
