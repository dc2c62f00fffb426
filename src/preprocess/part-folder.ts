/** The part of a data set that one of several machines preprocesses: a folder in the form of a whole OUT, plus part.json. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { describeMismatch, InputError, rethrowAs } from "../errors.js";
import { writeWhole } from "../image/photo.js";
import { parseJson } from "../json.js";
import { type Part, partOfName, selectPart } from "../part.js";
import { MANIFEST, type ManifestOptions, openOutput } from "./manifest.js";
import type { PreprocessPlan } from "./plan.js";

/** Name of the file that is written only when the part is finished. */
export const PART = "part.json";
/** Name of a file in OUT that exists while parts are being merged. */
export const MERGING = ".merging.json";

const partSchema = z.object({
  kind: z.literal("elegant-part"),
  version: z.literal(1),
  index: z.number().int().min(0),
  count: z.number().int().positive(),
  /** Number of photos that stay together. */
  unit: z.number().int().positive(),
  /** Number of photos of all machines. */
  photos: z.number().int().min(0),
  /** Hash of the whole plan. Parts of different data do not belong together. */
  digest: z.string(),
  /** The part's photos in the order of the plan: name in the source, name in OUT. */
  names: z.array(z.tuple([z.string(), z.string()])),
});
/** The contents of part.json. */
export type PartRecord = z.infer<typeof partSchema>;

/** A machine's share of a plan. */
export interface Share {
  /** The plan of all machines. */
  readonly whole: PreprocessPlan;
  readonly part: Part;
  /** Number of photos that stay together. */
  readonly unit: number;
}

/** The parts whose folders are in OUT. @throws InputError if they are from different numbers of machines */
export async function findParts(out: string): Promise<readonly Part[]> {
  const names = await readdir(out).catch(rethrowAs(`Opening ${out}`));
  const parts = names.flatMap((name) => partOfName(name) ?? []).sort((a, b) => a.index - b.index);
  const counts = [...new Set(parts.map(({ count }) => count))].sort((a, b) => a - b);
  if (counts.length > 1) {
    const received = `those of ${counts.join(" and of ")} machines`;
    throw new InputError(describeMismatch(out, "parts of one run", received, "Remove the folders of the other runs."));
  }
  return parts;
}

/**
 * Checks that the parts in `target` are for as many machines as `part` is. The tasks of a resubmitted array may be
 * numbered differently.
 * @throws InputError if they are not
 */
export async function expectOneSplit(target: string, part: Part): Promise<void> {
  if (!existsSync(target)) return;
  const [other] = (await findParts(target)).filter(({ count }) => count !== part.count);
  if (other === undefined) return;
  const received = `${part.index}/${part.count}`;
  const remedy = "Give --part i/n as for the other parts, or choose another OUT.";
  throw new InputError(
    describeMismatch("--part", `a part of ${other.count}, as ${target} has others`, received, remedy),
  );
}

/** The plan of the share's photos. They keep their index in the whole plan. */
export function planOf({ whole, part, unit }: Share): PreprocessPlan {
  return { ...whole, photos: selectPart(whole.photos, part, unit) };
}

function digestOf({ photos, lists }: PreprocessPlan): string {
  const hash = createHash("sha256");
  for (const { file, output, placement } of photos) hash.update(`${JSON.stringify([file, output, placement])}\n`);
  hash.update(JSON.stringify(lists.attributes?.names ?? null));
  for (const list of [lists.attributes, lists.partition]) hash.update(list === null ? "none" : list.values);
  return hash.digest("hex");
}

/** Marks the part as unfinished, until finishPart(). */
export async function beginPart(out: string): Promise<void> {
  await rm(join(out, PART), { force: true }).catch(rethrowAs(`Removing ${join(out, PART)}`));
}

/** Marks the part as finished. Everything else of the part must exist. */
export function finishPart(out: string, share: Share): void {
  const { whole, part, unit } = share;
  const { photos } = planOf(share);
  const record: PartRecord = {
    kind: "elegant-part",
    version: 1,
    ...{ ...part, unit, photos: whole.photos.length, digest: digestOf(whole) },
    names: photos.map(({ file, output }) => [file, output]),
  };
  writeWhole(join(out, PART), `${JSON.stringify(record)}\n`);
}

/** Reads part.json of a finished part; null if there is no finished part. @throws InputError if the file is something else */
export async function readPart(folder: string): Promise<PartRecord | null> {
  const path = join(folder, PART);
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  const record = parseJson(partSchema, text);
  if (record !== null) return record;
  const remedy = "Remove the file and run the part again.";
  throw new InputError(describeMismatch(path, "a part of elegant preprocess", "something else", remedy));
}

/**
 * True if `target` contains the merged parts (or the run of one machine), so that no part is left to do.
 * @throws InputError if it was made with other options, or if a merge has begun
 */
export async function isMerged(target: string, options: ManifestOptions): Promise<boolean> {
  if (existsSync(join(target, MANIFEST))) return (await openOutput(target, options)) !== null;
  if (!existsSync(join(target, MERGING))) return false;
  const remedy = `Finish it: elegant merge ${target}`;
  throw new InputError(describeMismatch(target, "parts that are not merged yet", "a merge that was cut off", remedy));
}
