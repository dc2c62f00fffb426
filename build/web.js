/**
 * Builds the page in dist/web from the compiled sources: bundles, modules, models, examples. It takes only what the
 * package and its dependencies hold. Usage: node build/web.js, after tsc and the modules' build (npm run build).
 */
import { createHash } from "node:crypto";
import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../", import.meta.url));
const out = join(root, "dist/web");
const { resolve } = createRequire(import.meta.url);

/** The files that `#platform` reads, in dist/web/files. */
const FILES = [
  ...["image.wasm", "nn.wasm", "nn-relaxed.wasm"].map((name) => join(root, "dist/wasm", name)),
  ...[
    "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm",
    "@jsquash/webp/codec/dec/webp_dec.wasm",
    "@jsquash/avif/codec/dec/avif_dec.wasm",
    ...["tiny_face_detector_model", "ssd_mobilenetv1_model", "face_landmark_68_model"].flatMap((name) => [
      `@vladmandic/face-api/model/${name}-weights_manifest.json`,
      `@vladmandic/face-api/model/${name}.bin`,
    ]),
  ].map((name) => resolve(name)),
];
const MODELS = ["painted-64.safetensors", "celeba-hq-64.safetensors", "celeba-hq-64.md"];
const PORTRAITS = ["astronaut.jpg"];

/** Changes whenever something of the page changes. */
async function fingerprint() {
  const hash = createHash("sha256");
  for (const folder of ["dist/src", "dist/wasm", "assets", "src/web/static"]) {
    const names = (await readdir(join(root, folder), { recursive: true, withFileTypes: true })).filter((e) =>
      e.isFile(),
    );
    for (const path of names.map((each) => join(each.parentPath, each.name)).sort()) {
      if (!path.endsWith(".map") && !path.endsWith(".d.ts")) hash.update(await readFile(path));
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

for (const [folder, files] of [
  ["files", FILES],
  ["models", MODELS.map((name) => join(root, "assets", name))],
  ["examples", PORTRAITS.map((name) => join(root, "docs/images", name))],
]) {
  await mkdir(join(out, folder), { recursive: true });
  for (const file of files) await copyFile(file, join(out, folder, basename(file)));
}

const { FIXED_HEADERS } = await import("../dist/src/web/headers.js");
// A meta element cannot forbid other sites to show the page in a frame; only a header can.
const policy = FIXED_HEADERS["Content-Security-Policy"].replace(/; frame-ancestors [^;]*/, "");
const index = join(out, "index.html");
await writeFile(index, (await readFile(index, "utf8")).replace("{{policy}}", policy));

const scripts = (await readdir(out)).filter((name) => name.endsWith(".js"));
let bytes = 0;
for (const name of scripts) bytes += gzipSync(await readFile(join(out, name)), { level: 9 }).length;
console.log(`dist/web: ${scripts.length} scripts, ${(bytes / 1000).toFixed(0)} kB compressed`);
