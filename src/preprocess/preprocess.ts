/**
 * `elegant preprocess`: turns photos into aligned crops and lists of them, by CelebA's landmarks or by the faces that it
 * finds.
 */
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { PACKED_DIR } from "../dataset/packed.js";
import { fromSystemError, InputError, InterruptedError, rethrowAs } from "../errors.js";
import { removeTemporaries } from "../files.js";
import { writeWhole } from "../image/photo.js";
import { noSeconds, type StageSeconds } from "../image/stage-times.js";
import type { LandmarkFrame } from "../image/tasks.js";
import { RunLock } from "../lock.js";
import { type Part, partName, UNIT } from "../part.js";
import { type Feeding, fixedFeeding } from "../pool/feeding.js";
import type { FaceChoice } from "./face-choice.js";
import { PHOTO_LISTS } from "./found-faces.js";
import { chooseLandmarkFrame } from "./landmark-frame.js";
import { makeCrops } from "./make-crops.js";
import { type FinishedCrop, formatManifest, MANIFEST, type ManifestOptions, openOutput, RECORDS } from "./manifest.js";
import { outcomeLists, writeOutcome } from "./outcome.js";
import { isPacked, onDisk } from "./output-format.js";
import { type CropOutput, type Failure, ImageOutput, PackedOutput } from "./outputs.js";
import { beginPart, expectOneSplit, finishPart, isMerged, planOf } from "./part-folder.js";
import { checkVariant, type PlanOptions, type PreprocessPlan, planPreprocess } from "./plan.js";

/** Default number of photos per packed file: some 50 MB of raw pixels at 256 px. */
export const PHOTOS_PER_FILE = 256;

/** How preprocess() makes crops. */
export interface PreprocessOptions extends PlanOptions {
  /** Side of the crops in pixels. */
  readonly size: number;
  /** 1 to 100, for JPEG only. */
  readonly quality: number;
  /** Photos per file, for formats with many photos in a file. */
  readonly photosPerFile?: number;
  /** Number of threads that decode and align. */
  readonly workers: number;
  /** Only this machine's part, written into OUT/part-i-of-n. */
  readonly part?: Part | null;
  /**
   * Decides how many threads work when the photos to be made are known and none is made yet; null leaves it at `workers`.
   * @internal
   */
  readonly feeding?: (plan: PreprocessPlan, photos: number) => Promise<Feeding | null>;
  /** Largest number of pixels of a photo. Larger photos fail by their header. Default 100 million. */
  readonly maxPixels?: number | undefined;
  /** If true, the decodable part of damaged photos is used, and the records mention it. */
  readonly tolerant?: boolean | undefined;
  /** The frame of the landmarks of photos that EXIF turns. Default auto: the frame that fits the first hundred. */
  readonly landmarkFrame?: LandmarkFrame | "auto" | undefined;
  /** Receives notices about choices that the user should know. */
  readonly onNotice?: ((line: string) => void) | undefined;
  /** Stops after the photos that are being made, which are saved. */
  readonly signal?: AbortSignal;
  /** If true, takes over OUT's lock from a process on another machine that may still be alive. */
  readonly takeOver?: boolean;
}

/** What preprocess() did. */
export interface PreprocessReport {
  /** Number of images written by this run. */
  readonly done: number;
  /** Number of photos without a crop, plus the number of faces that were left out of others. */
  readonly failed: number;
  /** Number of images finished by an earlier run. */
  readonly skipped: number;
  /** Images of this run per second of wall time. */
  readonly imagesPerSecond: number;
  /** The photos and faces without a crop, with the reason for each. */
  readonly failures: readonly Failure[];
  /** Seconds: those of each stage, summed over all threads, and the wall time. */
  readonly seconds: StageSeconds & {
    /** Wall time. */
    readonly wall: number;
  };
}

/** Which faces of a list were used. */
function facesUsed({ photos }: PreprocessPlan): FaceChoice {
  return photos.some(({ placement }) => placement.kind === "faces") ? "all" : "largest";
}

/** Restores the state from before a run that made no image. @param made the outermost folder that the run made */
async function removeOutput(out: string, made: string | undefined): Promise<void> {
  const written =
    made === undefined ? ["images", PACKED_DIR, MANIFEST, RECORDS].map((name) => join(out, name)) : [made];
  for (const path of written) await rm(path, { recursive: true, force: true });
}

/** The report for a part that has been merged already. */
function nothingLeft({ photos }: PreprocessPlan): PreprocessReport {
  const seconds = { ...noSeconds(), wall: 0 };
  return { done: 0, failed: 0, skipped: photos.length, imagesPerSecond: 0, failures: [], seconds };
}

/**
 * Aligns and crops the photos of `source` into `out`/images or `out`/shards, with lists, manifest.json, manifest.jsonl
 * (the matrix of each crop) and failures.json. A photo that cannot be read is reported and skipped. Finished photos
 * are not made again. A run that was killed at any moment and is run again ends with the same bytes as an undisturbed
 * run. With `part`, only the photos of that part are made, into a folder of their own below `target`, however many of
 * them fail; `elegant merge` combines the parts.
 * @param source a folder in CelebA's layout, or any folder or `.tar` file with photos if the options say where their faces are
 * @param target the folder for the crops and their lists
 * @throws InputError before anything is written if lists, photos or `out` do not fit, and if every photo fails;
 *   RetryableError if the disk is full; InterruptedError after `signal`, with finished photos saved
 * @example
 * ```ts
 * import { preprocess } from "elegant-faces";
 *
 * const report = await preprocess("CelebA", "faces", {
 *   size: 256,
 *   format: "jpg",
 *   quality: 95,
 *   images: undefined,
 *   crop: null,
 *   limit: null,
 *   workers: 2,
 * });
 * console.log(report.done, report.failures);
 * ```
 */
