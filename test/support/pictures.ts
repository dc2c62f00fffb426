/** Small images and data sets, made in a temporary folder. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { photo } from "../../src/golden/formula.js";
import { encodeJpeg, encodePng } from "../../src/image/codec.js";
import type { PreprocessOptions } from "../../src/preprocess/preprocess.js";

/** Options of preprocess for small crops: PNG of 32 px, on one thread. */
export const SMALL_CROPS: PreprocessOptions = {
  size: 32,
  images: undefined,
  format: "png",
  quality: 95,
  crop: null,
  limit: null,
  workers: 1,
};

/** Runs `work` with a folder that is removed afterwards. */
export async function withFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "elegant-test-"));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** bytes_hwc of golden/README.md as RGBA. */
export const goldenPhoto = photo;

export const PHOTO_POINTS = [40, 50, 70, 52, 56, 68, 43, 82, 68, 84];

const smallPhotos = new Map<string, Promise<Uint8Array>>();

/** The bytes of a photo of 120 x 130, which is made once in a process. */
function smallPhoto(file: string): Promise<Uint8Array> {
  const made = smallPhotos.get(file);
  if (made !== undefined) return made;
  const photo = goldenPhoto(file, 3, 130, 120);
  const bytes = file.endsWith(".jpg") ? encodeJpeg(photo, 95) : encodePng(photo);
  smallPhotos.set(file, bytes);
  return bytes;
}

/** Writes a CelebA-like folder: `count` photos of 120 x 130, landmarks, two attributes, a partition. Returns the names. */
export async function writeSmallDataset(dir: string, count: number): Promise<string[]> {
  await mkdir(join(dir, "images"), { recursive: true });
  const files = Array.from(
    { length: count },
    (_, i) => `${String(i + 1).padStart(6, "0")}.${i % 2 === 0 ? "jpg" : "png"}`,
  );
  for (const file of files) await writeFile(join(dir, "images", file), await smallPhoto(file));
  const rows = (cells: (i: number) => readonly number[]): string =>
    files.map((file, i) => `${file} ${cells(i).join(" ")}\n`).join("");
  const points =
    "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y";
  await writeFile(join(dir, "list_landmarks_celeba.txt"), `${count}\n${points}\n${rows(() => PHOTO_POINTS)}`);
  const signs = (i: number): number[] => [i % 3 === 0 ? 1 : -1, i % 2 === 0 ? 1 : -1];
  await writeFile(join(dir, "list_attr_celeba.txt"), `${count}\nBangs Smiling\n${rows(signs)}`);
  await writeFile(
    join(dir, "list_eval_partition.txt"),
    rows((i) => [i % 3]),
  );
  return files;
}
