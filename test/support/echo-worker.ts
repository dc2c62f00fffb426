/** A worker file for the pool's tests. */
import { threadId } from "node:worker_threads";
import { workerData } from "piscina";
import type { TaskHandler } from "../../src/pool/protocol.js";

export type EchoTasks = {
  readonly echo: {
    readonly task: { readonly value: number; readonly delay: number };
    readonly result: { readonly value: number; readonly data: unknown; readonly thread: number };
  };
  readonly fail: { readonly task: string; readonly result: never };
};

export const echo: TaskHandler<EchoTasks["echo"]> = async ({ value, delay }) => {
  await new Promise((resolve) => setTimeout(resolve, delay));
  return { value, data: workerData, thread: threadId };
};

export const fail: TaskHandler<EchoTasks["fail"]> = async (words) => {
  throw new Error(words);
};
