/** Makes photos to measure with: painted photos of the usual size, and real ones repeated until there are enough. */
import { copyFile, link, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeJpeg } from "../../src/image/codec.js";
import { Random } from "../../src/random.js";
import { fileName, landmarkList } from "../../src/synth/lists.js";
import { loadPainter, renderPhoto } from "../../src/synth/raster.js";
import { sampleFace } from "../../src/synth/sample.js";
import type { RgbaImage } from "../../src/types.js";

const LANDMARKS = "list_landmarks_celeba.txt";
/** Bytes of a photo, about 70 kB as in runtime.md. */
const BYTES = 70_000;

/** Adds grain as on film. Without it, painted photos are too easy: smooth areas take no bits. */
function addGrain({ data }: RgbaImage, random: Random): void {
  for (let i = 0; i < data.length; i += 4) {
    const grain = 14 * (random.uniform() + random.uniform() - 1);
    for (let c = 0; c < 3; c++) data[i + c] = Math.max(0, Math.min(255, data[i + c] + grain));
  }
}

/** Paints `count` photos of a size, with CelebA's files. Photos of 409 x 687 pixels have about 70 kB each. */
export async function paintPhotos(folder: string, count: number, width: number, height: number): Promise<void> {
  await mkdir(join(folder, "images"), { recursive: true });
  await loadPainter();
  const scale = (Math.min(width, height) / 409) * 1.1;
  const target = (BYTES * width * height) / (409 * 687);
  let quality = 85;
  const faces = Array.from({ length: count }, (_, i) => {
    const face = sampleFace(1, i);
    return { ...face, pose: { ...face.pose, width, height, scale, x: width / 2, y: height * 0.42 } };
  });
  for (const [i, face] of faces.entries()) {
    const photo = renderPhoto(face);
    addGrain(photo, Random.fromSeed(i, "grain"));
    let bytes = await encodeJpeg(photo, quality);
    // The first few photos determine the quality; the others differ little.
    for (let step = 0; i < 4 && step < 12 && Math.abs(bytes.length / target - 1) > 0.05; step++) {
      quality = Math.max(40, Math.min(98, quality + (bytes.length < target ? 2 : -2)));
      bytes = await encodeJpeg(photo, quality);
    }
    await writeFile(join(folder, "images", fileName(i)), bytes);
  }
  await writeFile(join(folder, LANDMARKS), landmarkList(faces));
}

/** Makes a data set of `count` photos by repeating those of another one. */
export async function repeatPhotos(source: string, folder: string, count: number): Promise<void> {
  await mkdir(join(folder, "images"), { recursive: true });
  const [, names, ...rows] = (await readFile(join(source, LANDMARKS), "utf8")).split(/\r?\n/).filter(Boolean);
  const kept: string[] = [];
  for (let i = 0; i < count; i++) {
    const [file, ...points] = rows[i % rows.length].trim().split(/\s+/);
    const from = join(source, "images", file);
    const to = join(folder, "images", `${i}-${file}`);
    await link(from, to).catch(() => copyFile(from, to)); // on another file system
    kept.push(`${i}-${file} ${points.join(" ")}`);
  }
  await writeFile(join(folder, LANDMARKS), `${count}\n${names}\n${kept.join("\n")}\n`);
}

/** Mean size of the photos in bytes. */
export async function meanBytes(folder: string, files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, "images", file))).size));
  return sizes.reduce((a, b) => a + b, 0) / sizes.length;
}
