/** Opens a folder with face images and CelebA's lists: raw, preprocessed (in any format) or the user's own. */
import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { describeMismatch, InputError } from "../errors.js";
import type { PictureSource } from "../image/picture-source.js";
import { describeNotRead, type PictureWalk, walkPictures } from "../image/walk-pictures.js";
import type { OnProgress } from "../types.js";
import { findImageDir, findList } from "./layout.js";
import { describeLeftOut, LEFT_OUT_LIST, readLeftOut } from "./left-out.js";
import {
  type AttributeTable,
  type LandmarkTable,
  type LIST_NAMES,
  type PartitionTable,
  readAttributes,
  readLandmarks,
  readPartition,
  selectRows,
} from "./lists.js";
import { PACKED_DIR, packedStore, readPackedIndexes } from "./packed.js";
import { PresentFiles } from "./present.js";
import type { DatasetFormat, PictureStore } from "./store.js";
import { openTars } from "./tars.js";

/** A data set that openDataset() opened: the names of its images, where their bytes are, and its lists. */
export interface FaceDataset {
  /** The folder of the lists. */
  readonly dir: string;
  /** The folder of the image files, or of the files that contain the images. */
  readonly imageDir: string;
  /** How the images are stored. */
  readonly format: DatasetFormat;
  /** Side in pixels if the data set states it, as packed files do; otherwise null. */
  readonly size: number | null;
  /** Names of the images: those of the attribute list, otherwise of another list, otherwise all names, sorted. */
  readonly files: readonly string[];
  /** The labels, in the order of `files`; null if the data set has none. */
  readonly attributes: AttributeTable | null;
  /** The list of landmarks, in its own order; null if there is none. */
  readonly landmarks: LandmarkTable | null;
  /** The list of partitions, in its own order; null if there is none. */
  readonly partition: PartitionTable | null;
  /** Where the bytes of files[index] are. */
  picture(index: number): PictureSource;
}

export interface FaceLists {
  readonly attributes: AttributeTable | null;
  readonly landmarks: LandmarkTable | null;
  readonly partition: PartitionTable | null;
}

/**
 * Reads those of the three lists that `dir` contains.
 * @param images the image folder, if it has none of the usual names
 * @throws InputError if a list cannot be understood
 */
export async function readLists(dir: string, images?: string): Promise<FaceLists> {
  const read = async <T>(list: keyof typeof LIST_NAMES, reader: (path: string) => Promise<T>): Promise<T | null> => {
    const path = await findList(dir, list, images);
    return path === null ? null : reader(path);
  };
  return {
    attributes: await read("attributes", readAttributes),
    landmarks: await read("landmarks", readLandmarks),
    partition: await read("partition", readPartition),
  };
}

/** The image files of a folder and of the folders below. */
function imageStore(folder: string, { names, broken }: PictureWalk): PictureStore {
  const source = (name: string): PictureSource => ({ path: join(folder, name) });
  return { format: "images", folder, size: null, names, broken, source, attributes: null };
}

export interface StoreOptions {
  /** The image folder, if it has none of the usual names. */
  readonly images?: string | undefined;
  /** If true, attributes in tar files are read. */
  readonly labelled: boolean;
  readonly onProgress?: OnProgress | undefined;
  /** Receives a damaged packed file, which is then skipped. Without this function, a damaged one is an error. */
  readonly onDamaged?: (name: string, error: InputError) => void;
  /** Receives a line about images that are left out. */
  readonly onWarning?: ((line: string) => void) | undefined;
}

/**
 * Opens the images of a data set. Packed files with their indexes come first, then image files, then tar files without an
 * index: an archive next to the folder that it was unpacked to is not part of the data.
 */
export async function openStore(dir: string, options: StoreOptions): Promise<PictureStore> {
  const { images, labelled, onProgress, onDamaged, onWarning } = options;
  const indexes = images === undefined ? await readPackedIndexes(dir, onDamaged) : [];
  if (indexes.length > 0) return packedStore(join(dir, PACKED_DIR), indexes);
  const found = await findImageDir(dir, images).catch((error: unknown) => {
    if (error instanceof InputError) return error; // thrown if there are no tar files either
    throw error;
  });
  const walk = found instanceof InputError ? null : await walkPictures(found);
  if (!(found instanceof InputError) && walk !== null) {
    const leftOut = describeNotRead(found, walk.notRead);
    if (leftOut !== null) onWarning?.(leftOut);
    if (walk.names.length > 0) return imageStore(found, walk);
  }
  const others = images === undefined ? [dir, join(dir, PACKED_DIR)] : [];
  for (const folder of found instanceof InputError ? others : [found, ...others]) {
    const tars = await openTars(folder, { labelled, onProgress, onWarning });
    if (tars !== null) return tars;
  }
  if (found instanceof InputError) throw found;
  return imageStore(found, walk!);
}

