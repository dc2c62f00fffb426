/** `elegant merge OUT`: combines the parts of several machines into exactly the bytes that one machine would have written. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { PACKED_DIR, packedName } from "../dataset/packed.js";
import { describeMismatch, InputError, RetryableError, rethrowAs } from "../errors.js";
import { isTemporary, removeTemporaries } from "../files.js";
import { writeWhole } from "../image/photo.js";
import { parseJson } from "../json.js";
import { type Part, partName, placeOf } from "../part.js";
import type { OnProgress } from "../types.js";
import { PHOTO_LISTS } from "./found-faces.js";
import { type FinishedCrop, MANIFEST, type ManifestOptions, readAllRecords, readManifest } from "./manifest.js";
import { FAILURES, writeOutcome } from "./outcome.js";
import type { Failure } from "./outputs.js";
import { findParts, MERGING, type PartRecord, readPart } from "./part-folder.js";
import { mergeLists, type OrderedPart } from "./part-lists.js";

/** Folders of a part whose files are moved to OUT. */
const MOVED = ["images", PACKED_DIR];

/** The state is `moving` until the manifest is written, and then `removing` while the parts are deleted. */
const mergingSchema = z.object({ parts: z.number().int().positive(), state: z.enum(["moving", "removing"]) });
type Merging = z.infer<typeof mergingSchema>;

export interface MergeReport {
  readonly parts: number;
  readonly done: number;
  readonly failed: number;
  readonly failures: readonly Failure[];
}

interface OpenedPart extends OrderedPart {
  readonly part: PartRecord;
  readonly options: ManifestOptions;
  readonly done: number;
  readonly records: readonly FinishedCrop[];
  readonly failures: readonly Failure[];
}

const failuresSchema = z.array(z.object({ file: z.string(), reason: z.string() }));

/** @throws InputError for a file that cannot be read, or that is not what is expected */
async function readJson<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  [expected, remedy]: readonly [expected: string, remedy: string],
): Promise<z.infer<Schema>> {
  const text = await readFile(path, "utf8").catch(rethrowAs(`Reading ${path}`));
  const value = parseJson(schema, text);
  if (value === null) throw new InputError(describeMismatch(path, expected, "something else", remedy));
  return value;
}

async function readMerging(out: string): Promise<Merging | null> {
  const path = join(out, MERGING);
  if (!existsSync(path)) return null;
  return readJson(path, mergingSchema, ["the state of a merge", "Remove the file and merge again."]);
}

async function openPart(folder: string, part: PartRecord): Promise<OpenedPart> {
  const { options, done } = await readManifest(join(folder, MANIFEST));
  const failures = await readJson(join(folder, FAILURES), failuresSchema, [
    "a list of failures",
    "Run the part again.",
  ]);
  const places = new Map<string, number>();
  for (const [own, names] of part.names.entries()) {
    // A part's own list contains neither two equal sources nor two equal outputs, so the two kinds are looked up
    // separately.
    const place = placeOf(own, part, part.unit);
    places.set(`file ${names[0]}`, place).set(`output ${names[1]}`, place);
  }
  const records = await readAllRecords(folder);
  for (const { file, output, face } of records) {
    // Further crops of a photo come after its first one and before the next photo.
    const place = (places.get(`file ${file}`) ?? 0) + (face === undefined ? 0 : (face.number - 1) / face.of);
    places.set(`output ${output}`, place);
  }
  return { folder, part, options, done, places, failures, records };
}

/** Opens all parts, in their order. @throws InputError that names what is missing or does not belong together */
async function openParts(out: string, named: readonly Part[]): Promise<OpenedPart[]> {
  const { count } = named[0];
  const all = Array.from({ length: count }, (_, index) => partName({ index, count }));
  const parts = await Promise.all(all.map((name) => readPart(join(out, name))));
  const missing = all.filter((_, i) => parts[i] === null);
  if (missing.length > 0) {
    const gone = missing.map((name) => (existsSync(join(out, name)) ? `${name} unfinished` : `no ${name}`));
    const received = gone.length > 8 ? `${gone.slice(0, 8).join(", ")} and ${gone.length - 8} more` : gone.join(", ");
    const remedy = "Run those parts (again), then merge.";
    throw new InputError(describeMismatch(out, `${count} finished parts`, received, remedy));
  }
  const opened = await Promise.all(all.map((name, i) => openPart(join(out, name), parts[i]!)));
  for (const [i, { part, options, folder }] of opened.entries()) {
    const differing =
      part.index !== i || part.count !== count
        ? ["part", `${i}/${count}`, `${part.index}/${part.count}`]
        : ([
            ["options", options, opened[0].options],
            ["photos and lists", part.digest, opened[0].part.digest],
            ["unit", part.unit, opened[0].part.unit],
          ]
            .map(([what, now, first]) => [what as string, JSON.stringify(first), JSON.stringify(now)])
            .find(([, first, now]) => first !== now) ?? null);
    if (differing === null) continue;
    const remedy = "Run all parts with the same options on the same data.";
    throw new InputError(describeMismatch(`${folder}: ${differing[0]}`, differing[1], differing[2], remedy));
  }
  return opened;
}

