/** A folder with face pictures and CelebA's lists: raw, preprocessed (in any format) or of one's own. */
import { readdir, stat } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import type { PictureSource } from "../image/source.js";
import type { OnProgress } from "../types.js";
import {
  type AttributeTable,
  type LandmarkTable,
  LIST_NAMES,
  type PartitionTable,
  readAttributes,
  readLandmarks,
  readPartition,
  selectRows,
} from "./lists.js";
import { readShardIndexes, SHARD_DIR, shardStore } from "./shards.js";
import type { DatasetFormat, PictureStore } from "./store.js";
import { openTars } from "./tars.js";

/** Image folders that are looked for, first match wins. */
const IMAGE_FOLDERS = ["images", "data", "img_celeba"] as const;
const LIST_EXTENSIONS = [".txt", ".csv"] as const;
export const IMAGE_EXTENSION = /\.(jpe?g|png|bmp|gif|tiff?)$/i;

export interface FaceDataset {
  readonly dir: string;
  /** The folder of the image files, or of the files that hold the pictures. */
  readonly imageDir: string;
  readonly format: DatasetFormat;
  /** Side in pixels where the data set says so: shards do. */
  readonly size: number | null;
  /** The pictures' names: the attribute list's, else another list's, else all, sorted. */
  readonly files: readonly string[];
  readonly attributes: AttributeTable | null;
  readonly landmarks: LandmarkTable | null;
  readonly partition: PartitionTable | null;
  /** Where the bytes of files[index] are. */
  picture(index: number): PictureSource;
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

/** The folder with the images of `dir`: `images` (within it, or absolute) or one of the usual names. */
export async function findImageDir(dir: string, images?: string): Promise<string> {
  if (!(await isDirectory(dir))) {
    const received = await stat(dir).then(
      () => "a file",
      () => "none",
    );
    throw new InputError(describeMismatch(dir, "a folder", received, "Check the path of the data."));
  }
  const names = images === undefined ? IMAGE_FOLDERS : [images];
  for (const name of names) {
    const path = isAbsolute(name) ? name : join(dir, name);
    if (await isDirectory(path)) return path;
  }
  const expected = `an image folder (${names.join(", ")})`;
  throw new InputError(describeMismatch(dir, expected, "none of them", "Name it with --images DIR."));
}

/** Path of a list in `dir`, as .txt or .csv; null when there is none. */
export async function findList(dir: string, list: keyof typeof LIST_NAMES): Promise<string | null> {
  for (const extension of LIST_EXTENSIONS) {
    const path = join(dir, LIST_NAMES[list] + extension);
    const found = await stat(path).then(
      (entry) => entry.isFile(),
      () => false,
    );
    if (found) return path;
  }
  return null;
}

export interface FaceLists {
  readonly attributes: AttributeTable | null;
  readonly landmarks: LandmarkTable | null;
  readonly partition: PartitionTable | null;
}

/** Reads those of the three lists that `dir` holds. Throws InputError on one that cannot be understood. */
export async function readLists(dir: string): Promise<FaceLists> {
  const read = async <T>(list: keyof typeof LIST_NAMES, reader: (path: string) => Promise<T>): Promise<T | null> => {
    const path = await findList(dir, list);
    return path === null ? null : reader(path);
  };
  return {
    attributes: await read("attributes", readAttributes),
    landmarks: await read("landmarks", readLandmarks),
    partition: await read("partition", readPartition),
  };
}

/** Names of the image files in a folder and below, sorted, with / between folders. */
export async function listImages(imageDir: string): Promise<string[]> {
  try {
    const names = await readdir(imageDir, { recursive: true });
    return names
      .map((name) => name.replaceAll("\\", "/"))
      .filter((name) => IMAGE_EXTENSION.test(name))
      .sort();
  } catch (error) {
    throw fromSystemError(error, `Listing ${imageDir}`);
  }
}

/** Image files of a folder. */
function imageStore(folder: string, names: readonly string[]): PictureStore {
  const source = (name: string): PictureSource => ({ path: join(folder, name) });
  return { format: "images", folder, size: null, names, source, attributes: null };
}

export interface StoreOptions {
  /** The image folder when it is none of the usual. */
  readonly images?: string | undefined;
  /** Reads attributes that are in tar files. */
  readonly labelled: boolean;
  readonly onProgress?: OnProgress | undefined;
  /** Is told of a damaged shard, which is then left out; without it, one is an error. */
  readonly onDamaged?: (name: string, error: InputError) => void;
}

/**
 * Shards with their indexes come first, then image files, then tar files without an index: an archive that lies beside the folder
 * it was unpacked to is none of the data.
 */
export async function openStore(dir: string, options: StoreOptions): Promise<PictureStore> {
  const { images, labelled, onProgress, onDamaged } = options;
  const indexes = images === undefined ? await readShardIndexes(dir, onDamaged) : [];
  if (indexes.length > 0) return shardStore(join(dir, SHARD_DIR), indexes);
  const found = await findImageDir(dir, images).catch((error: unknown) => {
    if (error instanceof InputError) return error; // thrown where there are no tar files either
    throw error;
  });
  const names = found instanceof InputError ? [] : await listImages(found);
  if (!(found instanceof InputError) && names.length > 0) return imageStore(found, names);
  const others = images === undefined ? [dir, join(dir, SHARD_DIR)] : [];
  for (const folder of found instanceof InputError ? others : [found, ...others]) {
    const tars = await openTars(folder, labelled, onProgress);
    if (tars !== null) return tars;
  }
  if (found instanceof InputError) throw found;
  return imageStore(found, names);
}

/**
 * Opens a data set for training, editing or scores: image files, shards or WebDataset's tar files. `images` names the image folder
 * when it is none of the usual. Lists beside the pictures go before what is in tar files.
 * Throws InputError when the folder, its pictures or some of the listed files are missing.
 */
export async function openDataset(dir: string, images?: string, onProgress?: OnProgress): Promise<FaceDataset> {
  const lists = await readLists(dir);
  const store = await openStore(dir, { images, labelled: lists.attributes === null, onProgress });
  const listed = (lists.attributes ?? lists.partition ?? lists.landmarks)?.files;
  const files = listed ?? store.names;
  if (files.length === 0) {
    throw new InputError(describeMismatch(store.folder, "images", "an empty folder", "Check the path of the data."));
  }
  const present = new Set(store.names);
  const missing = files.filter((file) => !present.has(file));
  if (missing.length > 0) {
    const received = `${missing.length} missing (the first is ${missing[0]})`;
    const remedy = "Run 'elegant preprocess' first: it writes lists of what is there. Or correct the lists.";
    throw new InputError(
      describeMismatch(store.folder, `the ${files.length} images of ${basename(dir)}'s lists`, received, remedy),
    );
  }
  // A partition alone may list pictures in another order, or some of them only, than tar files have attributes.
  const attributes = lists.attributes ?? (store.attributes === null ? null : inOrder(store.attributes, files));
  return {
    dir,
    imageDir: store.folder,
    format: store.format,
    size: store.size,
    files,
    ...lists,
    attributes,
    picture: (index) => store.source(files[index]),
  };
}

/** The rows of `files`. */
export function inOrder(table: AttributeTable, files: readonly string[]): AttributeTable {
  const rowOf = new Map(table.files.map((file, row) => [file, row]));
  return selectRows(
    table,
    files.map((file) => rowOf.get(file)!),
  );
}
