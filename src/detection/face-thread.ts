/** A thread that runs face networks, and both ends of its messages: each request gets one answer or the reason of a failure. */
import { parentPort, Worker } from "node:worker_threads";
import { RetryableError } from "../errors.js";

interface Question<Request> {
  readonly id: number;
  readonly request: Request;
}

type Reply<Answer> =
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly failure: string };

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The owner's end. */
export class FaceThread<Request, Answer> {
  private readonly worker: Worker;
  /** The subject of messages: "Face detection". */
  private readonly name: string;
  private readonly waiting = new Map<number, Waiting<Answer>>();
  private requests = 0;

  /** @param workerData what the thread gets once */
  constructor(name: string, entry: URL, workerData: unknown) {
    this.name = name;
    this.worker = new Worker(entry, { workerData });
    this.worker.on("message", (reply: Reply<Answer>) => {
      const { resolve, reject } = this.waiting.get(reply.id)!;
      this.waiting.delete(reply.id);
      if ("answer" in reply) resolve(reply.answer);
      else reject(this.failure(reply.failure));
    });
    this.worker.on("error", (error) => this.rejectAll(error.message));
    this.worker.on("exit", () => this.rejectAll("its thread ended"));
  }

  /** Asks the thread. Requests are answered in their order. @throws RetryableError if the networks do not load or run */
  ask(request: Request): Promise<Answer> {
    const question: Question<Request> = { id: this.requests++, request };
    return new Promise((resolve, reject) => {
      this.waiting.set(question.id, { resolve, reject });
      this.worker.postMessage(question);
    });
  }

  private failure(reason: string): RetryableError {
    return new RetryableError(`${this.name}: ${reason}`);
  }

  private rejectAll(reason: string): void {
    for (const { reject } of this.waiting.values()) reject(this.failure(reason));
    this.waiting.clear();
  }

  /** Ends the thread. Open requests are rejected. */
  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

/**
 * The thread's end: handles one request after the other, since scopes that tidy the networks' tensors must not interleave.
 * An error becomes the request's failure.
 */
export function answerRequests<Request, Answer>(answer: (request: Request) => Promise<Answer>): void {
  const replyTo = async ({ id, request }: Question<Request>): Promise<Reply<Answer>> => {
    try {
      return { id, answer: await answer(request) };
    } catch (error) {
      return { id, failure: error instanceof Error ? error.message : String(error) };
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  parentPort?.on("message", (question: Question<Request>) => {
    last = last.then(async () => parentPort?.postMessage(await replyTo(question)));
  });
}
