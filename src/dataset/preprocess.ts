/** `elegant preprocess`: photos and CelebA's lists in, aligned crops and the lists of what succeeded out. */
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fromSystemError, InputError, InterruptedError } from "../errors.js";
import { removeTemporaries } from "../files.js";
import { transformPoint } from "../image/align.js";
import { noSeconds, writeWhole } from "../image/photo.js";
import { createImagePool, type LandmarkFrame, STAGES, type StageSeconds } from "../image/tasks.js";
import { RunLock } from "../lock.js";
import { type Feeding, fixedFeeding } from "../pool/feeding.js";
import type { OnProgress } from "../types.js";
import { type AlignJob, alignAll } from "./align-all.js";
import { chooseLandmarkFrame } from "./landmark-frame.js";
import {
  formatAttributes,
  formatLandmarks,
  formatPartition,
  type LandmarkTable,
  LIST_NAMES,
  selectRows,
} from "./lists.js";
import {
  type FinishedPhoto,
  formatManifest,
  formatRecords,
  MANIFEST,
  type ManifestOptions,
  openOutput,
  RECORDS,
} from "./manifest.js";
import { isSharded } from "./output-format.js";
import { type Batch, type CropOutput, type Failure, ImageOutput, ShardOutput } from "./outputs.js";
import {
  checkVariant,
  type PlannedPhoto,
  type PlanOptions,
  type PreprocessPlan,
  planPreprocess,
} from "./preprocess-plan.js";
import { SHARDS } from "./shards.js";

/** Photos of a shard, unless it is said: some 50 MB of raw pixels at 256 px. */
export const SHARD_PHOTOS = 256;

export interface PreprocessOptions extends PlanOptions {
  /** Side of the crops in pixels. */
  readonly size: number;
  /** 1 to 100; JPEG only. */
  readonly quality: number;
  /** Of a file, where files hold many. */
  readonly shardPhotos?: number;
  readonly workers: number;
  /** Decides that when the photos to be made are known and none is made yet; null leaves it at `workers`. */
  readonly feeding?: (imageDir: string, photos: number) => Promise<Feeding | null>;
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
  readonly failures: readonly Failure[];
  /** `wall`, and for each stage the sum over all threads. */
  readonly seconds: StageSeconds & { readonly wall: number };
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
  const written = made === undefined ? ["images", SHARDS, MANIFEST, RECORDS].map((name) => join(out, name)) : [made];
  for (const path of written) await rm(path, { recursive: true, force: true });
}

/**
 * Aligns and crops the photos of `source` into `out`/images or `out`/shards, with lists, manifest.json, manifest.jsonl (the matrix of
 * each photo) and failures.json. A photo that cannot be read is reported and skipped; finished ones are not made again, and a
 * run that was killed at any moment ends, when it is run again, with the bytes of one that was not.
 * Throws InputError before anything is written when lists, photos or `out` do not fit, and when every photo fails;
 * RetryableError when the disk is full; InterruptedError after `signal`, with what is done saved.
 */
export async function preprocess(source: string, out: string, options: PreprocessOptions): Promise<PreprocessReport> {
  const { size, format, quality, crop, shardPhotos = SHARD_PHOTOS } = options;
  const started = performance.now();
  const plan = await planPreprocess(source, options);
  checkVariant(plan);
  const { frame: landmarkFrame, notice } = chooseLandmarkFrame(plan, options.landmarkFrame ?? "auto");
  if (notice !== null) options.onNotice?.(notice);
  const kept: ManifestOptions = {
    images: resolve(plan.imageDir),
    size,
    format,
    quality: format === "jpg" || format === "webdataset" ? quality : null,
    shardPhotos: isSharded(format) ? shardPhotos : null,
    landmarkFrame,
    crop,
  };
  await openOutput(out, kept); // refuses before anything is made
  let made: string | undefined; // the first folder that was missing on the way to `out`
  try {
    made = await mkdir(out, { recursive: true });
  } catch (error) {
    throw fromSystemError(error, `Creating ${out}`);
  }
  const lock = await RunLock.acquire(out, "preprocess");
  try {
    const earlier = await openOutput(out, kept); // again: another run may have begun and ended meanwhile
    return await preprocessLocked(plan, out, options, { kept, earlier, made, started });
  } finally {
    await lock.release();
  }
}

