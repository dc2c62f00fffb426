/** Runs scripts of the checkout in processes of their own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The path of a file of the checkout. Tests run from dist/test/support/. */
export function fromRoot(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

/**
 * Runs a script with Node. `closeStdout` closes the reading end of its stdout after the first bytes. `flags` are
 * Node's, and `cwd` is the folder it starts in.
 */
export function runNode(
  script: string,
  args: readonly string[],
  closeStdout = false,
  flags: readonly string[] = [],
  cwd: string = process.cwd(),
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, script, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      if (closeStdout) child.stdout.destroy();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs a script with Node and kills it (SIGKILL) as soon as a file exists. Returns when it has ended, by the kill or before it. */
export async function killOnceThereIs(path: string, script: string, args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [script, ...args], { stdio: "ignore" });
  const ended = once(child, "exit");
  while (!existsSync(path) && child.exitCode === null) await new Promise((wait) => setTimeout(wait, 5));
  child.kill("SIGKILL");
  await ended;
}
