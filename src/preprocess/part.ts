/** The part of a data set that one of several machines preprocesses: a folder like a whole OUT, and part.json. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { writeWhole } from "../image/photo.js";
import { type Shard, selectShard, shardOfPart } from "../shard.js";
import { MANIFEST, type ManifestOptions, openOutput } from "./manifest.js";
import type { PreprocessPlan } from "./plan.js";

/** Written when the part is finished, and only then. */
export const PART = "part.json";
/** In OUT while its parts are brought together. */
export const MERGING = ".merging.json";

const partSchema = z.object({
  kind: z.literal("elegant-part"),
  version: z.literal(1),
  index: z.number().int().min(0),
  count: z.number().int().positive(),
  /** Photos that stay together. */
  unit: z.number().int().positive(),
  /** Of all machines. */
  photos: z.number().int().min(0),
  /** Of the whole plan: parts of different data do not belong together. */
  digest: z.string(),
  /** The part's photos in the order of the plan: name in the source, name in OUT. */
  names: z.array(z.tuple([z.string(), z.string()])),
});
export type Part = z.infer<typeof partSchema>;

/** A machine's share of a plan. */
export interface Share {
  /** The plan of all machines. */
  readonly whole: PreprocessPlan;
  readonly shard: Shard;
  /** Photos that stay together. */
  readonly unit: number;
}

/** The shards that the folder has parts of. @throws InputError when they are of different numbers of machines */
export async function findShards(out: string): Promise<readonly Shard[]> {
  const names = await readdir(out).catch((error: unknown) => {
    throw fromSystemError(error, `Opening ${out}`);
  });
  const shards = names.flatMap((name) => shardOfPart(name) ?? []).sort((a, b) => a.index - b.index);
  const counts = [...new Set(shards.map(({ count }) => count))].sort((a, b) => a - b);
  if (counts.length > 1) {
    const received = `those of ${counts.join(" and of ")} machines`;
    throw new InputError(describeMismatch(out, "parts of one run", received, "Remove the folders of the other runs."));
  }
  return shards;
}

/**
 * Checks that the parts in `target` are of as many machines as `shard` is. A resubmitted array can number its tasks otherwise.
 * @throws InputError if they are not
 */
export async function expectOneSplit(target: string, shard: Shard): Promise<void> {
  if (!existsSync(target)) return;
  const [other] = (await findShards(target)).filter(({ count }) => count !== shard.count);
  if (other === undefined) return;
  const received = `${shard.index}/${shard.count}`;
  const remedy = "Give --shard i/n as for the other parts, or choose another OUT.";
  throw new InputError(
    describeMismatch("--shard", `a part of ${other.count}, as ${target} has others`, received, remedy),
  );
}

/** The plan of the share's photos; they keep their places in the whole. */
export function partOf({ whole, shard, unit }: Share): PreprocessPlan {
  return { ...whole, photos: selectShard(whole.photos, shard, unit) };
}

function digestOf({ photos, lists }: PreprocessPlan): string {
  const hash = createHash("sha256");
  for (const { file, output, placement } of photos) hash.update(`${JSON.stringify([file, output, placement])}\n`);
  hash.update(JSON.stringify(lists.attributes?.names ?? null));
  for (const list of [lists.attributes, lists.partition]) hash.update(list === null ? "none" : list.values);
  return hash.digest("hex");
}

/** Until finishPart() the part does not count as finished. */
export async function beginPart(out: string): Promise<void> {
  await rm(join(out, PART), { force: true }).catch((error: unknown) => {
    throw fromSystemError(error, `Removing ${join(out, PART)}`);
  });
}

/** Says that everything else of the part is there. */
export function finishPart(out: string, share: Share): void {
  const { whole, shard, unit } = share;
  const { photos } = partOf(share);
  const part: Part = {
    kind: "elegant-part",
    version: 1,
    ...{ ...shard, unit, photos: whole.photos.length, digest: digestOf(whole) },
    names: photos.map(({ file, output }) => [file, output]),
  };
  writeWhole(join(out, PART), `${JSON.stringify(part)}\n`);
}

/** What a finished part tells of itself; null where there is no finished part. @throws InputError for another file */
export async function readPart(folder: string): Promise<Part | null> {
  const path = join(folder, PART);
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const parsed = partSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const remedy = "Remove the file and run the shard again.";
  throw new InputError(describeMismatch(path, "a part of elegant preprocess", "something else", remedy));
}

/**
 * Whether `target` holds the merged parts (or the run of one machine), so that no part is left to do.
 * @throws InputError when it was made with other options, or a merge has begun
 */
export async function isMerged(target: string, options: ManifestOptions): Promise<boolean> {
  if (existsSync(join(target, MANIFEST))) return (await openOutput(target, options)) !== null;
  if (!existsSync(join(target, MERGING))) return false;
  const remedy = `Finish it: elegant merge ${target}`;
  throw new InputError(describeMismatch(target, "parts that are not merged yet", "a merge that was cut off", remedy));
}
