/** Reads the contents of the queue, flow by flow. */
import type { Job, JobType } from "bullmq";
import type { Redis } from "ioredis";
import {
  flowResultSchema,
  type LostPart,
  type MergeJob,
  type PartJob,
  parseJob,
  partOfJob,
  partResultSchema,
  printable,
} from "./jobs.js";

export interface RunningPart {
  readonly shard: string;
  readonly worker: string | null;
  /** The last line that it printed. */
  readonly line: string | null;
}

export interface FlowStatus {
  readonly id: string;
  readonly command: string;
  /** `done` means merged; `failed` means that a part or the merge failed permanently. */
  readonly state: "running" | "merging" | "done" | "failed";
  readonly shards: number;
  readonly done: number;
  /** Number of done parts that have failed items. */
  readonly partial: number;
  readonly running: readonly RunningPart[];
  readonly waiting: number;
  readonly lost: readonly LostPart[];
  /** Why the merge failed. */
  readonly reason: string | null;
  readonly output: unknown;
  readonly submitted: string;
}

const STATES: readonly JobType[] = ["completed", "failed", "active", "delayed", "waiting", "waiting-children"];

interface Found {
  readonly job: Job;
  readonly state: JobType;
}

interface FoundPart extends Found {
  readonly data: PartJob;
}

/**
 * All flows, the oldest first. Jobs of other programs are left out until a worker has refused one. Such a job is shown
 * as a flow of its own, and so are parts that were put into the queue without a merge.
 * @param only id of a single flow
 */
export async function readFlows(redis: Redis, name: string, only: string | null): Promise<readonly FlowStatus[]> {
  const { Queue } = await import("bullmq");
  const queue = new Queue(name, { connection: redis });
  queue.on("error", () => {}); // reading the jobs reports the same error
  try {
    const found = new Map<string, Found>();
    // A job may change its state between two readings. The states closest to the end are read last and count.
    for (const state of [...STATES].reverse()) {
      for (const job of await queue.getJobs([state])) if (job?.id !== undefined) found.set(job.id, { job, state });
    }
    const merges: { readonly data: MergeJob; readonly found: Found }[] = [];
    const parts = new Map<string, FoundPart[]>();
    const refused: FlowStatus[] = [];
    for (const each of found.values()) {
      try {
        const data = parseJob(each.job.data, each.job.id!);
        if (data.kind === "merge") merges.push({ data, found: each });
        else parts.set(data.flow, [...(parts.get(data.flow) ?? []), { ...each, data }]);
      } catch {
        if (each.state === "failed") refused.push(statusOfStranger(each.job));
      }
    }
    const whole = merges.map(({ data, found: merge }) => statusOf(data, merge, parts.get(data.flow) ?? []));
    for (const { data } of merges) parts.delete(data.flow);
    const alone = [...parts.values()].map(statusWithoutMerge);
    return [...whole, ...alone, ...refused]
      .filter(({ id }) => only === null || id === only)
      .sort((a, b) => (a.submitted < b.submitted ? -1 : a.submitted > b.submitted ? 1 : 0));
  } finally {
    await queue.close();
  }
}

function lineOf(job: Job): string | null {
  const { progress } = job;
  return typeof progress === "object" && "line" in progress ? String(progress.line) : null;
}

function statusOf(data: MergeJob, { job, state }: Found, parts: readonly Found[]): FlowStatus {
  const byState = (wanted: JobType): Job[] => parts.filter((each) => each.state === wanted).map((each) => each.job);
  const result = state === "completed" ? flowResultSchema.safeParse(job.returnvalue) : null;
  const nameOf = (part: Job): string => partOfJob(part.id!, data.count);
  const failed = byState("failed").map((part) => ({ shard: nameOf(part), reason: part.failedReason ?? "unknown" }));
  const lost = result?.success ? result.data.lost : failed;
  const completed = byState("completed");
  const running = byState("active").map((part) => {
    return { shard: nameOf(part), worker: part.processedBy ?? null, line: lineOf(part) };
  });
  const isMerging = state === "active" || state === "waiting" || state === "delayed";
  const isLost = state === "failed" || (state === "completed" && result?.data?.merged !== true);
  return {
    id: data.flow,
    command: data.command,
    state: isLost ? "failed" : state === "completed" ? "done" : isMerging ? "merging" : "running",
    shards: data.count,
    done: completed.length,
    partial: completed.filter((part) => partResultSchema.safeParse(part.returnvalue).data?.code === 3).length,
    running,
    waiting: Math.max(0, data.count - completed.length - running.length - lost.length),
    lost,
    reason: state === "failed" ? (job.failedReason ?? "unknown") : null,
    output: result?.data?.output ?? null,
    submitted: new Date(job.timestamp).toISOString(),
  };
}

/** Status of parts that were put into the queue without the merge job. */
function statusWithoutMerge(parts: readonly FoundPart[]): FlowStatus {
  const [{ data, job }] = parts;
  const { flow, argv, cwd, count } = data;
  const followed: MergeJob = { kind: "merge", flow, command: argv.join(" "), argv: null, cwd, count };
  const status = statusOf(followed, { job, state: "waiting-children" }, parts);
  const isThrough = status.waiting === 0 && status.running.length === 0;
  return { ...status, state: status.lost.length > 0 ? "failed" : isThrough ? "done" : "running" };
}

/** Status of a job that does not belong to elegant queue and that a worker has refused. */
function statusOfStranger({ id = "?", timestamp, failedReason }: Job): FlowStatus {
  return {
    ...{ id, command: "no job of elegant queue", state: "failed", shards: 1, done: 0, partial: 0, running: [] },
    ...{ waiting: 0, lost: [{ shard: id, reason: failedReason ?? "unknown" }], reason: null, output: null },
    submitted: new Date(timestamp).toISOString(),
  };
}

/** Lines of a table. A part that is running or has failed permanently has a line of its own below its flow. */
export function formatFlows(flows: readonly FlowStatus[]): string[] {
  const header = ["id", "state", "done", "running", "waiting", "lost", "command"];
  const rows = flows.map(({ id, state, shards, done, running, waiting, lost, command }) => {
    return [id, state, `${done}/${shards}`, String(running.length), String(waiting), String(lost.length), command];
  });
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]))
      .join("  ")
      .trimEnd();
  const lines = [
    line(header),
    ...flows.flatMap(({ running, lost, reason, partial }, i) => [
      line(rows[i]),
      ...running.map(({ shard, worker, line: last }) => `  part ${shard} on ${worker ?? "?"}: ${last ?? "started"}`),
      ...lost.map((each) => `  part ${each.shard} is given up: ${each.reason}`),
      ...(reason === null ? [] : [`  the merge is given up: ${reason}`]),
      ...(partial === 0 ? [] : [`  ${partial} parts are done with failures, which failures.json names`]),
    ]),
  ];
  return lines.map(printable);
}
