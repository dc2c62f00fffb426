/** Runs our own measurements and the peers' in processes of their own. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The Python that has the peers, such as that of a virtual environment. */
export const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";

/**
 * Set on some machines to keep OpenBLAS from choosing its kernels for the processor. People do not set it, so the peers
 * run without it, and results say that it was unset.
 */
const CORE_TYPE = "OPENBLAS_CORETYPE";
const { [CORE_TYPE]: coreType, ...environment } = process.env;

/** The environment of Python peers. */
export const PYTHON_ENVIRONMENT: Readonly<NodeJS.ProcessEnv> = environment;

/** The variables that Python peers do not get, such as "OPENBLAS_CORETYPE=Haswell". */
export const UNSET: readonly string[] = coreType === undefined ? [] : [`${CORE_TYPE}=${coreType}`];

/** The JSON that a process prints. If it fails, this prints the last line of its messages and returns null. */
function run<Printed>(command: string, path: string, values: readonly (string | number)[]): Printed | null {
  const { status, stdout, stderr, error } = spawnSync(command, [path, ...values.map(String)], {
    encoding: "utf8",
    env: command === PYTHON ? PYTHON_ENVIRONMENT : process.env,
  });
  if (status === 0) return JSON.parse(stdout) as Printed;
  const reason = error?.message ?? stderr.trim().split("\n").at(-1);
  console.log(`${command} ${path}: not measured: ${reason || `exit code ${status}`}`);
  return null;
}

/** Runs a script of bench/ or dist/bench/ on this Node.js. @param script relative to dist/bench */
export function runNode<Printed>(script: string, values: readonly (string | number)[]): Printed | null {
  return run<Printed>(process.execPath, fileURLToPath(new URL(script, import.meta.url)), values);
}

/** Runs a script of bench/peers/ on PYTHON. */
export function runPython<Printed>(script: string, values: readonly (string | number)[]): Printed | null {
  return run<Printed>(PYTHON, fileURLToPath(new URL(`../../bench/peers/${script}`, import.meta.url)), values);
}
