/** Runs commands in Node without SharedArrayBuffer, and compares them with runs that have it. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Ended, fromRoot, runNode } from "./spawn.js";

/** The flag of Node that takes SharedArrayBuffer away. */
export const WITHOUT = `--import=${pathToFileURL(fromRoot("dist/test/support/no-shared-memory.js")).href}`;
const SAID = /one thread: this engine has no SharedArrayBuffer/g;

/** Runs a command in a process of its own, with these flags of Node. */
export function runWith(args: readonly string[], flags: readonly string[]): Promise<Ended> {
  return runNode(fromRoot("bin/elegant.js"), args, false, flags);
}

/**
 * Runs a command with --json, once without SharedArrayBuffer on as many workers as cores, and once with it on one
 * worker. Checks that the first run reported this once. OUT in a word stands for the run's own folder, in `folder`.
 * @returns the JSON of both, and the files that each wrote, by name
 */
export async function runBoth(folder: string, ...args: string[]): Promise<{ plain: Run; shared: Run }> {
  const at = (name: string): string => join(folder, name);
  const runs: Run[] = [];
  for (const [name, flags, more] of [
    ["plain", [WITHOUT], []],
    ["shared", [], ["--workers", "1"]],
  ] as const) {
    await rm(at(name), { recursive: true, force: true });
    await mkdir(at(name));
    const words = args.map((word) => word.replace("OUT", at(name)));
    const { code, stdout, stderr } = await runWith([...words, ...more, "--json"], flags);
    assert.equal(code, 0, stderr);
    assert.equal(stderr.match(SAID)?.length ?? 0, name === "plain" ? 1 : 0, stderr);
    const files = await readdir(at(name), { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map((file) => join(file.parentPath, file.name));
    const written = new Map<string, Buffer>();
    for (const path of paths.sort()) written.set(path.slice(at(name).length + 1), await readFile(path));
    runs.push({ json: JSON.parse(stdout), written });
  }
  return { plain: runs[0], shared: runs[1] };
}

export interface Run {
  readonly json: Record<string, unknown>;
  readonly written: ReadonlyMap<string, Buffer>;
}

/** Checks that files with an ending exist and have the same bytes. */
export function assertSameFiles({ plain, shared }: { plain: Run; shared: Run }, ending: string, count: number): void {
  const names = [...shared.written.keys()].filter((name) => name.endsWith(ending));
  assert.equal(names.length, count, [...shared.written.keys()].join());
  assert.deepEqual(
    [...plain.written.keys()].filter((name) => name.endsWith(ending)),
    names,
  );
  for (const name of names) {
    assert.ok(shared.written.get(name)?.equals(plain.written.get(name) as Buffer), `${name} differs`);
  }
}
