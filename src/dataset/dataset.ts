/** A folder with face images and CelebA's lists: raw, preprocessed or of one's own. */
import { readdir, stat } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import {
  type AttributeTable,
  type LandmarkTable,
  LIST_NAMES,
  type PartitionTable,
  readAttributes,
  readLandmarks,
  readPartition,
} from "./lists.js";

/** Image folders that are looked for, first match wins. */
const IMAGE_FOLDERS = ["images", "data", "img_celeba"] as const;
const LIST_EXTENSIONS = [".txt", ".csv"] as const;
export const IMAGE_EXTENSION = /\.(jpe?g|png|bmp|gif|tiff?)$/i;

export interface FaceDataset {
  readonly dir: string;
  readonly imageDir: string;
  /** Names within imageDir: the attribute list's, else another list's, else the folder's, sorted. */
  readonly files: readonly string[];
  readonly attributes: AttributeTable | null;
  readonly landmarks: LandmarkTable | null;
  readonly partition: PartitionTable | null;
  /** Path of the image files[index]. */
  path(index: number): string;
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
    throw new InputError(describeMismatch(dir, "a folder", "none", "Check the path of the data."));
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

/**
 * Opens a data set for training, editing or scores. `images` names the image folder when it is none of the usual.
 * Throws InputError when the folder, its images or some of the listed files are missing.
 */
export async function openDataset(dir: string, images?: string): Promise<FaceDataset> {
  const imageDir = await findImageDir(dir, images);
  const lists = await readLists(dir);
  const present = await listImages(imageDir);
  const listed = (lists.attributes ?? lists.partition ?? lists.landmarks)?.files;
  const files = listed ?? present;
  if (files.length === 0) {
    throw new InputError(describeMismatch(imageDir, "images", "an empty folder", "Check the path of the data."));
  }
  const onDisk = new Set(present);
  const missing = files.filter((file) => !onDisk.has(file));
  if (missing.length > 0) {
    const received = `${missing.length} missing (the first is ${missing[0]})`;
    const remedy = "Run 'elegant preprocess' first: it writes lists of what is there. Or correct the lists.";
    throw new InputError(
      describeMismatch(imageDir, `the ${files.length} images of ${basename(dir)}'s lists`, received, remedy),
    );
  }
  return { dir, imageDir, files, ...lists, path: (index) => join(imageDir, files[index]) };
}
