/** PyTorch on the same GPU: one process for the whole run, which does one piece of work at a time while ours rests. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Timing, timingOf } from "../measure.js";
import { PYTHON_ENVIRONMENT } from "../processes.js";

/** Milliseconds that importing PyTorch and starting CUDA may take on a cold disk. */
const START_MILLISECONDS = 90_000;
/** Seconds by which a piece of work may exceed its time, for choosing algorithms and for a round that began in time. */
const GRACE_SECONDS = 20;
/** Debian's Python has python3-torch; another Python may come first in the path. */
const PYTHONS = process.env.PYTHON === undefined ? ["python3", "/usr/bin/python3"] : [process.env.PYTHON];

/** "float32" keeps all bits; "tf32" lets products and convolutions round their factors to 10 bits, as NVIDIA's GPUs can. */
export type Precision = "float32" | "tf32";

export interface PeerRequest {
  readonly work: "swap" | "update" | "inception" | "product" | "copy" | "layer";
  readonly precision: Precision;
  readonly [size: string]: number | string;
}

export interface TorchPeer {
  /** Name such as "PyTorch 2.4 on NAME". */
  readonly name: string;
  readonly version: string;
  /** Milliseconds of one piece of work; null if it failed, which is printed. */
  measure(request: PeerRequest, seconds: number): Promise<Timing | null>;
  close(): void;
}

/** Reads the lines of a process's stdout, each with a time limit; null if the process ended or took too long. */
function lineReader(child: ChildProcess): (milliseconds: number) => Promise<string | null> {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return async (milliseconds) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, milliseconds, null);
    });
    const line = lines.next().then(({ done, value }) => (done === true ? null : (value as string)));
    const first = await Promise.race([line, late]);
    clearTimeout(timer);
    return first;
  };
}

interface Answer {
  readonly name?: string;
  readonly version?: string;
  readonly times?: readonly number[];
  readonly error?: string;
}

/** @param place "cuda", or "any" to use the CPU if there is no CUDA, for checking */
async function start(python: string, place: "cuda" | "any"): Promise<TorchPeer | string> {
  const script = fileURLToPath(new URL("../../../bench/peers/gpu.py", import.meta.url)); // from dist/bench/gpu
  const child = spawn(python, [script, place], { stdio: ["pipe", "pipe", "ignore"], env: PYTHON_ENVIRONMENT });
  const gone = new Promise<null>((resolve) => child.on("error", () => resolve(null)));
  child.stdin.on("error", () => {}); // it ended: the next answer is null
  const readLine = lineReader(child);
  const ask = async (milliseconds: number): Promise<Answer> => {
    const line = await Promise.race([readLine(milliseconds), gone]);
    if (line !== null) return JSON.parse(line) as Answer;
    child.kill();
    return { error: `${python} ended or took too long` };
  };
  const { name, version, error } = await ask(START_MILLISECONDS);
  if (name === undefined || version === undefined) return error ?? `${python} has no PyTorch`;
  let working = true;
  return {
    name,
    version,
    async measure(request, seconds) {
      if (!working) return null;
      child.stdin.write(`${JSON.stringify({ ...request, seconds })}\n`);
      const answer = await ask((seconds + GRACE_SECONDS) * 1000);
      if (answer.times !== undefined) return timingOf(answer.times);
      working = child.exitCode === null && !child.killed;
      console.log(`PyTorch could not do it (${answer.error})${working ? "" : "; it is not asked again"}`);
      return null;
    },
    close: () => child.kill(),
  };
}

/** Starts the first Python that has PyTorch; null, with a printed reason, if none has. */
export async function openTorchPeer(place: "cuda" | "any"): Promise<TorchPeer | null> {
  const reasons: string[] = [];
  for (const python of PYTHONS) {
    const peer = await start(python, place);
    if (typeof peer !== "string") return peer;
    reasons.push(peer);
  }
  console.log(`No PyTorch to compare with: ${reasons.join("; ")}`);
  return null;
}
