/**
 * Reads WebDataset's tar files as other programs make them, without an index next to them. A sample consists of all
 * entries with the same key (the path up to the first dot of its last part). Its attributes are in `<key>.json` as
 * {"attributes": {name: 1 or -1, true or false, null if open}}. The image of a sample is the one named by the key and an ending
 * (`<key>.jpg`). Without such an image, it is the only one with a longer name (`<key>.image.png`). Other entries (.txt,
 * .cls) are skipped. The scan reads a whole file once, and its result stays in the cache.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { z } from "zod";
import { readCached, writeCached } from "../cache.js";
import { describeMismatch, fromSystemError, InputError, rethrowAs } from "../errors.js";
import { hasReadableEnding, hasUnreadPictureEnding, READABLE_ENDINGS } from "../image/endings.js";
import type { PictureSource } from "../image/picture-source.js";
import { describeNotRead, isHidden } from "../image/walk-pictures.js";
import { parseJson } from "../json.js";
import type { OnProgress } from "../types.js";
import { type AttributeTable, OPEN } from "./lists.js";
import type { PictureStore } from "./store.js";

/** Largest size of a key's JSON file in bytes. A larger file is something else. */
const MOST_JSON_BYTES = 2 ** 20;

const sampleSchema = z.object({
  key: z.string(),
  /** The image's ending. */
  extension: z.string(),
  offset: z.number().int().nonnegative(),
  length: z.number().int().nonnegative(),
  attributes: z.record(z.string(), z.union([z.literal(0), z.literal(1), z.literal(OPEN)])).nullable(),
});
export type TarSample = z.infer<typeof sampleSchema>;

const scanSchema = z.object({
  kind: z.literal("elegant-tar"),
  version: z.literal(1),
  samples: z.array(sampleSchema),
  /** Names of further images in samples that have one already. */
  beside: z.array(z.string()).default([]),
  /** Names of images whose kind we do not read. */
  notRead: z.array(z.string()).default([]),
});
export type TarScan = Pick<z.infer<typeof scanSchema>, "samples" | "beside" | "notRead">;
/** Part of the cache's key. Change it if the same file would give another scan. */
const SCAN_RULES = 2;

const labelsSchema = z.object({
  attributes: z.record(z.string(), z.union([z.boolean(), z.literal(1), z.literal(0), z.literal(-1)]).nullable()),
});

/** Splits a name into key and extension: "a/b.c/000.seg.png" is the entry "seg.png" of "a/b.c/000". */
function splitName(name: string): { readonly key: string; readonly extension: string } {
  const path = name.replace(/^(\.\/)+/, "");
  const dot = path.indexOf(".", path.lastIndexOf("/") + 1);
  return dot < 0 ? { key: path, extension: "" } : { key: path.slice(0, dot), extension: path.slice(dot + 1) };
}

function parseLabels(bytes: Uint8Array, name: string): TarSample["attributes"] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new InputError(describeMismatch(name, "JSON", "something else", "Make the tar file again."));
  }
  if (typeof value !== "object" || value === null || !("attributes" in value)) return null; // JSON for another purpose
  const parsed = labelsSchema.safeParse(value);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    const remedy = "Correct it, or put a list_attr_celeba.txt next to the tar files.";
    throw new InputError(
      describeMismatch(
        name,
        '{"attributes": {name: 1 or -1, true or false, null if open}}',
        `${path.join(".")}: ${message}`,
        remedy,
      ),
    );
  }
  return Object.fromEntries(
    Object.entries(parsed.data.attributes).map(([label, given]) => [
      label,
      given === null ? OPEN : given === true || given === 1 ? 1 : 0,
    ]),
  );
}

/** Byte offset of the entry's contents. tar-stream provides it, but its types do not declare it. */
function offsetOf(header: object): number {
  if ("byteOffset" in header && typeof header.byteOffset === "number") return header.byteOffset;
  throw new Error("tar-stream: expected byteOffset in an entry's header, received none");
}

type TarPicture = Omit<TarSample, "attributes">;

const nameOfEntry = ({ key, extension }: TarPicture): string => `${key}.${extension}`;

