/** `elegant preprocess`: photos and CelebA's lists in, aligned crops and the lists of what succeeded out. */
import { appendFile, mkdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fromSystemError, InputError, InterruptedError, RetryableError } from "../errors.js";
import { transformPoint } from "../image/align.js";
import { noSeconds, writeWhole } from "../image/photo.js";
import {
  type AlignResult,
  type AlignTask,
  createImagePool,
  type LandmarkFrame,
  STAGES,
  type StageSeconds,
} from "../image/tasks.js";
import type { OnProgress } from "../types.js";
import { chooseLandmarkFrame } from "./landmark-frame.js";
import {
  formatAttributes,
  formatLandmarks,
  formatPartition,
  type LandmarkTable,
  LIST_NAMES,
  selectRows,
} from "./lists.js";
import { type FinishedPhoto, formatManifest, MANIFEST, type ManifestOptions, openOutput, RECORDS } from "./manifest.js";
import {
  checkVariant,
  type PlannedPhoto,
  type PlanOptions,
  type PreprocessPlan,
  planPreprocess,
} from "./preprocess-plan.js";

export interface PreprocessOptions extends PlanOptions {
  /** Side of the crops in pixels. */
  readonly size: number;
  /** 1 to 100; JPEG only. */
  readonly quality: number;
  readonly workers: number;
  /** Larger photos fail by their header. Default DEFAULT_MAX_PIXELS. */
  readonly maxPixels?: number | undefined;
  /** Of damaged photos what can be decoded is used, and said in the records. */
  readonly tolerant?: boolean | undefined;
  /** The frame of the landmarks of photos that EXIF turns. Default auto: the one that fits the first hundred. */
  readonly landmarkFrame?: LandmarkFrame | "auto" | undefined;
  /** What the user should know about choices made. */
  readonly onNotice?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

export interface PreprocessReport {
  /** Images written by this run. */
  readonly done: number;
  readonly failed: number;
  /** Finished by an earlier run. */
  readonly skipped: number;
  /** Of this run, by wall time. */
  readonly imagesPerSecond: number;
  readonly failures: readonly { readonly file: string; readonly reason: string }[];
  /** `wall`, and for each stage the sum over all threads. */
  readonly seconds: StageSeconds & { readonly wall: number };
}

export const PHOTOS_PER_TASK = 16;

function* tasksOf(
  plan: PreprocessPlan,
  todo: readonly PlannedPhoto[],
  out: string,
  { size, format, quality, maxPixels, tolerant, signal }: PreprocessOptions,
  landmarkFrame: LandmarkFrame | null,
): Generator<AlignTask> {
  for (let first = 0; first < todo.length; first += PHOTOS_PER_TASK) {
    if (signal?.aborted) return; // tasks in flight finish, so that every image on disk is also in the records
    const items = todo.slice(first, first + PHOTOS_PER_TASK).map(({ file, output, placement }) => ({
      file,
      input: join(plan.imageDir, file),
      output: join(out, "images", output),
      placement,
    }));
    yield { size, format, quality, landmarkFrame: landmarkFrame ?? undefined, maxPixels, tolerant, items };
  }
}

/** Writes the lists of the finished photos: attributes and partition as they were, landmarks in pixels of the crop. */
function writeLists(plan: PreprocessPlan, finished: ReadonlyMap<string, FinishedPhoto>, out: string): void {
  const photos = plan.photos.filter(({ file }) => finished.has(file));
  const outputNames = (list: keyof PlannedPhoto["rows"]): { rows: number[]; files: string[]; kept: PlannedPhoto[] } => {
    const kept = photos.filter(({ rows }) => rows[list] !== null);
    return { rows: kept.map(({ rows }) => rows[list]!), files: kept.map(({ output }) => output), kept };
  };
  const write = (list: keyof typeof LIST_NAMES, text: string): void =>
    writeWhole(join(out, `${LIST_NAMES[list]}.txt`), text);
  const { attributes, landmarks, partition } = plan.lists;
  if (attributes !== null) {
    const { rows, files } = outputNames("attributes");
    write("attributes", formatAttributes({ ...selectRows(attributes, rows), files }));
  }
  if (partition !== null) {
    const { rows, files } = outputNames("partition");
    write("partition", formatPartition({ ...selectRows(partition, rows), files }));
  }
  if (landmarks !== null) {
    const { rows, files, kept } = outputNames("landmarks");
    const moved: LandmarkTable = { ...selectRows(landmarks, rows), files };
    kept.forEach(({ file }, i) => {
      const { matrix } = finished.get(file)!;
      for (let at = i * 10; at < i * 10 + 10; at += 2) {
        moved.values.set(transformPoint(matrix, moved.values[at], moved.values[at + 1]), at);
      }
    });
    write("landmarks", formatLandmarks(moved));
  }
}

/** Leaves things as they were before a run that made no picture. @param made the outermost folder that it made */
async function removeOutput(out: string, made: string | undefined): Promise<void> {
  const written = made === undefined ? ["images", MANIFEST, RECORDS].map((name) => join(out, name)) : [made];
  for (const path of written) await rm(path, { recursive: true, force: true });
}

/**
 * Aligns and crops the photos of `source` into `out`/images, with lists, manifest.json, manifest.jsonl (the matrix of
 * each photo) and failures.json. A photo that cannot be read is reported and skipped; finished ones are not made again.
 * Throws InputError before anything is written when lists, photos or `out` do not fit, and when every photo fails;
 * RetryableError when the disk is full; InterruptedError after `signal`, with what is done saved.
 */
export async function preprocess(source: string, out: string, options: PreprocessOptions): Promise<PreprocessReport> {
  const started = performance.now();
  const { size, format, quality, crop, workers, signal, onProgress } = options;
  const plan = await planPreprocess(source, options);
  checkVariant(plan);
  const { frame: landmarkFrame, notice } = chooseLandmarkFrame(plan, options.landmarkFrame ?? "auto");
  if (notice !== null) options.onNotice?.(notice);
  const kept: ManifestOptions = {
    images: resolve(plan.imageDir),
    size,
    format,
    quality: format === "jpg" ? quality : null,
    landmarkFrame,
    crop,
  };
  const earlier = await openOutput(out, kept);

  const finished = new Map(earlier?.map((photo) => [photo.file, photo]));
  const todo = plan.photos.filter(({ file }) => !finished.has(file));
  const outputs = new Map(plan.photos.map(({ file, output }) => [file, output]));
  const failures: { file: string; reason: string }[] = [];
  const seconds = noSeconds();
  let done = 0;
  const save = (): void => {
    writeLists(plan, finished, out);
    writeWhole(join(out, "failures.json"), `${JSON.stringify(failures, null, 2)}\n`);
    writeWhole(join(out, MANIFEST), formatManifest(kept, finished.size, failures.length));
  };
  const take = async ({ results, seconds: spent }: AlignResult): Promise<void> => {
    for (const stage of STAGES) seconds[stage] += spent[stage];
    let lines = "";
    for (const result of results) {
      if (result.ok) {
        const { file, matrix, damaged } = result;
        const photo = { file, output: outputs.get(file)!, matrix, ...(damaged === null ? {} : { damaged }) };
        finished.set(photo.file, photo);
        lines += `${JSON.stringify(photo)}\n`;
        done++;
      } else if (result.retryable) {
        throw new RetryableError(result.reason);
      } else {
        failures.push({ file: result.file, reason: result.reason });
      }
    }
    await appendFile(join(out, RECORDS), lines).catch((error: unknown) => {
      throw fromSystemError(error, `Writing ${join(out, RECORDS)}`);
    });
    const progress = { stage: "preprocess", done: done + failures.length, total: todo.length, unit: "images" };
    onProgress?.(failures.length === 0 ? progress : { ...progress, note: `${failures.length} failed` });
  };

  let made: string | undefined; // the first folder that was missing on the way to `out`
  try {
    made = await mkdir(out, { recursive: true });
    const folders = new Set(todo.map(({ output }) => dirname(join(out, "images", output))).concat(join(out, "images")));
    for (const folder of folders) await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fromSystemError(error, `Creating ${out}`);
  }
  writeWhole(join(out, MANIFEST), formatManifest(kept, finished.size, 0));
  const pool = await createImagePool(workers);
  try {
    for await (const result of pool.map("alignPhotos", tasksOf(plan, todo, out, options, landmarkFrame)))
      await take(result);
  } finally {
    await pool.close();
  }
  if (finished.size === 0 && failures.length > 0) {
    if (earlier === null) await removeOutput(out, made);
    throw new InputError(`None of the ${failures.length} photos could be used. The first: ${failures[0].reason}`);
  }
  save();
  if (signal?.aborted) {
    throw new InterruptedError(
      `Interrupted after ${finished.size} of ${plan.photos.length} images. Run it again to resume.`,
    );
  }
  const wall = (performance.now() - started) / 1000;
  return {
    done,
    failed: failures.length,
    skipped: plan.photos.length - todo.length,
    imagesPerSecond: done / wall,
    failures,
    seconds: { ...seconds, wall },
  };
}
