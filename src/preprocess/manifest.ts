/** The files in OUT that describe a preprocess run, so that the next run can resume it: manifest.json and manifest.jsonl. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { z } from "zod";
import { RAW_ON_DISK } from "../dataset/store.js";
import { describeMismatch, fromSystemError, InputError, rethrowAs } from "../errors.js";
import { isTemporary } from "../files.js";
import { parseJson } from "../json.js";
import { isLock } from "../lock.js";
import type { Affine } from "../types.js";

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
});
/** One finished photo. `matrix` maps pixels of the photo, in the frame of the landmarks, to pixels of the crop. */
export interface FinishedPhoto {
  readonly file: string;
  readonly output: string;
  readonly matrix: Affine;
  /** What was wrong with a photo of which only a part was decoded (--tolerant). */
  readonly damaged?: string;
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
export function formatRecords(photos: Iterable<FinishedPhoto>): string {
  return [...photos].map((photo) => `${JSON.stringify(photo)}\n`).join("");
}

/**
 * Reads all records; if a photo has several, the last one counts. An incomplete last line, from a run that was killed,
 * is ignored.
 */
export async function readAllRecords(out: string): Promise<FinishedPhoto[]> {
  const text = await readFile(join(out, RECORDS), "utf8").catch(() => "");
  const records = new Map<string, FinishedPhoto>();
  for (const line of text.split("\n")) {
    const record = parseJson(recordSchema, line);
    if (record !== null) records.set(record.file, record);
  }
  return [...records.values()];
}

/** Records of photos whose output image still exists. */
export async function readRecords(out: string): Promise<FinishedPhoto[]> {
  const records = await readAllRecords(out);
  const onDisk = new Set<string>();
  for (const folder of new Set(records.map(({ output }) => posix.dirname(output)))) {
    const names = await readdir(join(out, "images", folder)).catch((): string[] => []);
    for (const name of names) onDisk.add(posix.join(folder, name));
  }
  return records.filter((record) => onDisk.has(record.output));
}

/**
 * What an earlier run has left in `out`: null if the folder is new or empty, otherwise its finished photos.
 * @throws InputError if the folder contains something else, or a run with other options
 */
export async function openOutput(out: string, options: ManifestOptions): Promise<FinishedPhoto[] | null> {
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
    const [earlier, now] = [JSON.stringify(manifest.options[key]), JSON.stringify(options[key])];
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
