/** Messages and exit codes for failures of the file system. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ExitCode, fromSystemError, InputError, RetryableError } from "../src/errors.js";
import { ensureDir, writeFileAtomic } from "../src/files.js";
import { withFolder } from "./support/folder.js";

describe("errors of the file system", () => {
  it("say in our words what a path was and should have been", () =>
    withFolder(async (dir) => {
      const file = join(dir, "file");
      await writeFile(file, "");
      await mkdir(join(dir, "folder"));
      const messageOf = (work: Promise<unknown>): Promise<string> =>
        work.then(
          () => "no error",
          (error: unknown) => {
            const ours = fromSystemError(error, "DOING");
            assert.ok(ours instanceof InputError);
            assert.equal(ours.exitCode, ExitCode.usage);
            return ours.message;
          },
        );
      assert.equal(
        await messageOf(readdir(file)),
        "DOING: expected a folder, received a file in its place. Check the path, or choose another.",
      );
      assert.equal(
        await messageOf(readFile(join(file, "x"))),
        "DOING: expected a folder, received a file in its place. Check the path, or choose another.",
      );
      assert.equal(
        await messageOf(readFile(join(dir, "folder"))),
        "DOING: expected a file, received a folder. Check the path, and name a file.",
      );
      assert.equal(
        await messageOf(ensureDir(file)),
        `${file}: expected a folder, received a file of that name. Choose another path.`,
      );
      assert.equal(
        await messageOf(ensureDir(join(file, "deep"))),
        `Cannot make the folder '${join(file, "deep")}': expected a folder, received a file in its place. Check the path, or choose another.`,
      );
      assert.equal(
        await messageOf(writeFileAtomic(join(dir, "folder"), "")),
        `Cannot write '${join(dir, "folder")}': expected a file, received a folder. Check the path, and name a file.`,
      );
      assert.match(
        await messageOf(readFile(join(dir, "none"))),
        /^DOING: ENOENT: .* Check the path and its permissions\.$/,
      );
      assert.match(
        await messageOf(readFile("x".repeat(5000))),
        /^DOING: expected a path, received one that is too long for/,
      );
      assert.deepEqual((await readdir(dir)).sort(), ["file", "folder"], "nothing half-written is left");
    }));

  it("that may pass are worth a retry", () => {
    for (const code of ["ENOSPC", "EDQUOT", "EIO", "EMFILE"]) {
      assert.ok(fromSystemError(Object.assign(new Error(code), { code }), "DOING") instanceof RetryableError);
    }
  });
});