/** The files of a store that may exist: all except links to nothing. */
export function presentFiles({ names, broken = [] }: PictureStore): PresentFiles {
  const nowhere = new Set(broken);
  return new PresentFiles(nowhere.size === 0 ? names : names.filter((name) => !nowhere.has(name)));
}

/**
 * The names of listed images in the store; null for images that are missing. A list may name files that the walk leaves
 * out: a hidden file, or a file reached on another path.
 */
export async function locatePictures(
  store: PictureStore,
  present: PresentFiles,
  listed: Iterable<string>,
): Promise<ReadonlyMap<string, string | null>> {
  const names = new Map<string, string | null>();
  for (const file of listed) {
    const found = present.find(file);
    const isThere = found !== null || (store.format === "images" && (await isFile(join(store.folder, file))));
    names.set(file, found ?? (isThere ? file : null));
  }
  return names;
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

/**
 * @param dir folder of the lists
 * @throws InputError if listed images are missing
 */
function refuseMissing(
  store: PictureStore,
  present: PresentFiles,
  names: ReadonlyMap<string, string | null>,
  dir: string,
): void {
  const missing = [...names].flatMap(([file, name]) => (name === null ? [file] : []));
  if (missing.length === 0) return;
  const expected = `the ${names.size} images of ${basename(resolve(dir))}'s lists`;
  const [first] = missing;
  const other = present.findOtherEnding(first);
  if (other !== null) {
    const received = `${missing.length} missing: the list says ${first}, and the file is ${other}`;
    throw new InputError(describeMismatch(store.folder, expected, received, "Correct the endings in the lists."));
  }
  const nowhere = store.broken?.includes(first) === true ? ", a link that leads nowhere" : "";
  const received = `${missing.length} missing (the first is ${first}${nowhere})`;
  const remedy = "Run 'elegant preprocess' first, which writes lists of the existing images, or correct the lists.";
  throw new InputError(describeMismatch(store.folder, expected, received, remedy));
}

/**
 * The files of a data set without those that its left_out.txt names; the same array if it names none of them.
 * @throws InputError if nothing is left
 */
async function usedFiles(
  dir: string,
  all: readonly string[],
  onWarning?: (line: string) => void,
): Promise<readonly string[]> {
  const leftOut = await readLeftOut(dir);
  const line = describeLeftOut(leftOut, new Set(all));
  if (line !== null) onWarning?.(line);
  const files = all.filter((file) => !leftOut.has(file));
  if (files.length > 0) return files.length === all.length ? all : files;
  const received = `${all.length} that it leaves out`;
  throw new InputError(describeMismatch(join(dir, LEFT_OUT_LIST), "pictures to use", received, "Delete the file."));
}

/**
 * Opens a data set for training, editing or scores: image files, packed files or WebDataset's tar files. Lists next to the
 * images take precedence over attributes in tar files. Images that left_out.txt names are not part of it.
 * @param dir        the folder of the lists and of the images
 * @param images     the image folder, if it has none of the usual names
 * @param onProgress receives the progress of listing tar files
 * @param onWarning  receives a line about images that are left out
 * @returns names, lists and places of the images; no image is decoded
 * @throws InputError if the folder, its images or some of the listed files are missing
 * @example
 * ```ts
 * import { openDataset } from "elegant-faces";
 *
 * const dataset = await openDataset("faces");
 * console.log(dataset.files.length, dataset.attributes?.names);
 * ```
 */
export async function openDataset(
  dir: string,
  images?: string,
  onProgress?: OnProgress,
  onWarning?: (line: string) => void,
): Promise<FaceDataset> {
  const lists = await readLists(dir, images);
  const store = await openStore(dir, { images, labelled: lists.attributes === null, onProgress, onWarning });
  const listed = (lists.attributes ?? lists.partition ?? lists.landmarks)?.files;
  const all = listed ?? store.names;
  if (all.length === 0) {
    throw new InputError(describeMismatch(store.folder, "images", "an empty folder", "Check the path of the data."));
  }
  const files = await usedFiles(dir, all, onWarning);
  const present = presentFiles(store);
  const names = await locatePictures(store, present, files);
  refuseMissing(store, present, names, dir);
  // The partition list or left_out.txt may choose other images than the table of attributes, in another order.
  const table = lists.attributes ?? store.attributes;
  const attributes = table === null || table.files === files ? table : inOrder(table, files);
  return {
    dir,
    imageDir: store.folder,
    format: store.format,
    size: store.size,
    files,
    ...lists,
    attributes,
    picture: (index) => store.source(names.get(files[index])!),
  };
}

/** The rows of a table that belong to `files`, in their order. */
export function inOrder(table: AttributeTable, files: readonly string[]): AttributeTable {
  const rowOf = new Map(table.files.map((file, row) => [file, row]));
  return selectRows(
    table,
    files.map((file) => rowOf.get(file)!),
  );
}
