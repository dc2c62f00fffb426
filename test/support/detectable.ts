/** Photos of painted faces whose positions no list names: with one face, with two side by side, and with none. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { encodeJpeg } from "../../src/image/codec.js";
import type { PreprocessOptions } from "../../src/preprocess/preprocess.js";
import { loadPainter, renderPhoto } from "../../src/synth/raster.js";
import { sampleFace } from "../../src/synth/sample.js";
import type { RgbaImage } from "../../src/types.js";
import { SMALL_CROPS } from "./pictures.js";

export type PhotoKind = "one" | "two" | "none";

/** Options of preprocess for these photos. Detectors that were trained on people are less sure of painted faces. */
export const DETECT_ALL: PreprocessOptions = {
  ...SMALL_CROPS,
  format: "jpg",
  detect: { faces: "all", minScore: 0.3, minFace: 0, minSharpness: 0 },
};

/** DETECT_ALL with other choices of detection. */
export const detectWith = (changes: Partial<NonNullable<PreprocessOptions["detect"]>>): PreprocessOptions => ({
  ...DETECT_ALL,
  detect: { ...DETECT_ALL.detect!, ...changes },
});

/** Faces that detectors find. */
const FACES = [0, 2] as const;

function beside(left: RgbaImage, right: RgbaImage): RgbaImage {
  const [width, height] = [left.width + right.width, Math.max(left.height, right.height)];
  const data = new Uint8Array(width * height * 4).fill(200);
  for (const [image, x] of [
    [left, 0],
    [right, left.width],
  ] as const) {
    for (let y = 0; y < image.height; y++) {
      const row = image.data.subarray(y * image.width * 4, (y + 1) * image.width * 4);
      data.set(row, (y * width + x) * 4);
    }
  }
  return { width, height, data };
}

/** A painted face, as a photo that no file contains yet. */
export async function paintedPhoto(kind: PhotoKind): Promise<RgbaImage> {
  if (kind === "none") return { width: 90, height: 80, data: new Uint8Array(90 * 80 * 4).fill(120) };
  await loadPainter();
  const [first, second] = FACES.map((index) => renderPhoto(sampleFace(1, index)));
  return kind === "one" ? first : beside(second, first);
}

let painted: Promise<Readonly<Record<PhotoKind, Uint8Array>>> | undefined;

/** The bytes of a JPEG file of each kind, which are painted once in a process. */
export function paintedFiles(): Promise<Readonly<Record<PhotoKind, Uint8Array>>> {
  const of = async (kind: PhotoKind): Promise<Uint8Array> => encodeJpeg(await paintedPhoto(kind), 90);
  painted ??= (async () => ({ one: await of("one"), two: await of("two"), none: await of("none") }))();
  return painted;
}

/** Writes the photos into `folder`. */
export async function writePhotos(folder: string, kinds: Readonly<Record<string, PhotoKind>>): Promise<void> {
  const files = await paintedFiles();
  for (const [name, kind] of Object.entries(kinds)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), files[kind]);
  }
}

/** Names of `count` photos, with one face, two or none in turns. */
export function manyPhotos(count: number): Record<string, PhotoKind> {
  const kinds = ["one", "two", "one", "none"] as const;
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${String(i).padStart(4, "0")}.jpg`, kinds[i % 4]]),
  );
}
