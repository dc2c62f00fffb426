/** The packed package in a new folder, as `npm install` would put it there. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { fromRoot } from "./spawn.js";

const run = promisify(execFile);

export interface Manifest {
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly sideEffects: readonly string[];
}

/** What `npm pack --json` says. */
export interface Packed {
  readonly filename: string;
  /** Bytes of the tarball, and of all its files. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

export interface Installed {
  /** A project that has the package in its node_modules. Remove it after use. */
  readonly folder: string;
  readonly packed: Packed;
  readonly manifest: Manifest;
}

/** Installs our packed files, with links to the checkout's own dependencies instead of a download. */
export async function installPacked(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
  const modules = join(folder, "node_modules");
  const ours = join(modules, "elegant-faces");
  await mkdir(ours, { recursive: true });
  const packing = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { stdout } = await run("npm", packing, { cwd: fromRoot("."), maxBuffer: 2 ** 26 });
  // Older versions of npm print a list with one entry, newer ones an object by name.
  const [packed] = Object.values(JSON.parse(stdout) as Packed[]);
  await run("tar", ["-xzf", join(folder, packed.filename), "-C", ours, "--strip-components", "1"]);
  const manifest = JSON.parse(await readFile(join(ours, "package.json"), "utf8")) as Manifest;
  const link = async (target: string, path: string): Promise<void> => {
    await mkdir(dirname(path), { recursive: true });
    await symlink(target, path);
  };
  for (const name of [...Object.keys(manifest.dependencies), "@types/node", "undici-types"]) {
    await link(fromRoot(join("node_modules", name)), join(modules, name));
  }
  for (const [name, path] of Object.entries(manifest.bin)) await link(join(ours, path), join(modules, ".bin", name));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  return { folder, packed, manifest };
}