export async function preprocess(
  source: string,
  target: string,
  options: PreprocessOptions,
): Promise<PreprocessReport> {
  const { size, format, quality, crop, detect, landmarks, photosPerFile = PHOTOS_PER_FILE, part = null } = options;
  const started = performance.now();
  const whole = await planPreprocess(source, options);
  // Check the whole plan, so that all machines reach the same decision.
  checkVariant(whole);
  const { frame: landmarkFrame, notice } = chooseLandmarkFrame(whole, options.landmarkFrame ?? "auto");
  if (notice !== null) options.onNotice?.(notice);
  // A file of many crops belongs to one machine.
  const share = part === null ? null : { whole, part, unit: isPacked(format) ? photosPerFile : UNIT };
  const plan = share === null ? whole : planOf(share);
  const out = part === null ? target : join(target, partName(part));
  const kept: ManifestOptions = {
    images: resolve(plan.imageDir),
    size,
    format: onDisk(format),
    quality: format === "jpg" || format === "webdataset" ? quality : null,
    shardPhotos: isPacked(format) ? photosPerFile : null,
    landmarkFrame,
    crop,
    ...(detect === undefined ? {} : { detect }),
    ...(landmarks === undefined ? {} : { landmarks: { list: resolve(landmarks), faces: facesUsed(whole) } }),
  };
  if (part !== null && (await isMerged(target, kept))) return nothingLeft(plan);
  if (part !== null) await expectOneSplit(target, part);
  await openOutput(out, kept); // refuses before anything is made
  let made: string | undefined; // the first folder that was missing on the path to `out`
  made = await mkdir(out, { recursive: true }).catch(rethrowAs(`Creating ${out}`));
  // A part has no lock: the scheduler decides who runs it, and gives it to another machine as soon as the first is
  // gone.
  const { takeOver = false, onNotice } = options;
  const lock = part === null ? await RunLock.acquire(out, "preprocess", { takeOver, onNotice }) : null;
  try {
    if (part !== null) await beginPart(out);
    const earlier = await openOutput(out, kept); // again, because another run may have begun and ended in the meantime
    const report = await preprocessLocked(plan, out, options, { kept, earlier, made, started });
    if (share !== null) finishPart(out, share);
    return report;
  } finally {
    await lock?.release();
  }
}

interface Prepared {
  readonly kept: ManifestOptions;
  readonly earlier: readonly FinishedCrop[] | null;
  readonly made: string | undefined;
  readonly started: number;
}

async function preprocessLocked(
  plan: PreprocessPlan,
  out: string,
  options: PreprocessOptions,
  { kept, earlier, made, started }: Prepared,
): Promise<PreprocessReport> {
  const { size, format, quality, photosPerFile = PHOTOS_PER_FILE, maxPixels, tolerant, signal, onProgress } = options;
  let output: CropOutput;
  try {
    await removeTemporaries(out); // of runs that were killed
    await removeTemporaries(join(out, PHOTO_LISTS));
    // The manifest comes before all folders: a folder with others but without a manifest would not be known as ours.
    if (earlier === null) writeWhole(join(out, MANIFEST), formatManifest(kept, 0, 0));
    const { detect } = options;
    const cropped = { size, quality, maxPixels, tolerant, detect, landmarkFrame: kept.landmarkFrame ?? undefined };
    output = isPacked(format)
      ? await PackedOutput.open(plan, out, { ...cropped, format }, photosPerFile)
      : await ImageOutput.open(plan, out, { ...cropped, format }, earlier);
  } catch (error) {
    throw fromSystemError(error, `Opening ${out}`);
  }
  const { finished, failures, remaining } = output;
  const cropsOf = (): FinishedCrop[] => plan.photos.flatMap(({ file }) => finished.get(file) ?? []);
  const [photosBefore, cropsBefore] = [finished.size, cropsOf().length];
  writeWhole(join(out, MANIFEST), formatManifest(kept, cropsBefore, 0));
  const feeding = (await options.feeding?.(plan, remaining)) ?? fixedFeeding(options.workers, 1);
  const seconds = await makeCrops(output, feeding, () => signal?.aborted === true, onProgress);
  if (options.part == null && finished.size === 0 && failures.length > 0) {
    if (earlier === null) await removeOutput(out, made);
    const photos = new Set(failures.map(({ file }) => file)).size;
    throw new InputError(`None of the ${photos} photos could be used. The first: ${failures[0].reason}`);
  }
  const inOrder = sortByPlan(plan, failures);
  const records = cropsOf();
  const lists = outcomeLists(plan, finished);
  writeOutcome(out, { options: kept, lists, records, failures: inOrder, done: records.length });
  if (signal?.aborted) {
    throw new InterruptedError(
      `Interrupted after ${finished.size} of ${plan.photos.length} images. Run it again to resume.`,
    );
  }
  const wall = (performance.now() - started) / 1000;
  const done = records.length - cropsBefore;
  return {
    done,
    failed: failures.length,
    skipped: plan.photos.length - remaining + cropsBefore - photosBefore,
    imagesPerSecond: done / wall,
    failures: inOrder,
    seconds: { ...seconds, wall },
  };
}

function sortByPlan({ photos }: PreprocessPlan, failures: readonly Failure[]): readonly Failure[] {
  const places = new Map(photos.map(({ file, index }) => [file, index]));
  return [...failures].sort((a, b) => (places.get(a.file) ?? 0) - (places.get(b.file) ?? 0));
}
