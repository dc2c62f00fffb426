/** The jobs in the queue: one per part, and one that merges when all parts have ended. */
import { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";

/** Id of a flow, used in names of jobs and in printed lines. */
const flow = z.string().regex(/^[\w.-]{1,100}$/);

// Jobs and outputs keep the name "shard", so that workers and readers of other versions understand them.
const partSchema = z.object({
  kind: z.literal("shard"),
  flow,
  /** Command line without --part and --json. */
  argv: z.array(z.string()),
  /** Folder that relative paths start from, the same on all machines. */
  cwd: z.string(),
  index: z.number().int().min(0),
  count: z.number().int().positive(),
});
const mergeSchema = z.object({
  kind: z.literal("merge"),
  flow,
  /** The submitted command, for tables. */
  command: z.string(),
  /** Command line that merges the parts; null if there is nothing to merge. */
  argv: z.array(z.string()).nullable(),
  cwd: z.string(),
  count: z.number().int().positive(),
});
const jobSchema = z.discriminatedUnion("kind", [partSchema, mergeSchema]);
export type PartJob = z.infer<typeof partSchema>;
export type MergeJob = z.infer<typeof mergeSchema>;
export type QueueJob = PartJob | MergeJob;

/** The command line that a job asks a worker to run. Any process that can write to Redis may have put it into the queue. */
export interface OfferedJob {
  readonly kind: PartJob["kind"] | MergeJob["kind"];
  /** Without the options that the worker adds. */
  readonly argv: readonly string[];
  readonly cwd: string;
}

/** @throws InputError for data that another program has put into the queue */
export function parseJob(data: unknown, id: string): QueueJob {
  const parsed = jobSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const remedy = "If another program uses this queue, choose another --name.";
  throw new InputError(describeMismatch(`job ${id}`, "a job of elegant queue", "something else", remedy));
}

/** A part that failed permanently, and the reason. */
export const lostPartSchema = z.object({ shard: z.string(), reason: z.string() });
export type LostPart = z.infer<typeof lostPartSchema>;

/** The result of a finished part. */
export const partResultSchema = z.object({ code: z.union([z.literal(0), z.literal(3)]) });
export type PartResult = z.infer<typeof partResultSchema>;

/** The last job's result for the whole flow. */
export const flowResultSchema = z.object({
  merged: z.boolean(),
  lost: z.array(lostPartSchema),
  /** Number of parts with failed items, which their reports name. */
  partial: z.number().int(),
  /** The JSON that the merging command printed. */
  output: z.unknown(),
});
export type FlowResult = z.infer<typeof flowResultSchema>;

/** Removes control characters from Redis's texts, because they could move a terminal's cursor. */
export const printable = (text: string): string => text.replace(/\p{Cc}/gu, "?");

export const partJobId = (flow: string, index: number): string => `${flow}-${index}`;

/** The part of a job id, such as 2/4. */
export function partOfJob(id: string, count: number): string {
  return `${id.slice(id.lastIndexOf("-") + 1)}/${count}`;
}
