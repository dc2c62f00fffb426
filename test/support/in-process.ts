/**
 * Runs command lines in the test's own process. A process of its own takes half a second of CPU to start, and more if it loads
 * TensorFlow.js. Only tests of what belongs to a process need one: signals, crashes, pipes, flags of Node.
 */
import { runLine } from "../../src/cli/main.js";
import type { Ended } from "./spawn.js";

/** Collects what is written to a stream until the returned function is called, which returns it. */
function capture(stream: NodeJS.WriteStream): () => string {
  const original = stream.write;
  const parts: string[] = [];
  const write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    parts.push(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
    const done = rest.find((each) => typeof each === "function");
    if (typeof done === "function") process.nextTick(done);
    return true;
  };
  stream.write = write as typeof stream.write;
  return () => {
    stream.write = original;
    return parts.join("");
  };
}

async function runAlone(args: readonly string[]): Promise<Ended> {
  const codeBefore = process.exitCode;
  process.exitCode = undefined;
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)];
  await runLine(["node", "elegant", ...args]); // it reports all errors itself
  const code = Number(process.exitCode ?? 0);
  process.exitCode = codeBefore;
  return { code, stdout: stdout(), stderr: stderr() };
}

/** The line that runs now. Lines share the process's streams and its device, so each waits for the one before. */
let running: Promise<unknown> = Promise.resolve();

/** Runs `elegant` with these arguments. Its exit code and output are those of `bin/elegant.js`. */
export function runHere(args: readonly string[]): Promise<Ended> {
  const ended = running.then(() => runAlone(args));
  running = ended.catch(() => {});
  return ended;
}