/** The image of a sample by the rule above. @throws InputError if the names do not determine it */
function choosePicture(pictures: readonly TarPicture[], path: string): TarPicture {
  const rank = ({ extension }: TarPicture): number => READABLE_ENDINGS.indexOf(`.${extension.toLowerCase()}`);
  const own = pictures.filter((picture) => rank(picture) >= 0).sort((a, b) => rank(a) - rank(b));
  if (own.length > 0) return own[0];
  if (pictures.length === 1) return pictures[0];
  const names =
    pictures.slice(0, 3).map(nameOfEntry).join(", ") + (pictures.length > 3 ? ` and ${pictures.length - 3} more` : "");
  const { key } = pictures[0];
  const remedy =
    "A sample's key ends at the first dot: name its picture by the key and one ending, without other dots.";
  throw new InputError(describeMismatch(`${path}: sample '${key}'`, `one picture (${key}.jpg)`, names, remedy));
}

/** Reads a tar file from beginning to end. @throws InputError if it is not a tar file or is cut short */
export async function scanTar(path: string): Promise<TarScan> {
  const pictures = new Map<string, Map<string, TarPicture>>();
  const notRead: string[] = [];
  const labels = new Map<string, TarSample["attributes"]>();
  const entries = extract();
  const reading = pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), entries);
  reading.catch(() => {}); // the loop below ends with the same error
  try {
    for await (const entry of entries) {
      const { name, size = 0, type } = entry.header;
      const { key, extension } = splitName(name);
      // Hidden entries are macOS's notes about the images next to them, and similar files.
      const isSeen = !name
        .replace(/^(\.\/)+/, "")
        .split("/")
        .some(isHidden);
      const isFile = isSeen && (type === "file" || type === "contiguous-file");
      if (isFile && extension.toLowerCase() === "json" && size <= MOST_JSON_BYTES) {
        const parts: Uint8Array[] = [];
        for await (const part of entry) parts.push(part as Uint8Array);
        labels.set(key, parseLabels(Buffer.concat(parts), `${path}: ${name}`));
        continue;
      }
      if (isFile && hasReadableEnding(name)) {
        const sample = pictures.get(key) ?? new Map<string, TarPicture>();
        // If a name occurs twice, the later entry counts, as when the file is unpacked.
        pictures.set(key, sample.set(extension, { key, extension, offset: offsetOf(entry.header), length: size }));
      } else if (isFile && hasUnreadPictureEnding(name)) notRead.push(name);
      entry.resume();
    }
    await reading;
  } catch (error) {
    if (error instanceof InputError || (error instanceof Error && "syscall" in error)) {
      throw fromSystemError(error, `Reading ${path}`);
    }
    const detail = error instanceof Error ? error.message : String(error);
    throw new InputError(describeMismatch(path, "a whole tar file", detail, "Fetch it again."), { cause: error });
  }
  const samples: TarSample[] = [];
  const beside: string[] = [];
  for (const [key, sample] of pictures) {
    const all = [...sample.values()];
    const picture = choosePicture(all, path);
    samples.push({ ...picture, attributes: labels.get(key) ?? null });
    beside.push(...all.filter((other) => other !== picture).map(nameOfEntry));
  }
  return { samples, beside, notRead };
}

/** Like scanTar(), but uses the cache if the file has not changed. The key consists of path, size and time of change. */
async function scanOnce(path: string): Promise<TarScan> {
  const absolute = resolve(path);
  const { size, mtimeMs } = await stat(absolute).catch(rethrowAs(`Reading ${path}`));
  const key = createHash("sha256").update([absolute, size, mtimeMs, SCAN_RULES].join("\0")).digest("hex").slice(0, 32);
  const name = `tar-${key}.json`;
  const cached = await readCached(name);
  const known = cached === null ? null : parseJson(scanSchema, new TextDecoder().decode(cached));
  if (known !== null) return known;
  const scan = await scanTar(path);
  const kept: z.infer<typeof scanSchema> = { kind: "elegant-tar", version: 1, ...scan };
  await writeCached(name, () => new TextEncoder().encode(JSON.stringify(kept)));
  return scan;
}

interface NamedSample extends TarSample {
  readonly path: string;
  readonly name: string;
}

/**
 * The attributes of all samples, sorted by name; null if no sample has any. @throws InputError if a sample lacks an
 * attribute that another one has
 */
