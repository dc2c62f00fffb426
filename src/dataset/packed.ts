/**
 * Packed files: many crops in one data file, raw (.npy) or as a WebDataset tar file. Each has a NNNNN.json next to it with
 * the position of every crop.
 */
import { open, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { describeMismatch, InputError, rethrowAs } from "../errors.js";
import type { PictureSource } from "../image/picture-source.js";
import { isNpy, readNpyFields } from "../interop/npy.js";
import { faceRecordSchema } from "./face-record.js";
import { formatName, type PictureStore, RAW_ON_DISK } from "./store.js";

/** Name of the packed files' folder within a data set. */
export const PACKED_DIR = "shards";
const INDEX_NAME = /^\d{5,}\.json$/;
const REMEDY = "Delete the packed file and its index, and run 'elegant preprocess' again to restore them.";

const itemSchema = z.object({
  /** The photo's name. */
  file: z.string().min(1),
  /** The crop's name in the lists. */
  output: z.string().min(1),
  /** Photo -> crop. */
  matrix: z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]).readonly(),
  /** What was wrong with a photo that was used anyway. */
  damaged: z.string().exactOptional(),
  face: faceRecordSchema.exactOptional(),
  /** Position in the data file, in bytes: size * size * 3 bytes of raw pixels, or a JPEG file. */
  offset: z.number().int().nonnegative(),
  length: z.number().int().positive(),
});

export const packedIndexSchema = z.object({
  kind: z.literal("elegant-shard"),
  version: z.literal(1),
  format: z.enum([RAW_ON_DISK, "webdataset"]),
  /** Side of the crops in pixels. */
  size: z.number().int().positive(),
  /** Name of the data file, in the same folder. */
  data: z.string().regex(/^[^/\\]+$/, "a file name without a folder"),
  items: z.array(itemSchema),
  failures: z.array(z.object({ file: z.string(), reason: z.string() })),
});
export type PackedIndex = z.infer<typeof packedIndexSchema>;
export type PackedItem = PackedIndex["items"][number];

const EXTENSIONS = { raw: "npy", webdataset: "tar", index: "json" } as const;

/** @param unit number of the packed file in the plan */
export function packedName(kind: keyof typeof EXTENSIONS, unit: number): string {
  return `${String(unit).padStart(5, "0")}.${EXTENSIONS[kind]}`;
}

/** The shape of the array of raw pixels and the byte offset of its pixels. @throws InputError if they are not 8-bit pixels */
function readRawHeader(bytes: Uint8Array, path: string): { readonly shape: readonly number[]; readonly start: number } {
  const refuse = (what: string, expected: string, received: string): InputError =>
    new InputError(describeMismatch(`${path}: ${what}`, expected, received, REMEDY));
  if (!isNpy(bytes) || bytes.length < 12) {
    throw refuse("magic", "a .npy file", bytes.length === 0 ? "an empty one" : "something else");
  }
  const { version, descriptor = "none", order = "none", extents, start } = readNpyFields(bytes);
  if (version.join(".") !== "1.0") throw refuse("version", "NPY 1.0", version.join("."));
  if (
    bytes.length < start ||
    extents === undefined ||
    !/^[\d\s,]*$/.test(extents) ||
    order !== "False" ||
    !/^[|<]u1$/.test(descriptor)
  ) {
    throw refuse("header", "8-bit numbers in C order", `descr ${descriptor}, fortran_order ${order}`);
  }
  const shape = extents.split(",").flatMap((text) => (text.trim() === "" ? [] : [Number(text)]));
  return { shape, start };
}

