/** Small pictures and data sets made in a temporary folder. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeJpeg, encodePng } from "../../src/image/codec.js";
import { fnv1a } from "../../src/random.js";
import type { RgbaImage } from "../../src/types.js";

/** Runs `work` with a folder that is removed afterwards. */
export async function withFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "elegant-test-"));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function hash32(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** bytes_hwc of golden/README.md as RGBA: gradients, a chequered pattern and a little noise. */
export function goldenPhoto(name: string, seed: number, height: number, width: number): RgbaImage {
  const data = new Uint8Array(width * height * 4);
  const base = hash32((fnv1a(name) ^ seed) >>> 0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const slopes = [x / width - 0.5, y / height - 0.5, (x + y) / (width + height) - 0.5];
      const square = ((Math.floor(x / 16) + Math.floor(y / 16)) % 2) - 0.5;
      for (let c = 0; c < 3; c++) {
        const field = ((hash32((base + (y * width + x) * 3 + c) >>> 0) >>> 8) / 2 ** 24) * 2 - 1;
        const value = 128 + 100 * slopes[c] + 25 * square + 6 * field;
        data[(y * width + x) * 4 + c] = Math.min(255, Math.max(0, Math.floor(value + 0.5)));
      }
      data[(y * width + x) * 4 + 3] = 255;
    }
  }
  return { width, height, data };
}

export const PHOTO_POINTS = [40, 50, 70, 52, 56, 68, 43, 82, 68, 84];

/** A CelebA-like folder: `count` photos of 120 x 130, landmarks, two attributes, a partition. Returns the names. */
export async function writeSmallDataset(dir: string, count: number): Promise<string[]> {
  await mkdir(join(dir, "images"), { recursive: true });
  const files = Array.from(
    { length: count },
    (_, i) => `${String(i + 1).padStart(6, "0")}.${i % 2 === 0 ? "jpg" : "png"}`,
  );
  for (const [i, file] of files.entries()) {
    const photo = goldenPhoto(file, 3, 130, 120);
    const bytes = i % 2 === 0 ? await encodeJpeg(photo, 95) : await encodePng(photo);
    await writeFile(join(dir, "images", file), bytes);
  }
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
