/** The job of `elegant align`: writes crops of the faces in photos, and the data needed to put edits back. */
import { basename, extname, join, resolve } from "node:path";
import { formatLandmarks } from "../dataset/lists.js";
import { InputError, InterruptedError, UnreadableFileError } from "../errors.js";
import { writeFileAtomic } from "../files.js";
import { transformPoint } from "../image/align.js";
import { encodePng } from "../image/codec.js";
import { Pixels } from "../image/pixels.js";
import type { CropFormat } from "../image/tasks.js";
import { loadModule } from "../kernels/module.js";
import type { OnProgress, RgbaImage } from "../types.js";
import { AlignRecord } from "./align-record.js";
import { FaceDetector } from "./detector.js";
import { cropFound, findFaces } from "./find-faces.js";
import { readOwnPhoto } from "./own-photo.js";
import { type AlignedFace, formatTransforms, TRANSFORMS_FILE } from "./transforms.js";

/** How alignOwnPhotos() finds and crops faces. */
export interface AlignPhotosOptions {
  /** Side of the crops in pixels. */
  readonly size: number;
  /** Encoding of the crops. */
  readonly format: CropFormat;
  /** 1 to 100, for JPEG only. */
  readonly quality: number;
  /** If true, all faces of each photo are aligned; otherwise only the largest. */
  readonly all: boolean;
  /** Lowest detector score that counts as a face, 0 to 1. */
  readonly minScore: number;
  /** Number of threads that run the face networks. */
  readonly workers: number;
  /** Stops after the current photo, with the finished ones saved. */
  readonly signal?: AbortSignal | undefined;
  /** Receives the number of finished photos. */
  readonly onProgress: OnProgress;
}

/** What alignOwnPhotos() did. */
export interface AlignPhotosReport {
  /** Number of crops, with those of an interrupted run. */
  readonly done: number;
  /** Number of faces and photos that failed. */
  readonly failed: number;
  /** Number of crops that an interrupted run of the same command had written. */
  readonly earlier: number;
  /** Each crop, and where it belongs in its photo: the records of transforms.json. */
  readonly faces: readonly AlignedFace[];
  /** The photos and faces that failed, with the reason for each. */
  readonly failures: readonly {
    /** Path of the photo. */
    readonly file: string;
    /** One line that says why. */
    readonly reason: string;
  }[];
  /** Wall time in seconds. */
  readonly seconds: number;
}

/**
 * Names a crop `photo`, `photo-2` and so on, never with a name that is used already. It has no spaces, because CelebA's
 * lists split their lines at spaces.
 */
function nameCrop(photo: string, extension: string, used: Set<string>): string {
  const stem = basename(photo, extname(photo)).replace(/[^\p{L}\p{N}._-]/gu, "_");
  let name = `${stem}.${extension}`;
  // Some file systems do not distinguish upper and lower case.
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
 * Aligns the faces of photos into a new or empty folder, or into one where the same work was interrupted; finished
 * photos are not repeated. A photo that cannot be read or has no face to align is a failure in the report. If all
 * photos fail, nothing is written.
 * @param photos paths of image files; a path that is there twice counts once
 * @param out    the folder for the crops, transforms.json and list_landmarks_celeba.txt
 * @throws InputError for a folder that cannot be used; RetryableError if the disk is full; InterruptedError after the
 *   finished work has been saved
 * @example
 * ```ts
 * import { alignOwnPhotos } from "elegant-faces";
 *
 * const report = await alignOwnPhotos(["holiday.jpg"], "crops", {
 *   size: 256,
 *   format: "png",
 *   quality: 95,
 *   all: false,
 *   minScore: 0.5,
 *   workers: 2,
 *   onProgress: () => {},
 * });
 * for (const { file, reason } of report.failures) console.log(file, reason);
 * ```
 */
export async function alignOwnPhotos(
  photos: readonly string[],
  out: string,
  options: AlignPhotosOptions,
): Promise<AlignPhotosReport> {
  const { size, format, quality, all, minScore, signal, onProgress } = options;
  const record = await AlignRecord.open(out, { size, format, quality, all, minScore });
  const done = new Set(record.earlier.map(({ photo }) => photo));
  const named = [...new Map(photos.map((path) => [resolve(path), path])).values()];
  const paths = named.filter((path) => !done.has(resolve(path)));
  const start = performance.now();
  const faces: AlignedFace[] = record.earlier.flatMap((photo) => photo.faces);
  const failures: AlignPhotosReport["failures"][number][] = record.earlier.flatMap(({ photo, refused }) => {
    return refused.map((reason) => ({ file: photo, reason }));
  });
  const earlier = faces.length;
  const used = new Set(faces.map(({ crop }) => crop.toLowerCase()));
  const pixels = new Pixels(await loadModule("image"));
  const detector = await FaceDetector.open(options.workers);

  const alignOne = async (path: string, photo: RgbaImage): Promise<void> => {
    const found = await findFaces(detector, photo, path, options);
    for (const reason of found.refused) failures.push({ file: path, reason });
    const own: AlignedFace[] = [];
    for (const face of found.faces) {
      const { crop, matrix } = cropFound(pixels, photo, face, size);
      const bytes = format === "png" ? await encodePng(crop) : pixels.encodeJpeg(crop, quality);
      const name = nameCrop(path, format, used);
      await record.makeFolder(); // Do not make the folder before there is something to write.
      await writeFileAtomic(join(out, name), bytes);
      const { points, score } = face;
      own.push({
        crop: name,
        photo: resolve(path),
        photoSize: [photo.width, photo.height],
        size,
        matrix,
        points,
        score,
      });
    }
    if (own.length > 0) await record.append({ photo: resolve(path), faces: own, refused: found.refused });
    faces.push(...own);
  };
  // Decode the next photo here while the detector's thread works on this one.
  const read = (path: string): Promise<RgbaImage> => {
    const reading = readOwnPhoto(path);
    reading.catch(() => {}); // reported when its turn comes
    return reading;
  };
  try {
    let next = paths.length > 0 ? read(paths[0]) : null;
    for (const [i, path] of paths.entries()) {
      if (signal?.aborted) break;
      const reading = next!;
      try {
        const photo = await reading;
        const working = alignOne(path, photo);
        if (i + 1 < paths.length) next = read(paths[i + 1]);
        await working;
      } catch (error) {
        if (i + 1 < paths.length && next === reading) next = read(paths[i + 1]);
        if (!(error instanceof InputError || error instanceof UnreadableFileError)) throw error;
        failures.push({ file: path, reason: error.message });
      }
      const finished = named.length - paths.length + i + 1;
      onProgress({ stage: "Align", done: finished, total: named.length, unit: "photos" });
    }
  } finally {
    if (faces.length > 0) await writeLists(out, faces);
    await detector.close();
  }
  if (signal?.aborted) {
    const saved =
      faces.length === 0 ? "no face was aligned yet" : `${faces.length} faces are in ${out}, with their transforms`;
    throw new InterruptedError(`Interrupted: ${saved}. Run the same command again to continue.`);
  }
  await record.finish();
  const seconds = (performance.now() - start) / 1000;
  return { done: faces.length, failed: failures.length, earlier, faces, failures, seconds };
}
