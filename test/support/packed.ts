/** Data sets of square images in packed files, in the layout of `elegant preprocess`, and tar files as other programs make them. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pack } from "tar-stream";
import { formatAttributes, formatPartition } from "../../src/dataset/lists.js";
import type { PackedIndex } from "../../src/dataset/packed.js";
import { encodeJpeg } from "../../src/image/codec.js";
import type { RgbaImage } from "../../src/types.js";
import { FACE_SIZE, faceAttributes, facePart } from "./faces.js";
import { goldenPhoto } from "./pictures.js";

export interface TarEntry {
  readonly name: string;
  readonly bytes: Uint8Array | string;
}

/** The bytes of a tar file. */
export async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, bytes } of entries) tar.entry({ name }, Buffer.from(bytes));
  tar.finalize();
  const parts: Buffer[] = [];
  for await (const part of tar) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export function rgbOf({ data }: RgbaImage): Uint8Array {
  return Uint8Array.from(data).filter((_, i) => i % 4 !== 3);
}

/** A .npy file of [n, size, size, 3], and the offset of its numbers. */
export function npyOf(
  pictures: readonly RgbaImage[],
  size: number,
): { readonly bytes: Buffer; readonly start: number } {
  const text = `{'descr': '|u1', 'fortran_order': False, 'shape': (${pictures.length}, ${size}, ${size}, 3), }`;
  const start = Math.ceil((10 + text.length + 1) / 64) * 64;
  const head = Buffer.alloc(start, " ");
  head.write("\x93NUMPY\x01\x00", "latin1");
  head.writeUInt16LE(start - 10, 8);
  head.write(text, 10, "latin1");
  head[start - 1] = 10;
  return { bytes: Buffer.concat([head, ...pictures.map(rgbOf)]), start };
}

/** The name of face `i` (faces.ts), with the ending of the format. */
export function packedName(i: number, format: PackedIndex["format"]): string {
  return `${String(i + 1).padStart(6, "0")}.${format === "shard" ? "rgb" : "jpg"}`;
}

/**
 * Writes the images of writeFaces() in packed files of `perFile`, numbered with gaps, and their lists.
 * @param failures of the first file
 */
export async function writePacked(
  dir: string,
  count: number,
  format: PackedIndex["format"],
  perFile = 8,
  failures: PackedIndex["failures"] = [],
): Promise<void> {
  const size = FACE_SIZE;
  await mkdir(join(dir, "shards"), { recursive: true });
  for (let first = 0; first < count; first += perFile) {
    const n = Math.min(perFile, count - first);
    // The photos of faces.ts are PNG files and painted by their names.
    const files = Array.from({ length: n }, (_, k) => `${String(first + k + 1).padStart(6, "0")}.png`);
    const pictures = files.map((file, k) => goldenPhoto(file, first + k, size, size));
    const items: PackedIndex["items"] = [];
    const place = (k: number, offset: number, length: number): void => {
      const output = packedName(first + k, format);
      items.push({ file: files[k], output, matrix: [1, 0, 0, 0, 1, 0], offset, length });
    };
    const number = String((first / perFile) * 2).padStart(5, "0");
    const data = `${number}.${format === "shard" ? "npy" : "tar"}`;
    let bytes: Buffer;
    if (format === "shard") {
      const npy = npyOf(pictures, size);
      bytes = npy.bytes;
      for (let k = 0; k < n; k++) place(k, npy.start + k * size * size * 3, size * size * 3);
    } else {
      const entries: TarEntry[] = [];
      let at = 0;
      for (const [k, picture] of pictures.entries()) {
        const key = files[k].replace(/\.png$/, "");
        const jpeg = await encodeJpeg(picture, 95);
        const notes = JSON.stringify({ file: files[k] });
        place(k, at + 512, jpeg.length);
        entries.push({ name: `${key}.jpg`, bytes: jpeg }, { name: `${key}.json`, bytes: notes });
        for (const length of [jpeg.length, notes.length]) at += 512 + Math.ceil(length / 512) * 512;
      }
      bytes = await tarOf(entries);
    }
    await writeFile(join(dir, "shards", data), bytes);
    const index: PackedIndex = {
      kind: "elegant-shard",
      version: 1,
      format,
      size,
      data,
      items,
      failures: first === 0 ? failures : [],
    };
    await writeFile(join(dir, "shards", `${number}.json`), JSON.stringify(index));
  }
  await writePackedLists(dir, count, format, failures);
}

async function writePackedLists(
  dir: string,
  count: number,
  format: PackedIndex["format"],
  failures: PackedIndex["failures"],
): Promise<void> {
  const files = Array.from({ length: count }, (_, i) => packedName(i, format));
  await writeFile(join(dir, "list_attr_celeba.txt"), formatAttributes({ ...faceAttributes(count), files }));
  const values = Uint8Array.from(files, (_, i) => facePart(i));
  await writeFile(join(dir, "list_eval_partition.txt"), formatPartition({ files, values }));
  const records = files.map((output, i) => ({
    file: `${String(i + 1).padStart(6, "0")}.png`,
    output,
    matrix: [1, 0, 0, 0, 1, 0],
  }));
  await writeFile(join(dir, "manifest.jsonl"), records.map((record) => `${JSON.stringify(record)}\n`).join(""));
  await writeFile(join(dir, "failures.json"), JSON.stringify(failures));
  const options = {
    images: "/photos",
    size: FACE_SIZE,
    format,
    quality: format === "shard" ? null : 95,
    shardPhotos: null,
    landmarkFrame: null,
    crop: null,
  };
  const manifest = { kind: "elegant-preprocess", version: 1, options, done: count, failed: failures.length };
  await writeFile(join(dir, "manifest.json"), JSON.stringify(manifest));
}
