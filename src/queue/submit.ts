/** `elegant queue submit`: a command line becomes a flow whose last job runs when all shards are through. */
import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import type { MergeJob, ShardJob } from "./jobs.js";
import { shardJobId } from "./jobs.js";

const KEEP_SECONDS = 7 * 24 * 3600;

export interface SubmitOptions {
  readonly name: string;
  readonly argv: readonly string[];
  readonly mergeArgv: readonly string[] | null;
  readonly cwd: string;
  readonly shards: number;
  /** For each shard, and for the merge. */
  readonly attempts: number;
  /** Before the second attempt; twice as long before each next. */
  readonly backoffSeconds: number;
}

/** A random id. It begins with a letter: BullMQ refuses ids that are whole numbers, as one hexadecimal text in 43 is. */
export function newFlowId(random = randomBytes(4)): string {
  return `f${random.toString("hex")}`;
}

/** Puts all jobs into the queue together. @returns the flow's id */
export async function submitFlow(redis: Redis, options: SubmitOptions): Promise<string> {
  const { FlowProducer } = await import("bullmq");
  const { name: queueName, argv, mergeArgv, cwd, shards: count, attempts, backoffSeconds } = options;
  const flow = newFlowId();
  const opts = {
    attempts,
    backoff: { type: "exponential", delay: backoffSeconds * 1000 },
    removeOnComplete: { age: KEEP_SECONDS },
    removeOnFail: { age: KEEP_SECONDS },
  };
  const shard = (index: number) => {
    const data: ShardJob = { kind: "shard", flow, argv: [...argv], cwd, index, count };
    // A shard that is given up does not hold the last job back: that one reports it.
    const job = { ...opts, jobId: shardJobId(flow, index), ignoreDependencyOnFailure: true };
    return { name: "shard", queueName, data, opts: job };
  };
  const data: MergeJob = {
    ...{ kind: "merge", flow, command: argv.join(" "), cwd, count },
    argv: mergeArgv === null ? null : [...mergeArgv],
  };
  const producer = new FlowProducer({ connection: redis });
  producer.on("error", () => {}); // told by the command that waits for it
  try {
    const children = Array.from({ length: count }, (_, index) => shard(index));
    await producer.add({ name: "merge", queueName, data, opts: { ...opts, jobId: flow }, children });
    return flow;
  } finally {
    await producer.close();
  }
}
