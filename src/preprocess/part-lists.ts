/** Joins the three lists of the parts, in the order of the plan. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FaceLists } from "../dataset/dataset.js";
import {
  type AttributeTable,
  type LandmarkTable,
  LIST_NAMES,
  type PartitionTable,
  readAttributes,
  readLandmarks,
  readPartition,
  selectRows,
} from "../dataset/lists.js";

export interface OrderedPart {
  readonly folder: string;
  /** Position in the whole plan of "file NAME" and "output NAME". */
  readonly places: ReadonlyMap<string, number>;
}

type Values = Int8Array | Uint8Array | Float64Array;

interface Table<V extends Values> {
  readonly files: readonly string[];
  readonly values: V;
}

/** Reads a part's list. Null if it is missing or has no rows, which readers of lists would refuse. */
async function readRows<T>(path: string, read: (path: string) => Promise<T>): Promise<T | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  return text === null || isEmpty(text) ? null : read(path);
}

const isEmpty = (text: string): boolean => /^\s*(0\s*$|0\r?\n|$)/.test(text);

function joinTables<V extends Values, T extends Table<V>>(
  parts: readonly { readonly table: T; readonly places: OrderedPart["places"] }[],
  make: (length: number) => V,
): T | null {
  if (parts.length === 0) return null;
  const values = make(parts.reduce((sum, { table }) => sum + table.values.length, 0));
  const files: string[] = [];
  const places: number[] = [];
  let at = 0;
  for (const part of parts) {
    values.set(part.table.values, at);
    at += part.table.values.length;
    for (const file of part.table.files) {
      files.push(file);
      places.push(part.places.get(`output ${file}`) ?? 0);
    }
  }
  const rows = files.map((_, row) => row).sort((a, b) => places[a] - places[b]);
  return selectRows({ ...parts[0].table, files, values }, rows);
}

/** Reads and joins the lists of all parts. A list that no part has is null. @throws InputError for a damaged list */
export async function mergeLists(parts: readonly OrderedPart[]): Promise<FaceLists> {
  const readAll = async <T>(list: keyof FaceLists, read: (path: string) => Promise<T>) => {
    const tables = parts.map(async ({ folder, places }) => {
      const table = await readRows(join(folder, `${LIST_NAMES[list]}.txt`), read);
      return table === null ? [] : [{ table, places }];
    });
    return (await Promise.all(tables)).flat();
  };
  const attributes = await readAll("attributes", readAttributes);
  const landmarks = await readAll("landmarks", readLandmarks);
  const partition = await readAll("partition", readPartition);
  // A list that names none of the finished photos is kept, without rows.
  const textOf = (list: keyof FaceLists): Promise<string | null> =>
    readFile(join(parts[0].folder, `${LIST_NAMES[list]}.txt`), "utf8").catch(() => null);
  const [a, l, p] = await Promise.all([textOf("attributes"), textOf("landmarks"), textOf("partition")]);
  const names = a?.split(/\r?\n/)[1]?.split(" ") ?? [];
  return {
    attributes:
      joinTables<Int8Array, AttributeTable>(attributes, (length) => new Int8Array(length)) ??
      (a === null ? null : { names, files: [], values: new Int8Array(0) }),
    landmarks:
      joinTables<Float64Array, LandmarkTable>(landmarks, (length) => new Float64Array(length)) ??
      (l === null ? null : { files: [], values: new Float64Array(0) }),
    partition:
      joinTables<Uint8Array, PartitionTable>(partition, (length) => new Uint8Array(length)) ??
      (p === null ? null : { files: [], values: new Uint8Array(0) }),
  };
}
