/** The files in OUT that describe a preprocess run, so that the next run can resume it: manifest.json and manifest.jsonl. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { z } from "zod";
import { type FaceRecord, faceRecordSchema } from "../dataset/face-record.js";
import { RAW_ON_DISK } from "../dataset/store.js";
import { describeMismatch, fromSystemError, InputError, rethrowAs } from "../errors.js";
import { isTemporary } from "../files.js";
import { parseJson } from "../json.js";
import { isLock } from "../lock.js";
import type { Affine } from "../types.js";
import { FACE_CHOICES } from "./face-choice.js";

export const MANIFEST = "manifest.json";
export const RECORDS = "manifest.jsonl";

const optionsSchema = z.object({
  /** Absolute path of the source's image folder. */
  images: z.string(),
  size: z.number().int().positive(),
  format: z.enum(["jpg", "png", RAW_ON_DISK, "webdataset"]),
  quality: z.number().int().nullable(),
  /** Photos per file, for formats with many photos in a file; otherwise null. */
  shardPhotos: z.number().int().positive().nullable(),
  /** Frame of the landmarks of photos that EXIF turns. Null if no photo is turned. */
  landmarkFrame: z.enum(["stored", "upright"]).nullable(),
  crop: z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() }).nullable(),
  /** How faces were found; absent if landmarks or a crop were given. */
  detect: z
    .object({ faces: z.enum(FACE_CHOICES), minScore: z.number(), minFace: z.number(), minSharpness: z.number() })
    .exactOptional(),
  /** The list named by --landmarks and which of its faces were used; absent without the option. */
  landmarks: z.object({ list: z.string(), faces: z.enum(FACE_CHOICES) }).exactOptional(),
});
/** The options that determine the output images. Runs that differ in one of them cannot share a folder. */
export type ManifestOptions = z.infer<typeof optionsSchema>;

const manifestSchema = z.object({
  kind: z.literal("elegant-preprocess"),
  version: z.literal(1),
  options: optionsSchema,
  done: z.number().int(),
  failed: z.number().int(),
});
export type Manifest = z.infer<typeof manifestSchema>;

const recordSchema = z.object({
  file: z.string(),
  output: z.string(),
  matrix: z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]),
  damaged: z.string().exactOptional(),
  face: faceRecordSchema.exactOptional(),
});
/** One finished crop. `matrix` maps pixels of the photo, in the frame of the landmarks, to pixels of the crop. */
export interface FinishedCrop {
  readonly file: string;
  readonly output: string;
  readonly matrix: Affine;
  /** What was wrong with a photo of which only a part was decoded (--tolerant). */
  readonly damaged?: string;
  /** Only for photos that may have several faces. */
  readonly face?: FaceRecord;
}

/** @throws InputError if the file is missing or is not a manifest */
export async function readManifest(path: string): Promise<Manifest> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw fromSystemError(error, `Reading ${path}`);
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const received = `${issue.path.join(".") || "the whole"}: ${issue.message}`;
  throw new InputError(describeMismatch(path, "a manifest of elegant preprocess", received, "Choose another folder."));
}

/** The lines of manifest.jsonl. */
export function formatRecords(crops: Iterable<FinishedCrop>): string {
  return [...crops].map((crop) => `${JSON.stringify(crop)}\n`).join("");
}

/** The crops of each photo, in order. */
export function groupByPhoto(crops: Iterable<FinishedCrop>): Map<string, FinishedCrop[]> {
  const photos = new Map<string, FinishedCrop[]>();
  for (const crop of crops) {
    const others = photos.get(crop.file);
    // A photo that was made again begins with its first crop again, and the last time counts.
    if (others === undefined || (crop.face?.number ?? 1) === 1) photos.set(crop.file, [crop]);
    else others.push(crop);
  }
  return photos;
}

/** Reads the records of whole photos. An incomplete last line, from a run that was killed, is ignored. */
async function readPhotos(out: string): Promise<FinishedCrop[][]> {
  const text = await readFile(join(out, RECORDS), "utf8").catch(() => "");
  const records = text.split("\n").flatMap((line) => parseJson(recordSchema, line) ?? []);
  return [...groupByPhoto(records).values()].filter((crops) => {
    const { length } = crops;
    return crops.every(({ face }, i) =>
      face === undefined ? length === 1 : face.number === i + 1 && face.of === length,
    );
  });
}

/** The records of all crops whose photo is finished. */
export async function readAllRecords(out: string): Promise<FinishedCrop[]> {
  return (await readPhotos(out)).flat();
}

/** Records of photos whose crops all still exist. */
export async function readRecords(out: string): Promise<FinishedCrop[]> {
  const photos = await readPhotos(out);
  const onDisk = new Set<string>();
  for (const folder of new Set(photos.flat().map(({ output }) => posix.dirname(output)))) {
    const names = await readdir(join(out, "images", folder)).catch((): string[] => []);
    for (const name of names) onDisk.add(posix.join(folder, name));
  }
  return photos.filter((crops) => crops.every(({ output }) => onDisk.has(output))).flat();
}

/**
 * What an earlier run has left in `out`: null if the folder is new or empty, otherwise its finished crops.
 * @throws InputError if the folder contains something else, or a run with other options
 */
export async function openOutput(out: string, options: ManifestOptions): Promise<FinishedCrop[] | null> {
  const found = await stat(out).catch(() => null);
  if (found === null) return null;
  if (!found.isDirectory()) throw new InputError(describeMismatch(out, "a folder", "a file", "Choose another place."));
  const entries = await readdir(out).catch(rethrowAs(`Opening ${out}`));
  if (entries.every((name) => isLock(name) || isTemporary(name))) return null;
  if (!entries.includes(MANIFEST)) {
    const remedy = "Choose a new folder: this one was not made by elegant preprocess.";
    throw new InputError(describeMismatch(out, `an empty folder or one with a ${MANIFEST}`, entries[0], remedy));
  }
  const manifest = await readManifest(join(out, MANIFEST));
  for (const key of Object.keys(optionsSchema.shape) as (keyof ManifestOptions)[]) {
    const [earlier, now] = [manifest, { options }].map((one) => JSON.stringify(one.options[key] ?? null));
    if (earlier !== now) {
      const remedy = "Choose another folder, or the options of the earlier run to resume it.";
      throw new InputError(
        describeMismatch(`${out}: option '${key}'`, `${earlier} as in its ${MANIFEST}`, now, remedy),
      );
    }
  }
  return readRecords(out);
}

export function formatManifest(options: ManifestOptions, done: number, failed: number): string {
  const manifest: Manifest = { kind: "elegant-preprocess", version: 1, options, done, failed };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
