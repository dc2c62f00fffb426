/** The rules for test files: every file is part of one run, its name says which, and it opens with what it is about. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fromRoot } from "../support/spawn.js";

const specOf = (config: string): readonly string[] =>
  (createRequire(import.meta.url)(fromRoot(config)) as { readonly spec: readonly string[] }).spec;

const sourceOf = (compiled: string): string =>
  compiled.replaceAll("\\", "/").replace(/^dist\/(.*)\.js$/, (_, name: string) => `${name}.ts`);

/** Every test file, by its path from the root. */
async function testFiles(): Promise<string[]> {
  const names = await readdir(fromRoot("test"), { recursive: true });
  return names.filter((name) => name.endsWith(".test.ts")).map((name) => `test/${name.replaceAll("\\", "/")}`);
}

describe("test files", () => {
  it("are each in one of the two runs, long ones by their names, and nothing else is in a run", async () => {
    const [short, long] = [".mocharc.cjs", ".mocharc.long.cjs"].map((config) => specOf(config).map(sourceOf));
    assert.deepEqual([...short, ...long].sort(), (await testFiles()).sort());
    const isLong = (file: string): boolean => /\.(?:long|kill)\.test\.ts$/.test(file);
    assert.deepEqual(short.filter(isLong), []);
    assert.deepEqual(
      long.filter((file) => !isLong(file)),
      [],
    );
  });

  it("are built: Mocha only warns of missing ones", () => {
    const compiled = [".mocharc.cjs", ".mocharc.long.cjs"].flatMap(specOf);
    assert.deepEqual(
      compiled.filter((file) => !existsSync(fromRoot(file))),
      [],
    );
  });

  it("open with a sentence on what they are about", async () => {
    const silent: string[] = [];
    for (const file of await testFiles()) {
      const [, comment = ""] = /^\/\*\*(.*?)\*\//s.exec(await readFile(fromRoot(file), "utf8")) ?? [];
      const text = comment.replaceAll(/\n \*/g, " ").trim();
      if (!/^[^a-z].{20,}[.!]$/s.test(text)) silent.push(`${file}: ${text}`);
    }
    assert.deepEqual(silent, []);
  });

  it("cover every room of the sources in the short run", async () => {
    const rooms = (await readdir(fromRoot("src"), { withFileTypes: true })).filter((entry) => entry.isDirectory());
    const short = specOf(".mocharc.cjs").map(sourceOf);
    assert.ok(rooms.length > 20, `${rooms.length} rooms`);
    assert.deepEqual(
      rooms.map(({ name }) => name).filter((name) => !short.some((file) => file.startsWith(`test/${name}/`))),
      [],
    );
  });
});