/** @throws InputError if a recorded image or packed file is neither in its part nor, moved by an earlier merge, in OUT */
function expectFiles(out: string, parts: readonly OpenedPart[]): void {
  for (const { folder, part, options, records } of parts) {
    const units = new Set(part.names.map((_, own) => Math.floor(placeOf(own, part, part.unit) / part.unit)));
    const files =
      options.shardPhotos !== null
        ? [...units].map((unit) => join(PACKED_DIR, packedName("index", unit)))
        : records.map(({ output }) => join("images", output));
    const lost = files.find((file) => !existsSync(join(folder, file)) && !existsSync(join(out, file)));
    if (lost === undefined) continue;
    throw new InputError(describeMismatch(folder, lost, "none", "Run the part again."));
  }
}

/** Makes the folders that a single machine makes, including those of photos that failed. */
async function makeFolders(out: string, parts: readonly OpenedPart[]): Promise<void> {
  const isOfMany = parts[0].options.shardPhotos !== null;
  const outputs = isOfMany ? [] : parts.flatMap(({ part }) => part.names.map(([, output]) => output));
  const folders = new Set(outputs.map((output) => dirname(join(out, "images", output))));
  for (const folder of folders.add(join(out, isOfMany ? PACKED_DIR : "images"))) {
    await mkdir(folder, { recursive: true }).catch(rethrowAs(`Creating ${folder}`));
  }
}

/** Renames the files that are still in the part. An interrupted merge may have moved some of them already. */
async function moveFiles(out: string, folder: string, onFile: () => void): Promise<void> {
  for (const name of MOVED) {
    const entries = await readdir(join(folder, name), { recursive: true, withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isFile() || isTemporary(entry.name)) continue;
      const from = join(entry.parentPath, entry.name);
      const to = join(out, from.slice(folder.length));
      await rename(from, to).catch(rethrowAs(`Moving ${from}`));
      onFile();
    }
  }
}

/** Ends a merge. Until the last line of it, a merge that is killed is continued by the next one. */
async function removeParts(out: string, count: number): Promise<void> {
  try {
    // A merge that was killed while it wrote a list or the manifest has left a temporary file.
    for (const folder of [out, join(out, PHOTO_LISTS)]) await removeTemporaries(folder);
    for (let index = 0; index < count; index++) {
      await rm(join(out, partName({ index, count })), { recursive: true, force: true });
    }
    await rm(join(out, MERGING), { force: true });
  } catch (error) {
    throw new RetryableError(`Removing the parts of ${out}: ${(error as Error).message}. Merge again.`, {
      cause: error,
    });
  }
}

async function reportOf(out: string, parts: number): Promise<MergeReport> {
  const { done, failed } = await readManifest(join(out, MANIFEST));
  const failures = parseJson(failuresSchema, await readFile(join(out, FAILURES), "utf8").catch(() => "")) ?? [];
  return { parts, done, failed, failures };
}

/**
 * Combines OUT/part-*-of-n. If it is killed at any moment and run again, the result is the same. If it is run once
 * more, it changes nothing. @throws InputError, with nothing changed, if a part is missing or unfinished, or if the
 * parts do not belong together
 */
export async function mergeParts(out: string, onProgress?: OnProgress): Promise<MergeReport> {
  const found = await findParts(out);
  const merging = await readMerging(out);
  const isWhole = existsSync(join(out, MANIFEST));
  if (merging?.state === "removing" && isWhole) {
    await removeParts(out, merging.parts);
    return reportOf(out, merging.parts);
  }
  if (found.length === 0) {
    if (isWhole) return reportOf(out, 0);
    const remedy = "Run elegant preprocess with --part i/n first.";
    throw new InputError(describeMismatch(out, "folders part-0-of-n to part-(n-1)-of-n", "none", remedy));
  }
  if (isWhole && merging === null) {
    const remedy = "Remove the parts if they are left over, or preprocess into another folder.";
    throw new InputError(describeMismatch(out, "parts alone", `a finished run next to ${found.length} parts`, remedy));
  }
  const parts = await openParts(out, found);
  expectFiles(out, parts);
  const inOrder = <T>(items: (part: OpenedPart) => readonly T[], key: (item: T) => string): T[] =>
    parts
      .flatMap((part) => items(part).map((item) => ({ item, place: part.places.get(key(item)) ?? 0 })))
      .sort((a, b) => a.place - b.place)
      .map(({ item }) => item);
  const done = parts.reduce((sum, part) => sum + part.done, 0);
  const failures = inOrder(
    (part) => part.failures,
    ({ file }) => `file ${file}`,
  );
  if (done === 0 && failures.length > 0) {
    throw new InputError(`None of the ${failures.length} photos could be used. The first: ${failures[0].reason}`);
  }
  const records = inOrder(
    (part) => part.records,
    ({ output }) => `output ${output}`,
  );
  const lists = await mergeLists(parts);

  const setState = (state: Merging["state"]): void =>
    writeWhole(join(out, MERGING), `${JSON.stringify({ parts: parts.length, state })}\n`);
  setState("moving");
  await makeFolders(out, parts);
  let moved = 0;
  for (const { folder } of parts) {
    await moveFiles(out, folder, () => {
      moved++;
      onProgress?.({ stage: "merge", done: moved, total: null, unit: "files" });
    });
  }
  writeOutcome(out, { options: parts[0].options, lists, records, failures, done });
  setState("removing");
  await removeParts(out, parts.length);
  return { parts: parts.length, done, failed: failures.length, failures };
}
