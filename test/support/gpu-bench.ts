/** Runs the GPU bench in a process of its own. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fromRoot } from "./spawn.js";

const BENCH = fromRoot("dist/bench/gpu.js");

const NO_TORCH = { PYTHON: "/nonexistent/python3" };

/** Runs the bench without PyTorch, so that an installed PyTorch does not slow the test. */
export async function runBench(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [BENCH, ...args], {
    env: { ...process.env, ...NO_TORCH },
  });
  return stdout;
}
