/** The page's end of an engine: each call of a function is one message to the Worker. */
import type { Engine, EngineReply } from "../protocol.js";

/** A failure that the user can act on, with words for them. */
export class UserError extends Error {}

export interface EngineClient extends Engine {
  /** Ends the Worker. Open calls are rejected. */
  close(): void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Starts an engine in a Worker of its own. */
export function startEngine(): EngineClient {
  const worker = new Worker(new URL("./engine.js", import.meta.url), { type: "module" });
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  const rejectAll = (reason: string): void => {
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
  };
  worker.addEventListener("message", ({ data }: MessageEvent<EngineReply>) => {
    const call = waiting.get(data.id);
    waiting.delete(data.id);
    if ("result" in data) call?.resolve(data.result);
    else call?.reject(data.isInput ? new UserError(data.failure) : new Error(data.failure));
  });
  worker.addEventListener("error", ({ message }) => rejectAll(message || "The engine could not be loaded."));
  const close = (): void => {
    worker.terminate();
    rejectAll("The engine was closed.");
  };
  const call = (name: string, values: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = calls++;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, name, values });
    });
  return new Proxy({ close } as EngineClient, {
    get: (own, name) => {
      if (name === "close") return own.close;
      // A client is returned from async functions, which look for this member.
      if (typeof name !== "string" || name === "then") return undefined;
      return (...values: readonly unknown[]) => call(name, values);
    },
  });
}
