/** Finds the images and lists of a data set: in our own layout, and in those of CelebA's downloads. */
import { readdir, stat } from "node:fs/promises";
import { basename, isAbsolute, join } from "node:path";
import { describeMismatch, InputError } from "../errors.js";
import { hasReadableEnding } from "../image/endings.js";
import { ALIGNED_LANDMARKS, LIST_NAMES } from "./lists.js";

/** Names of image folders. The first one that exists is used. */
const IMAGE_FOLDERS = ["images", "data", "img_celeba"];
/** Image folders of other downloads of CelebA, which are tried next. Img/ is from the official one. */
const MORE_IMAGE_FOLDERS = ["img_align_celeba", "Img/img_celeba", "Img/img_align_celeba"];
/** Folders of lists within the data set. Anno and Eval are from the official download. */
const LIST_FOLDERS = ["", "Anno", "Eval"];
const LIST_EXTENSIONS = [".txt", ".csv"];

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

/**
 * If a folder has no images of its own but contains a folder of the same name, returns the inner one. Kaggle's archive
 * has img_align_celeba twice.
 */
async function innermost(path: string): Promise<string> {
  const inner = join(path, basename(path));
  if (!(await isDirectory(inner))) return path;
  const names = await readdir(path).catch((): string[] => []);
  return names.some(hasReadableEnding) ? path : inner;
}

/**
 * The folder with the images of `dir`: `images` (within it, or absolute) or one of the usual names.
 * @throws InputError if there is none
 */
export async function findImageDir(dir: string, images?: string): Promise<string> {
  if (!(await isDirectory(dir))) {
    const received = await stat(dir).then(
      () => "a file",
      () => "none",
    );
    throw new InputError(describeMismatch(dir, "a folder", received, "Check the path of the data."));
  }
  const names = images === undefined ? IMAGE_FOLDERS : [images];
  for (const name of images === undefined ? [...names, ...MORE_IMAGE_FOLDERS] : names) {
    const path = isAbsolute(name) ? name : join(dir, name);
    if (await isDirectory(path)) return innermost(path);
  }
  const expected = `an image folder (${names.join(", ")})`;
  throw new InputError(describeMismatch(dir, expected, "none of them", "Name it with --images DIR."));
}

async function findNamed(dir: string, name: string): Promise<string | null> {
  for (const folder of LIST_FOLDERS) {
    for (const extension of LIST_EXTENSIONS) {
      const path = join(dir, folder, name + extension);
      const found = await stat(path).then(
        (entry) => entry.isFile(),
        () => false,
      );
      if (found) return path;
    }
  }
  return null;
}

/**
 * Path of a list of `dir`, as .txt or .csv; null if there is none. CelebA has two lists of landmarks, one for the
 * photos and one for its own aligned images. If both exist, the name of the image folder decides.
 * @param images the image folder, if it has none of the usual names
 */
export async function findList(dir: string, list: keyof typeof LIST_NAMES, images?: string): Promise<string | null> {
  const path = await findNamed(dir, LIST_NAMES[list]);
  if (list !== "landmarks") return path;
  const aligned = await findNamed(dir, ALIGNED_LANDMARKS);
  if (path === null || aligned === null) return path ?? aligned;
  const imageDir = await findImageDir(dir, images).catch(() => "");
  return basename(imageDir).startsWith("img_align_celeba") ? aligned : path;
}
