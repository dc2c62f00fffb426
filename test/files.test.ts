/** Files that are written completely or not at all, with many writers and after a crash. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../src/errors.js";
import { ensureDir, removeTemporaries, writeFileAtomic } from "../src/files.js";
import { withFolder } from "./support/folder.js";

describe("files", () => {
  it("replaces a file whole and leaves nothing else behind", () =>
    withFolder(async (folder) => {
      const path = join(folder, "checkpoint.bin");
      await writeFile(path, "old");
      await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
      assert.deepEqual([...(await readFile(path))], [1, 2, 3]);
      assert.deepEqual(await readdir(folder), ["checkpoint.bin"]);
    }));

  it("survives many writers of one name", () =>
    withFolder(async (folder) => {
      const path = join(folder, "a.txt");
      await Promise.all(Array.from({ length: 8 }, (_, i) => writeFileAtomic(path, String(i).repeat(10_000))));
      assert.match(await readFile(path, "utf8"), /^(\d)\1{9999}$/);
      assert.deepEqual(await readdir(folder), ["a.txt"]);
    }));

  it("removes its temporary file and names the path when it fails", () =>
    withFolder(async (folder) => {
      const path = join(folder, "taken");
      await mkdir(path);
      await assert.rejects(
        writeFileAtomic(path, "x"),
        (error) => error instanceof InputError && error.message.includes(`Cannot write '${path}'`),
      );
      assert.deepEqual(await readdir(folder), ["taken"]);
    }));

  it("says so when the folder is missing or a file is in its way", () =>
    withFolder(async (folder) => {
      await assert.rejects(writeFileAtomic(join(folder, "no", "a"), "x"), InputError);
      await writeFile(join(folder, "file"), "");
      await assert.rejects(ensureDir(join(folder, "file", "sub")), /Cannot make the folder/);
      await ensureDir(join(folder, "a", "b"));
      await ensureDir(join(folder, "a", "b"));
      assert.deepEqual(await readdir(join(folder, "a")), ["b"]);
    }));
});

describe("removeTemporaries", () => {
  it("removes what a killed writer has left, and nothing else", () =>
    withFolder(async (folder) => {
      const kept = ["a.txt", ".hidden", ".a.tmp", "b.1-2.tmp"];
      for (const name of [...kept, ".a.txt.123-0.tmp", ".losses.jsonl.9-17.tmp"])
        await writeFile(join(folder, name), "x");
      await removeTemporaries(folder);
      assert.deepEqual((await readdir(folder)).sort(), [...kept].sort());
      await removeTemporaries(join(folder, "none"));
    }));
});
