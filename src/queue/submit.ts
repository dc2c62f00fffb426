/** `elegant queue submit`: turns a command line into a flow. Its last job runs when all parts have ended. */
import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import type { MergeJob, PartJob } from "./jobs.js";
import { partJobId } from "./jobs.js";

const KEEP_SECONDS = 7 * 24 * 3600;

export interface SubmitOptions {
  readonly name: string;
  readonly argv: readonly string[];
  readonly mergeArgv: readonly string[] | null;
  readonly cwd: string;
  readonly parts: number;
  /** Number of attempts for each part, and for the merge. */
  readonly attempts: number;
  /** Pause before the second attempt; it doubles for each further attempt. */
  readonly backoffSeconds: number;
}

/**
 * A random id. It begins with a letter, because BullMQ refuses ids that are whole numbers, and one in 43 hexadecimal
 * texts is one.
 */
export function newFlowId(random = randomBytes(4)): string {
  return `f${random.toString("hex")}`;
}

/** Puts all jobs into the queue together. @returns the flow's id */
export async function submitFlow(redis: Redis, options: SubmitOptions): Promise<string> {
  const { FlowProducer } = await import("bullmq");
  const { name: queueName, argv, mergeArgv, cwd, parts: count, attempts, backoffSeconds } = options;
  const flow = newFlowId();
  const opts = {
    attempts,
    backoff: { type: "exponential", delay: backoffSeconds * 1000 },
    removeOnComplete: { age: KEEP_SECONDS },
    removeOnFail: { age: KEEP_SECONDS },
  };
  const part = (index: number) => {
    const data: PartJob = { kind: "shard", flow, argv: [...argv], cwd, index, count };
    // A part that failed permanently does not keep the last job from running. That job reports it.
    const job = { ...opts, jobId: partJobId(flow, index), ignoreDependencyOnFailure: true };
    return { name: "shard", queueName, data, opts: job };
  };
  const data: MergeJob = {
    ...{ kind: "merge", flow, command: argv.join(" "), cwd, count },
    argv: mergeArgv === null ? null : [...mergeArgv],
  };
  const producer = new FlowProducer({ connection: redis });
  producer.on("error", () => {}); // reported by the command that waits for the producer
  try {
    const children = Array.from({ length: count }, (_, index) => part(index));
    await producer.add({ name: "merge", queueName, data, opts: { ...opts, jobId: flow }, children });
    return flow;
  } finally {
    await producer.close();
  }
}
