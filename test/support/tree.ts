/** What a folder holds, for tests that something was left alone. */
import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Every entry below `folder`, sorted: folders by name, files with a hash of their bytes. */
export async function treeOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder, { recursive: true })).sort();
  const lines: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    if ((await lstat(path)).isDirectory()) lines.push(`${name}/`);
    else
      lines.push(
        `${name} ${createHash("sha256")
          .update(await readFile(path))
          .digest("hex")
          .slice(0, 16)}`,
      );
  }
  return lines;
}
