/** A small folder for the web server, with files around it that it must not serve. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FIXED_HEADERS } from "../../src/web/headers.js";
import { type FolderServer, serveFolder } from "../../src/web/server.js";
import type { RawAnswer } from "./raw-http.js";

/** The text of secret.txt outside the folder, and of hidden files in it. */
export const SECRET = "a file that is not served";
export const PAGE = "<!doctype html><title>Editor</title>";
export const SCRIPT = "export const words = 'words words words';\n".repeat(200);
/** Bytes of large.safetensors, more than the buffers of a connection hold. */
export const LARGE = 24 * 1024 * 1024;

export interface Site {
  /** The folder around the served one. */
  readonly top: string;
  /** The served folder. */
  readonly folder: string;
  readonly server: FolderServer;
  /** Closes the server and removes the files. */
  remove(): Promise<void>;
}

/** Writes the folder and serves it. */
export async function openSite(): Promise<Site> {
  const top = await realpath(await mkdtemp(join(tmpdir(), "elegant-test-")));
  const folder = join(top, "site");
  await mkdir(join(folder, "assets/.git"), { recursive: true });
  await mkdir(join(top, "site-other"));
  for (const path of ["secret.txt", "site-other/secret.txt", "site/.env", "site/assets/.git/config"]) {
    await writeFile(join(top, path), SECRET);
  }
  await writeFile(join(folder, "index.html"), PAGE);
  await writeFile(join(folder, "assets/index.html"), PAGE);
  await writeFile(join(folder, "assets/file.js"), SCRIPT);
  await writeFile(join(folder, "app.js"), SCRIPT);
  await writeFile(join(folder, "large.safetensors"), "");
  await truncate(join(folder, "large.safetensors"), LARGE);
  const server = await serveFolder(folder, { port: 0 });
  return {
    top,
    folder,
    server,
    async remove() {
      await server.close();
      await rm(top, { recursive: true, force: true });
    },
  };
}

/** Opens a site before the tests of the calling suite, and removes it after them. */
export function useSite(use: (site: Site) => void): void {
  let opened: Site | null = null;
  before(async () => {
    opened = await openSite();
    use(opened);
  });
  after(() => opened?.remove());
}

export function assertFixedHeaders({ headers }: RawAnswer): void {
  for (const [name, value] of Object.entries(FIXED_HEADERS)) assert.equal(headers[name.toLowerCase()], value, name);
}
