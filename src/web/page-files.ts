/**
 * The files of the page: those that the build makes, and those that the package and its dependencies have already, which
 * the package does not contain a second time.
 */
import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { ensureDir, isTemporary, temporaryName } from "../files.js";
import { assetPath } from "../platform/node.js";

/** Where the build puts the page's own files: dist/web. */
export const PAGE_FOLDER = fileURLToPath(new URL("../../web/", import.meta.url));

/** Folder of the models' files: assets. */
const MODELS_FOLDER = fileURLToPath(new URL("../../../assets/", import.meta.url));

/** The modules, decoders and face networks that `#platform` reads, by their names there. */
const ASSETS = [
  ...["image.wasm", "nn.wasm", "nn-relaxed.wasm"],
  ...[
    "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm",
    "@jsquash/webp/codec/dec/webp_dec.wasm",
    "@jsquash/avif/codec/dec/avif_dec.wasm",
  ],
  ...["tiny_face_detector_model", "ssd_mobilenetv1_model", "face_landmark_68_model"].flatMap((name) => [
    `@vladmandic/face-api/model/${name}-weights_manifest.json`,
    `@vladmandic/face-api/model/${name}.bin`,
  ]),
];

/** The models, and the terms of the one that the package's licence does not cover. */
const MODELS = ["painted-64.safetensors", "celeba-hq-64.safetensors", "celeba-hq-64.md"];

/**
 * Paths of the page's files outside PAGE_FOLDER, by their addresses within the page.
 * @throws the system's error if a dependency is missing
 */
export function filesElsewhere(): ReadonlyMap<string, string> {
  return new Map([
    ...ASSETS.map((name) => [`files/${basename(name)}`, assetPath(name)] as const),
    ...MODELS.map((name) => [`models/${name}`, join(MODELS_FOLDER, name)] as const),
  ]);
}

export interface CopyReport {
  /** Addresses of the copied files, sorted. */
  readonly files: readonly string[];
}

/**
 * Writes the whole page, ready for any static web server, into a new or empty folder: all of it or nothing.
 * @param folder of the page's own files
 * @param signal ends the work, and nothing stays
 * @throws InputError if `out` is not empty or cannot be written; RetryableError if the disk is full
 */
export async function copyPage(folder: string, out: string, signal: AbortSignal): Promise<CopyReport> {
  await refuseFull(out);
  const own = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = new Map(filesElsewhere());
  for (const entry of own.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    paths.set(path.slice(resolve(folder).length + 1).replaceAll("\\", "/"), path);
  }
  const files = [...paths.keys()].sort();
  const made = await mkdir(out, { recursive: true }).catch((error: unknown) => {
    throw fromSystemError(error, `Cannot make the folder '${out}'`);
  });
  const staging = temporaryName(join(resolve(out), "page"));
  const entries = [...new Set(files.map((file) => file.split("/")[0]))];
  // The start page comes last: until it is there, nobody sees an incomplete page.
  entries.sort((one, other) => Number(one === "index.html") - Number(other === "index.html"));
  try {
    for (const file of files) {
      signal.throwIfAborted();
      const target = join(staging, file);
      await ensureDir(dirname(target));
      await copyFile(paths.get(file)!, target);
    }
    for (const name of entries) await rename(join(staging, name), join(out, name));
    await rm(staging, { recursive: true });
    return { files };
  } catch (error) {
    for (const name of entries) await rm(join(out, name), { recursive: true, force: true });
    await rm(made ?? staging, { recursive: true, force: true });
    throw fromSystemError(error, `Cannot write the page into '${out}'`);
  }
}

/** @throws InputError if `out` is a file or holds any, other than those that a killed copy has left */
async function refuseFull(out: string): Promise<void> {
  const remedy = "Choose another --out.";
  let names: string[];
  try {
    names = await readdir(out);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ENOENT") return;
    if (code !== "ENOTDIR") throw fromSystemError(error, `Cannot read the folder '${out}'`);
    throw new InputError(describeMismatch(`--out ${out}`, "a new or empty folder", "a file", remedy));
  }
  if (!names.every(isTemporary)) {
    throw new InputError(describeMismatch(`--out ${out}`, "a new or empty folder", "one with files", remedy));
  }
  for (const name of names) await rm(join(out, name), { recursive: true, force: true });
}
