/** A small data set of square images with CelebA's lists, ready for training. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type FaceDataset, openDataset } from "../../src/dataset/dataset.js";
import { type AttributeTable, formatAttributes, formatPartition } from "../../src/dataset/lists.js";
import { encodePng } from "../../src/image/codec.js";
import { goldenPhoto } from "./pictures.js";

/** 0 or 1 for image `i`, with at least a third on each side. */
export const FACE_LABELS: Readonly<Record<string, (i: number) => number>> = {
  Bangs: (i) => i % 2,
  Smiling: (i) => (i % 3 === 0 ? 1 : 0),
  /** All on one side. */
  Young: () => 1,
};

export const FACE_SIZE = 64;

/** Every fifth image is held out. */
export const facePart = (i: number): number => (i % 5 === 4 ? 2 : 0);

export function faceNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${String(i + 1).padStart(6, "0")}.png`);
}

/** The attribute list of `count` images. */
export function faceAttributes(count: number): AttributeTable {
  const names = Object.keys(FACE_LABELS);
  const rows = Array.from({ length: count }, (_, i) => names.map((name) => FACE_LABELS[name](i)));
  return { names, files: faceNames(count), values: Int8Array.from(rows.flat()) };
}

/** A data set that exists only in memory, for code that reads no images. */
export function listedFaces(count: number, changes: Partial<FaceDataset> = {}): FaceDataset {
  const files = faceNames(count);
  return {
    dir: "faces",
    imageDir: "faces/images",
    files,
    attributes: faceAttributes(count),
    landmarks: null,
    partition: { files, values: Uint8Array.from(files, (_, i) => facePart(i)) },
    format: "images",
    size: null,
    picture: (i) => ({ path: `faces/images/${files[i]}` }),
    ...changes,
  };
}

const painted = new Map<string, Promise<Uint8Array>>();

/** The bytes of image `i`, which is painted once in a process. */
function faceBytes(file: string, i: number, size: number): Promise<Uint8Array> {
  const key = `${file} ${i} ${size}`;
  const bytes = painted.get(key) ?? encodePng(goldenPhoto(file, i, size, size));
  painted.set(key, bytes);
  return bytes;
}

/** Writes `count` images of 64 px with attributes and partition. */
export async function writeFaces(dir: string, count: number, size = FACE_SIZE): Promise<FaceDataset> {
  const { files, attributes, partition } = listedFaces(count);
  await mkdir(join(dir, "images"), { recursive: true });
  for (const [i, file] of files.entries()) {
    await writeFile(join(dir, "images", file), await faceBytes(file, i, size));
  }
  if (attributes !== null) await writeFile(join(dir, "list_attr_celeba.txt"), formatAttributes(attributes));
  if (partition !== null) await writeFile(join(dir, "list_eval_partition.txt"), formatPartition(partition));
  return openDataset(dir);
}
