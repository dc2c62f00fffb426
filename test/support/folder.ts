/** Temporary folders for tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs `body` with a new empty folder, and removes the folder afterwards, even if `body` throws. */
export async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Makes an empty folder before the tests of the enclosing describe(), and removes it after them.
 * @returns a function that joins names to the folder's path, and returns the path itself without names
 */
export function useFolder(): (...names: string[]) => string {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  return (...names) => join(folder, ...names);
}
