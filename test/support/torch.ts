/** Debian's PyTorch, for tests that compare with it. */
import { spawnSync } from "node:child_process";
import { fromRoot } from "./spawn.js";

const PYTHON = "/usr/bin/python3";

let available: boolean | undefined;

/** False where it is not installed: the test then calls this.skip(). */
export function hasTorch(): boolean {
  available ??= spawnSync(PYTHON, ["-c", "import torch, numpy"]).status === 0;
  if (!available) console.log("        skipped: needs Debian's python3-torch (apt-get install python3-torch)");
  return available;
}

/** Runs a script of test/support with Debian's Python. @returns its stdout */
export function runPython(script: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(PYTHON, [fromRoot(`test/support/${script}`), ...args], {
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  if (status !== 0) throw new Error(`${script}: exit ${status}\n${stderr}`);
  return stdout;
}
