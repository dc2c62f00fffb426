/**
 * Copies the declarations that the public types lead to, and no others, into dist/types: most files of dist/src are not part of the
 * public interface. Usage: node build/types.js, after tsc (npm run build).
 */
import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const from = fileURLToPath(new URL("../dist/src/", import.meta.url));
const out = fileURLToPath(new URL("../dist/types/", import.meta.url));

const seen = new Set();
async function visit(path) {
  if (seen.has(path)) return;
  seen.add(path);
  const text = await readFile(path, "utf8");
  const target = join(out, relative(from, path));
  await mkdir(dirname(target), { recursive: true });
  await copyFile(path, target);
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "");
  for (const [, name] of code.matchAll(/(?:from |import\(|import )["'](\.[^"']+)["']/g)) {
    await visit(join(dirname(path), name.replace(/\.js$/, ".d.ts")));
  }
}

await rm(out, { recursive: true, force: true });
for (const entry of ["index.d.ts", "browser.d.ts"]) await visit(join(from, entry));
console.log(`dist/types: ${seen.size} declarations`);
