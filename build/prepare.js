/**
 * Builds the package when npm installs, packs or publishes it. `npx elegant-faces` in a clone also makes npm prepare the
 * package; a build that is newer than all of its sources is kept then, so that the command starts immediately.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const SOURCES = [
  "assembly",
  "bench",
  "build",
  "src",
  "test",
  "asconfig.json",
  "package-lock.json",
  "package.json",
  "tsconfig.json",
];
/** `npm run build` makes this last. */
const LAST = "dist/web";

/** @param {string} path a file or folder @returns {number} when it, or anything below it, last changed */
function changedAt(path) {
  const stats = statSync(path);
  const below = stats.isDirectory() ? readdirSync(path).map((name) => changedAt(join(path, name))) : [];
  return Math.max(stats.mtimeMs, ...below);
}

const isBuilt = existsSync(LAST) && changedAt(LAST) > Math.max(...SOURCES.map(changedAt));
if (process.env.npm_command !== "exec" || !isBuilt)
  execFileSync("npm", ["run", "build"], { stdio: "inherit", shell: process.platform === "win32" });
