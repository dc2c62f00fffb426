/** The index beside a file of many crops (shard-writer.ts): OUT/shards/NNNNN.json for NNNNN.npy or NNNNN.tar. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { ShardFormat } from "./output-format.js";

export const SHARDS = "shards";

const itemSchema = z.object({
  /** The photo's name in the source. */
  file: z.string(),
  output: z.string(),
  matrix: z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]).readonly(),
  /** What was wrong with a photo that was used all the same. */
  damaged: z.string().exactOptional(),
  /** Bytes within the data file: the raw pixels, or the JPEG. */
  offset: z.number().int().nonnegative(),
  length: z.number().int().positive(),
});
export type ShardItem = z.infer<typeof itemSchema>;

export const shardIndexSchema = z.object({
  kind: z.literal("elegant-shard"),
  version: z.literal(1),
  format: z.enum(["shard", "webdataset"]),
  /** Side of the crops in pixels. */
  size: z.number().int().positive(),
  /** Name of the data file beside it. */
  data: z.string(),
  items: z.array(itemSchema),
  failures: z.array(z.object({ file: z.string(), reason: z.string() })),
});
export type ShardIndex = z.infer<typeof shardIndexSchema>;

const EXTENSIONS = { shard: "npy", webdataset: "tar", index: "json" } as const;

/** @param unit its number in the plan */
export function shardName(kind: ShardFormat | "index", unit: number): string {
  return `${String(unit).padStart(5, "0")}.${EXTENSIONS[kind]}`;
}

/** The index of a finished shard; null where there is none, or its data file is not the one that was written. */
export async function readShardIndex(folder: string, unit: number): Promise<ShardIndex | null> {
  const text = await readFile(join(folder, shardName("index", unit)), "utf8").catch(() => null);
  if (text === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = shardIndexSchema.safeParse(value);
  if (!parsed.success) return null;
  const last = parsed.data.items.at(-1);
  const found = await stat(join(folder, parsed.data.data)).catch(() => null);
  return found !== null && found.size >= (last === undefined ? 0 : last.offset + last.length) ? parsed.data : null;
}