interface Prepared {
  readonly kept: ManifestOptions;
  readonly earlier: readonly FinishedPhoto[] | null;
  readonly made: string | undefined;
  readonly started: number;
}

async function preprocessLocked(
  plan: PreprocessPlan,
  out: string,
  options: PreprocessOptions,
  { kept, earlier, made, started }: Prepared,
): Promise<PreprocessReport> {
  const { size, format, quality, shardPhotos = SHARD_PHOTOS, maxPixels, tolerant, signal, onProgress } = options;
  let output: CropOutput;
  try {
    await removeTemporaries(out); // of runs that were killed
    const cropped = { size, quality, maxPixels, tolerant, landmarkFrame: kept.landmarkFrame ?? undefined };
    output = isSharded(format)
      ? await ShardOutput.open(plan, out, { ...cropped, format }, shardPhotos)
      : await ImageOutput.open(plan, out, { ...cropped, format }, earlier);
  } catch (error) {
    throw fromSystemError(error, `Opening ${out}`);
  }
  const { finished, failures, todo } = output;
  const finishedBefore = finished.size;
  const seconds = noSeconds();
  let taken = 0;
  writeWhole(join(out, MANIFEST), formatManifest(kept, finished.size, 0));
  const feeding = (await options.feeding?.(plan.imageDir, todo)) ?? fixedFeeding(options.workers, 1);
  const pool = await createImagePool(feeding.most);
  const jobs = function* (): Generator<AlignJob<Batch>> {
    for (const job of output.jobs()) {
      if (signal?.aborted) return; // tasks in flight finish, so that every image on disk is also in the records
      yield job;
    }
  };
  try {
    pool.use(feeding.workers);
    let before = performance.now();
    for await (const { tag, result } of alignAll(pool, jobs())) {
      for (const stage of STAGES) seconds[stage] += result.seconds[stage];
      const { warp: align, ...others } = result.seconds;
      feeding.onTimes({ ...others, align }, tag.photos.length);
      await output.take(tag, result);
      taken += tag.photos.length;
      const progress = { stage: "preprocess", done: taken, total: todo, unit: "images" };
      onProgress?.(failures.length === 0 ? progress : { ...progress, note: `${failures.length} failed` });
      const now = performance.now();
      feeding.onUnit(tag.photos.length, (now - before) / 1000);
      before = now;
      pool.use(feeding.workers); // a new plan may have other numbers
    }
  } finally {
    await output.discard();
    await pool.close();
  }
  if (finished.size === 0 && failures.length > 0) {
    if (earlier === null) await removeOutput(out, made);
    throw new InputError(`None of the ${failures.length} photos could be used. The first: ${failures[0].reason}`);
  }
  const inOrder = sortByPlan(plan, failures);
  writeLists(plan, finished, out);
  const records = plan.photos.map(({ file }) => finished.get(file)).filter((photo) => photo !== undefined);
  writeWhole(join(out, RECORDS), formatRecords(records));
  writeWhole(join(out, "failures.json"), `${JSON.stringify(inOrder, null, 2)}\n`);
  writeWhole(join(out, MANIFEST), formatManifest(kept, finished.size, failures.length));
  if (signal?.aborted) {
    throw new InterruptedError(
      `Interrupted after ${finished.size} of ${plan.photos.length} images. Run it again to resume.`,
    );
  }
  const wall = (performance.now() - started) / 1000;
  const done = finished.size - finishedBefore;
  return {
    done,
    failed: failures.length,
    skipped: plan.photos.length - todo,
    imagesPerSecond: done / wall,
    failures: inOrder,
    seconds: { ...seconds, wall },
  };
}

function sortByPlan({ photos }: PreprocessPlan, failures: readonly Failure[]): readonly Failure[] {
  const places = new Map(photos.map(({ file, index }) => [file, index]));
  return [...failures].sort((a, b) => (places.get(a.file) ?? 0) - (places.get(b.file) ?? 0));
}