/** @throws InputError if the data file does not fit its index */
async function checkData(path: string, index: PackedIndex): Promise<void> {
  const { format, size, items } = index;
  const file = await open(path).catch(rethrowAs(`Opening the packed file ${path}`));
  try {
    const bytes = (await file.stat()).size;
    const pixels = size * size * 3;
    let start = 0;
    if (format === RAW_ON_DISK) {
      // A header of version 1 has at most 2^16 bytes.
      const head = Buffer.alloc(Math.min(bytes, 10 + 0xffff));
      const { bytesRead } = await file.read(head, 0, head.length, 0);
      const header = readRawHeader(head.subarray(0, bytesRead), path);
      start = header.start;
      const [n, ...picture] = header.shape;
      if (picture.join() !== `${size},${size},3` || n < items.length) {
        const expected = `[at least ${items.length}, ${size}, ${size}, 3] as its index says`;
        throw new InputError(describeMismatch(`${path}: dimensions`, expected, `[${header.shape.join(", ")}]`, REMEDY));
      }
    }
    for (const { output, offset, length } of items) {
      if (offset < start || (format === RAW_ON_DISK && (length !== pixels || (offset - start) % pixels !== 0))) {
        const expected = `${pixels} bytes at ${start} + a multiple of ${pixels}`;
        throw new InputError(describeMismatch(`${path}: ${output}`, expected, `${length} at ${offset}`, REMEDY));
      }
      if (offset + length > bytes) {
        const expected = `at least ${offset + length} bytes, the end of ${output}`;
        throw new InputError(describeMismatch(path, expected, `${bytes}`, REMEDY));
      }
    }
  } finally {
    await file.close();
  }
}

/** Reads and checks one NNNNN.json and its data file. @throws InputError */
export async function readPackedIndex(path: string): Promise<PackedIndex> {
  const text = await readFile(path, "utf8").catch(rethrowAs(`Reading ${path}`));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(describeMismatch(path, "an index of a packed file, version 1", "no JSON", REMEDY));
  }
  const parsed = packedIndexSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const received = `${issue.path.join(".") || "the whole"}: ${issue.message}`;
    throw new InputError(describeMismatch(path, "an index of a packed file, version 1", received, REMEDY));
  }
  await checkData(join(path, "..", parsed.data.data), parsed.data);
  return parsed.data;
}

/** Paths of the index files of `out`, in the order of their numbers; empty if there is no folder of packed files. */
export async function listPackedIndexes(out: string): Promise<string[]> {
  const folder = join(out, PACKED_DIR);
  const found = await stat(folder).catch(() => null);
  if (found === null || !found.isDirectory()) return [];
  const names = await readdir(folder).catch(rethrowAs(`Listing ${folder}`));
  return names
    .filter((name) => INDEX_NAME.test(name))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((name) => join(folder, name));
}

/**
 * The indexes of all packed files in `out`/shards, in the order of their numbers, which may have gaps; empty if there is no
 * such folder.
 * @param onDamaged receives a packed file that is damaged in itself, which is then skipped
 * @throws InputError for an index or a data file that does not fit, for packed files that differ in format or size, and for
 *   an output that is in two of them
 */
export async function readPackedIndexes(
  out: string,
  onDamaged?: (name: string, error: InputError) => void,
): Promise<PackedIndex[]> {
  const indexes: PackedIndex[] = [];
  const placeOf = new Map<string, string>();
  for (const path of await listPackedIndexes(out)) {
    const index = await readPackedIndex(path).catch((error: unknown) => {
      if (onDamaged === undefined || !(error instanceof InputError)) throw error;
      onDamaged(basename(path), error);
      return null;
    });
    if (index === null) continue;
    const [first] = indexes;
    if (first !== undefined && (first.format !== index.format || first.size !== index.size)) {
      const expected = `${formatName(first.format)} of ${first.size} px as in ${first.data}`;
      throw new InputError(describeMismatch(path, expected, `${formatName(index.format)} of ${index.size} px`, REMEDY));
    }
    for (const { output } of index.items) {
      const earlier = placeOf.get(output);
      if (earlier !== undefined) {
        const received = `${output} in ${earlier} and in ${basename(path)}`;
        throw new InputError(describeMismatch(join(out, PACKED_DIR), "each output once", received, REMEDY));
      }
      placeOf.set(output, basename(path));
    }
    indexes.push(index);
  }
  return indexes;
}

/** The crops listed by indexes. @param folder folder of the data files */
export function packedStore(folder: string, indexes: readonly PackedIndex[]): PictureStore {
  const [{ format, size }] = indexes;
  const sources = new Map<string, PictureSource>();
  for (const { data, items } of indexes) {
    const path = join(folder, data);
    for (const { output: name, offset, length } of items) {
      const range = { offset, length };
      sources.set(name, format === RAW_ON_DISK ? { path, name, range, raw: size } : { path, name, range });
    }
  }
  return {
    format,
    folder,
    size,
    names: [...sources.keys()].sort(),
    source: (name) => sources.get(name)!,
    attributes: null,
  };
}
