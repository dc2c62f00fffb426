/** Mounts small file systems, for tests of full disks. */
import { spawnSync } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/** Runs `body` with a file system of its own, of this many bytes, below `folder`. Returns false if we may not mount one. */
export async function withSmallDisk(
  folder: string,
  bytes: number,
  body: (disk: string) => Promise<void>,
): Promise<boolean> {
  const disk = join(folder, "disk");
  await mkdir(disk);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", disk]).status !== 0) return false;
  try {
    await body(disk);
  } finally {
    spawnSync("umount", ["-l", disk]);
  }
  return true;
}

/** Changes its size. */
export function resizeDisk(disk: string, bytes: number): void {
  spawnSync("mount", ["-o", `remount,size=${bytes}`, disk]);
}
