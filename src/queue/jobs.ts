/** What stands in the queue: one job for each shard, and one that merges when they are through. */
import { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";

export const DEFAULT_QUEUE = "elegant";

/** In names of jobs and in printed lines. */
const flow = z.string().regex(/^[\w.-]{1,100}$/);

const shardSchema = z.object({
  kind: z.literal("shard"),
  flow,
  /** Command line without --shard and --json. */
  argv: z.array(z.string()),
  /** Where its paths begin; the same on all machines. */
  cwd: z.string(),
  index: z.number().int().min(0),
  count: z.number().int().positive(),
});
const mergeSchema = z.object({
  kind: z.literal("merge"),
  flow,
  /** What was submitted, for tables. */
  command: z.string(),
  /** Command line that brings the shards together; null where nothing has to be. */
  argv: z.array(z.string()).nullable(),
  cwd: z.string(),
  count: z.number().int().positive(),
});
const jobSchema = z.discriminatedUnion("kind", [shardSchema, mergeSchema]);
export type ShardJob = z.infer<typeof shardSchema>;
export type MergeJob = z.infer<typeof mergeSchema>;
export type QueueJob = ShardJob | MergeJob;

/** What a worker is asked to run, whoever put it into the queue. */
export interface OfferedJob {
  readonly kind: "shard" | "merge";
  /** Without what the worker adds. */
  readonly argv: readonly string[];
  readonly cwd: string;
}

/** @throws InputError for what another program has put into the queue */
export function parseJob(data: unknown, id: string): QueueJob {
  const parsed = jobSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const remedy = "If another program uses this queue, choose another --name.";
  throw new InputError(describeMismatch(`job ${id}`, "a job of elegant queue", "something else", remedy));
}

/** A shard that was given up, and why. */
export const lostShardSchema = z.object({ shard: z.string(), reason: z.string() });
export type LostShard = z.infer<typeof lostShardSchema>;

/** What a finished shard tells. */
export const shardResultSchema = z.object({ code: z.union([z.literal(0), z.literal(3)]) });
export type ShardResult = z.infer<typeof shardResultSchema>;

/** What the last job tells of the whole. */
export const flowResultSchema = z.object({
  merged: z.boolean(),
  lost: z.array(lostShardSchema),
  /** Shards with items that failed, which their report names. */
  partial: z.number().int(),
  /** The JSON that the merging command printed. */
  output: z.unknown(),
});
export type FlowResult = z.infer<typeof flowResultSchema>;

/** Text from Redis for a terminal: without control characters, which could move its cursor. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, "?");

export const shardJobId = (flow: string, index: number): string => `${flow}-${index}`;

/** 2/4 of a shard's job id. */
export function shardOfJob(id: string, count: number): string {
  return `${id.slice(id.lastIndexOf("-") + 1)}/${count}`;
}