function attributesOf(samples: readonly NamedSample[]): AttributeTable | null {
  const labelled = samples.find(({ attributes }) => attributes !== null);
  if (labelled?.attributes == null) return null;
  const names = Object.keys(labelled.attributes);
  const values = new Int8Array(samples.length * names.length);
  for (const [i, { attributes, path, name }] of samples.entries()) {
    const own = Object.keys(attributes ?? {});
    const lacking = names.find((label) => attributes?.[label] === undefined) ?? own.find((o) => !names.includes(o));
    if (attributes === null || lacking !== undefined) {
      const expected = `the ${names.length} attributes of ${labelled.name}`;
      const remedy = "Give every picture the same attributes, or put a list_attr_celeba.txt next to the tar files.";
      throw new InputError(describeMismatch(`${path}: ${name}`, expected, `${own.length} (see ${lacking})`, remedy));
    }
    for (const [k, label] of names.entries()) values[i * names.length + k] = attributes[label];
  }
  return { names, files: samples.map(({ name }) => name), values };
}

function warnOfOthers(folder: string, scans: readonly TarScan[], warn: TarOptions["onWarning"]): void {
  const notRead = scans.flatMap((scan) => scan.notRead);
  const leftOut = describeNotRead(folder, notRead);
  if (leftOut !== null) warn?.(leftOut);
  const beside = scans.flatMap((scan) => scan.beside);
  if (beside.length === 0) return;
  const are = beside.length === 1 ? "1 more picture is" : `${beside.length} more pictures are`;
  warn?.(`${folder}: each sample has one picture, so ${are} left out (the first is ${beside[0]})`);
}

export interface TarOptions {
  /** If true, attributes are read from the tar files. */
  readonly labelled: boolean;
  readonly onProgress?: OnProgress | undefined;
  /** Receives a line about images that are left out. */
  readonly onWarning?: ((line: string) => void) | undefined;
}

/**
 * Names of the *.tar files among a folder's entries, sorted; null if there are none. @throws InputError if there are
 * only compressed ones
 */
export function findTars(folder: string, entries: readonly string[]): readonly string[] | null {
  const tars = entries.filter((name) => /\.tar$/i.test(name) && !name.startsWith(".")).sort();
  if (tars.length > 0) return tars.map((name) => join(folder, name));
  const packed = entries.find((name) => /\.(tar\.\w+|tgz)$/i.test(name));
  if (packed === undefined) return null;
  const remedy = `Unpack its compression, as by 'gunzip ${packed}': pictures are read from the middle of the file.`;
  throw new InputError(describeMismatch(folder, "images or *.tar", packed, remedy));
}

/** The images of all *.tar files in a folder; null if there is no tar file. @throws InputError for a damaged tar file */
export async function openTars(
  folder: string,
  { labelled, onProgress, onWarning }: TarOptions,
): Promise<PictureStore | null> {
  const tars = findTars(folder, await readdir(folder).catch((): string[] => []));
  if (tars === null) return null;
  const scans: (TarScan & { readonly stem: string; readonly path: string })[] = [];
  for (const [i, path] of tars.entries()) {
    scans.push({ stem: basename(path).slice(0, -4), path, ...(await scanOnce(path)) });
    onProgress?.({ stage: "scan", done: i + 1, total: tars.length, unit: "tar files" });
  }
  warnOfOthers(folder, scans, onWarning);
  // Keys have to differ only within a tar file. If they repeat across files, the file's name is added before them.
  const keys = scans.flatMap(({ samples }) => samples.map(({ key }) => key));
  const unique = new Set(keys).size === keys.length;
  const named: NamedSample[] = scans
    .flatMap(({ stem, path, samples }) =>
      samples.map((sample) => {
        const name = `${unique ? "" : `${stem}/`}${sample.key}.${sample.extension}`;
        return { ...sample, path, name };
      }),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const sources = new Map<string, PictureSource>(
    named.map(({ path, name, offset, length }) => [name, { path, name, range: { offset, length } }]),
  );
  return {
    format: "webdataset",
    folder,
    size: null,
    names: named.map(({ name }) => name),
    source: (name) => sources.get(name)!,
    attributes: labelled ? attributesOf(named) : null,
  };
}
