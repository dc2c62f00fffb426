/** `elegant preprocess`: photos and CelebA's lists in, aligned crops and the lists of what succeeded out. */
import { appendFile, mkdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fromSystemError, InputError, InterruptedError, RetryableError } from "../errors.js";
import { noSeconds, writeWhole } from "../image/photo.js";
import { type AlignResult, type AlignTask, createImagePool, STAGES, type StageSeconds } from "../image/tasks.js";
import { partName, type Shard } from "../shard.js";
import type { OnProgress } from "../types.js";
import { formatManifest, formatRecord, MANIFEST, type ManifestOptions, openOutput, RECORDS } from "./manifest.js";
import { outcomeLists, writeOutcome } from "./outcome.js";
import { beginPart, finishPart, isMerged, partOf } from "./part.js";
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
  /** Only this machine's part, into OUT/part-i-of-n. */
  readonly shard?: Shard | null;
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
  { size, format, quality, signal }: PreprocessOptions,
): Generator<AlignTask> {
  for (let first = 0; first < todo.length; first += PHOTOS_PER_TASK) {
    if (signal?.aborted) return; // tasks in flight finish, so that every image on disk is also in the records
    const items = todo.slice(first, first + PHOTOS_PER_TASK).map(({ file, output, placement }) => ({
      file,
      input: join(plan.imageDir, file),
      output: join(out, "images", output),
      placement,
    }));
    yield { size, format, quality, items };
  }
}

/** Leaves things as they were before a run that made no picture. @param made the outermost folder that it made */
async function removeOutput(out: string, made: string | undefined): Promise<void> {
  const written = made === undefined ? ["images", MANIFEST, RECORDS].map((name) => join(out, name)) : [made];
  for (const path of written) await rm(path, { recursive: true, force: true });
}

/** Of a part that has been merged already. */
function nothingLeft({ photos }: PreprocessPlan): PreprocessReport {
  const seconds = { ...noSeconds(), wall: 0 };
  return { done: 0, failed: 0, skipped: photos.length, imagesPerSecond: 0, failures: [], seconds };
}

/**
 * Aligns and crops the photos of `source` into `out`/images, with lists, manifest.json, manifest.jsonl (the matrix of
 * each photo) and failures.json. A photo that cannot be read is reported and skipped; finished ones are not made again.
 * Throws InputError before anything is written when lists, photos or `out` do not fit, and when every photo fails;
 * RetryableError when the disk is full; InterruptedError after `signal`, with what is done saved. With `shard` the same
 * for its photos, into a folder of its own below `target`, whatever their share of failures; mergeParts() brings the parts together.
 */
export async function preprocess(
  source: string,
  target: string,
  options: PreprocessOptions,
): Promise<PreprocessReport> {
  const started = performance.now();
  const { size, format, quality, crop, workers, shard = null, signal, onProgress } = options;
  const whole = await planPreprocess(source, options);
  const plan = shard === null ? whole : partOf(whole, shard);
  const out = shard === null ? target : join(target, partName(shard));
  const kept: ManifestOptions = {
    images: resolve(plan.imageDir),
    size,
    format,
    quality: format === "jpg" ? quality : null,
    crop,
  };
  if (shard !== null && (await isMerged(target, kept))) return nothingLeft(plan);
  const earlier = await openOutput(out, kept);
  await checkVariant(whole);

  const finished = new Map(earlier?.map((photo) => [photo.file, photo]));
  const todo = plan.photos.filter(({ file }) => !finished.has(file));
  const outputs = new Map(plan.photos.map(({ file, output }) => [file, output]));
  const failures: { file: string; reason: string }[] = [];
  const seconds = noSeconds();
  let done = 0;
  const save = (): void => {
    const records = plan.photos.flatMap(({ file }) => finished.get(file) ?? []);
    const lists = outcomeLists(plan, finished);
    writeOutcome(out, { options: kept, lists, records, failures, done: finished.size });
  };
  const take = async ({ results, seconds: spent }: AlignResult): Promise<void> => {
    for (const stage of STAGES) seconds[stage] += spent[stage];
    let lines = "";
    for (const result of results) {
      if (result.ok) {
        const photo = { file: result.file, output: outputs.get(result.file)!, matrix: result.matrix };
        finished.set(photo.file, photo);
        lines += formatRecord(photo);
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
  if (shard !== null) await beginPart(out);
  writeWhole(join(out, MANIFEST), formatManifest(kept, finished.size, 0));
  const pool = await createImagePool(workers);
  try {
    for await (const result of pool.map("alignPhotos", tasksOf(plan, todo, out, options))) await take(result);
  } finally {
    await pool.close();
  }
  if (shard === null && finished.size === 0 && failures.length > 0) {
    if (earlier === null) await removeOutput(out, made);
    throw new InputError(`None of the ${failures.length} photos could be used. The first: ${failures[0].reason}`);
  }
  save();
  if (signal?.aborted) {
    throw new InterruptedError(
      `Interrupted after ${finished.size} of ${plan.photos.length} images. Run it again to resume.`,
    );
  }
  if (shard !== null) finishPart(out, whole, shard);
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
