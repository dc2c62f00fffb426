/** The job of `elegant align`: crops of the faces in photos, and what is needed to put edits back. */
import { readdir } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import { formatLandmarks } from "../dataset/lists.js";
import { describeMismatch, fromSystemError, InputError, InterruptedError } from "../errors.js";
import { ensureDir, writeFileAtomic } from "../files.js";
import { transformPoint } from "../image/align.js";
import { encodePng } from "../image/codec.js";
import { Pixels } from "../image/pixels.js";
import type { CropFormat } from "../image/tasks.js";
import { type AlignedFace, formatTransforms, TRANSFORMS_FILE } from "../image/transforms.js";
import { loadModule } from "../kernels/module.js";
import type { OnProgress, RgbaImage } from "../types.js";
import { FaceDetector } from "./detector.js";
import { cropFound, findFaces, readOwnPhoto } from "./own-photo.js";

export interface AlignPhotosOptions {
  /** Side of the crops in pixels. */
  readonly size: number;
  readonly format: CropFormat;
  /** JPEG only, 1 to 100. */
  readonly quality: number;
  /** All faces of each photo instead of the largest. */
  readonly all: boolean;
  /** The detector's confidence, 0 to 1. */
  readonly minScore: number;
  readonly workers: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: OnProgress;
}

export interface AlignPhotosReport {
  /** Crops written, faces and photos failed. */
  readonly done: number;
  readonly failed: number;
  readonly faces: readonly AlignedFace[];
  readonly failures: readonly { readonly file: string; readonly reason: string }[];
  readonly seconds: number;
}

async function checkEmpty(out: string): Promise<void> {
  const names = await readdir(out).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw fromSystemError(error, `--out ${out}`);
  });
  if (names.length === 0) return;
  const received = `${out} with ${names.length} ${names.length === 1 ? "entry" : "entries"}`;
  throw new InputError(describeMismatch("--out", "a new or empty folder", received, "Choose another."));
}

/** `photo`, `photo-2` ...: never one that was given before; the lists of CelebA split their lines at spaces. */
function nameCrop(photo: string, extension: string, used: Set<string>): string {
  const stem = basename(photo, extname(photo)).replace(/[^\p{L}\p{N}._-]/gu, "_");
  let name = `${stem}.${extension}`;
  // Some file systems do not tell upper from lower case.
  for (let copy = 2; used.has(name.toLowerCase()); copy++) name = `${stem}-${copy}.${extension}`;
  used.add(name.toLowerCase());
  return name;
}

async function writeLists(out: string, faces: readonly AlignedFace[]): Promise<void> {
  await writeFileAtomic(join(out, TRANSFORMS_FILE), formatTransforms(faces));
  const values = Float64Array.from(
    faces.flatMap(({ points, matrix }) => points.flatMap(([x, y]) => transformPoint(matrix, x, y))),
  );
  const landmarks = formatLandmarks({ files: faces.map(({ crop }) => crop), values });
  await writeFileAtomic(join(out, "list_landmarks_celeba.txt"), landmarks);
}

/**
 * Aligns the faces of photos into a new or empty folder. A photo that cannot be read or has no face to align is a
 * failure in the report; when all are, nothing is written.
 * @throws InputError for the folder, RetryableError (disk full), InterruptedError after what is done has been saved
 */
export async function alignOwnPhotos(
  photos: readonly string[],
  out: string,
  options: AlignPhotosOptions,
): Promise<AlignPhotosReport> {
  await checkEmpty(out);
  const { size, format, quality, signal, onProgress } = options;
  const paths = [...new Map(photos.map((path) => [resolve(path), path])).values()];
  const start = performance.now();
  const pixels = new Pixels(await loadModule("image"));
  const detector = await FaceDetector.open(options.workers);
  const used = new Set<string>();
  const faces: AlignedFace[] = [];
  const failures: AlignPhotosReport["failures"][number][] = [];

  const alignOne = async (path: string, photo: RgbaImage): Promise<void> => {
    const found = await findFaces(detector, photo, path, options);
    for (const reason of found.refused) failures.push({ file: path, reason });
    for (const face of found.faces) {
      const { crop, matrix } = cropFound(pixels, photo, face, size);
      const bytes = format === "png" ? await encodePng(crop) : pixels.encodeJpeg(crop, quality);
      const name = nameCrop(path, format, used);
      await ensureDir(out); // not before there is something to write
      await writeFileAtomic(join(out, name), bytes);
      const { points, score } = face;
      faces.push({
        crop: name,
        photo: resolve(path),
        photoSize: [photo.width, photo.height],
        size,
        matrix,
        points,
        score,
      });
    }
  };
  // The next photo is decoded here while the detector's thread works on this one.
  const read = (path: string): Promise<RgbaImage> => {
    const reading = readOwnPhoto(path);
    reading.catch(() => {}); // told when its turn comes
    return reading;
  };
  try {
    let next = read(paths[0]);
    for (const [i, path] of paths.entries()) {
      if (signal?.aborted) break;
      const reading = next;
      try {
        const photo = await reading;
        const working = alignOne(path, photo);
        if (i + 1 < paths.length) next = read(paths[i + 1]);
        await working;
      } catch (error) {
        if (i + 1 < paths.length && next === reading) next = read(paths[i + 1]);
        if (!(error instanceof InputError)) throw error;
        failures.push({ file: path, reason: error.message });
      }
      onProgress({ stage: "Align", done: i + 1, total: paths.length, unit: "photos" });
    }
  } finally {
    if (faces.length > 0) await writeLists(out, faces);
    await detector.close();
  }
  if (signal?.aborted) {
    throw new InterruptedError(`Interrupted: ${faces.length} faces are in ${out}, with their transforms.`);
  }
  const seconds = (performance.now() - start) / 1000;
  return { done: faces.length, failed: failures.length, faces, failures, seconds };
}
