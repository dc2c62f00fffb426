/** Debian's PyTorch, SciPy and NumPy, for tests that compare with them. */
import { spawnSync } from "node:child_process";
import { fromRoot } from "./spawn.js";

/** Debian's Python, or the one named by ELEGANT_PYTHON. */
const PYTHON = process.env.ELEGANT_PYTHON ?? "/usr/bin/python3";

const known = new Map<string, boolean>();

/** False if a module is not installed: the test then calls this.skip(). */
function hasModule(name: string): boolean {
  const available = known.get(name) ?? spawnSync(PYTHON, ["-c", `import numpy, ${name}`]).status === 0;
  known.set(name, available);
  if (!available) console.log(`        skipped: needs Debian's python3-${name} (apt-get install python3-${name})`);
  return available;
}

export const hasTorch = (): boolean => hasModule("torch");
export const hasScipy = (): boolean => hasModule("scipy");
export const hasNumpy = (): boolean => hasModule("numpy");
export const hasPillow = (): boolean => hasModule("PIL");

/** The interpreter that has pytorch-fid: Debian's, or the one named by ELEGANT_PYTHON_FID; null if neither has it. */
export function pythonWithFid(): string | null {
  const named = process.env.ELEGANT_PYTHON_FID;
  for (const python of named === undefined ? [PYTHON] : [named, PYTHON]) {
    if (spawnSync(python, ["-c", "import pytorch_fid.fid_score"]).status === 0) return python;
  }
  console.log("        skipped: needs pytorch-fid in Debian's Python or in the one named by ELEGANT_PYTHON_FID");
  return null;
}

/** Runs a script of test/support with Debian's Python, or another one. @returns its stdout */
export function runPython(script: string, args: readonly string[], python = PYTHON): string {
  const { status, stdout, stderr } = spawnSync(python, [fromRoot(`test/support/${script}`), ...args], {
    encoding: "utf8",
    maxBuffer: 1e9,
  });
  if (status !== 0) throw new Error(`${script}: exit ${status}\n${stderr}`);
  return stdout;
}
