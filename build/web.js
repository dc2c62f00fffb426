/**
 * Builds the page in dist/web from the compiled sources: bundles and examples. The page's other files, such as the models, stay
 * where they are (src/web/page-files.ts). Usage: node build/web.js, after tsc and the modules' build (npm run build).
 */
import { createHash } from "node:crypto";
import { copyFile, cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));
const out = join(root, "dist/web");
const PORTRAITS = ["astronaut.jpg"];

/** Changes whenever something of the page changes. */
async function fingerprint() {
  const hash = createHash("sha256");
  for (const folder of ["dist/src", "dist/wasm", "assets", "src/web/static"]) {
    const names = (await readdir(join(root, folder), { recursive: true, withFileTypes: true })).filter((e) =>
      e.isFile(),
    );
    for (const path of names.map((each) => join(each.parentPath, each.name)).sort()) {
      if (!path.endsWith(".d.ts")) hash.update(await readFile(path));
    }
  }
  return hash.digest("hex").slice(0, 12);
}

const compiled = (path) => join(root, "dist/src", path);
await rm(out, { recursive: true, force: true });
await cp(join(root, "src/web/static"), out, { recursive: true });
await build({
  entryPoints: {
    page: compiled("web/page/main.js"),
    engine: compiled("web/engine/worker.js"),
    helper: compiled("pool/team/helper.js"),
  },
  outdir: out,
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: "es2022",
  platform: "browser",
  chunkNames: "[name]-[hash]",
  define: { BUILD: JSON.stringify(await fingerprint()) },
  legalComments: "linked",
  logLevel: "warning",
});

for (const name of PORTRAITS) await copyFile(join(root, "docs/images", name), join(out, "examples", name));

const { FIXED_HEADERS } = await import("../dist/src/web/headers.js");
// A meta element cannot forbid other sites to show the page in a frame; only a header can.
const policy = FIXED_HEADERS["Content-Security-Policy"].replace(/; frame-ancestors [^;]*/, "");
const index = join(out, "index.html");
await writeFile(index, (await readFile(index, "utf8")).replace("{{policy}}", policy));

const scripts = (await readdir(out)).filter((name) => name.endsWith(".js"));
let bytes = 0;
for (const name of scripts) bytes += gzipSync(await readFile(join(out, name)), { level: 9 }).length;
console.log(`dist/web: ${scripts.length} scripts, ${(bytes / 1000).toFixed(0)} kB compressed`);
