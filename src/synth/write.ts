/** Writes a synthetic data set in the form of CelebA's files. A run that was cut off continues where it stopped. */
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { describeMismatch, InputError, rethrowAs } from "../errors.js";
import { isTemporary, removeTemporaries } from "../files.js";
import { writeWhole } from "../image/photo.js";
import { parseJson } from "../json.js";
import { type Part, placesOf } from "../part.js";
import { ItemFailures } from "../pool/item-failures.js";
import type { OnProgress } from "../types.js";
import type { SynthFace } from "./face.js";
import { attributeList, fileName, landmarkList, partitionList } from "./lists.js";
import { sampleFace } from "./sample.js";
import { createPaintingPool, type PaintTask } from "./tasks.js";

/** Version in synth.json. A directory of another version is not continued, because its photos would look different. */
export const SYNTH_VERSION = 1;
const GENERATOR = "elegant synth";
const RECORD = "synth.json";
const JPEG_QUALITY = 88;
/** Small enough that all threads end at about the same time and progress is visible. */
const PHOTOS_PER_TASK = 8;

const recordSchema = z.object({
  generator: z.literal(GENERATOR),
  version: z.number(),
  seed: z.number(),
  count: z.number(),
});

/** The data set that writeSynth() paints. */
export interface SynthOptions {
  /** The folder of the data set: new, empty, or with an earlier part of the same data set. */
  readonly directory: string;
  /** Number of photos. */
  readonly count: number;
  /** The seed that determines all faces, 0 to 4294967295. */
  readonly seed: number;
  /** Number of threads that paint. */
  readonly workers: number;
  /** Only this machine's photos. Other machines may paint into the same directory at the same time. */
  readonly part?: Part | null;
  /** Receives the number of painted photos. */
  readonly onProgress?: OnProgress;
}

/** What writeSynth() painted. */
export interface SynthResult {
  /** Number of photos painted by this run, without those of an earlier run. */
  readonly painted: number;
  /** Number of photos that belong to this machine. */
  readonly own: number;
  /** Wall time of the painting. */
  readonly seconds: number;
}

/** @throws InputError if a directory contains anything other than an earlier part of the same data set */
export async function checkDirectory({ directory, seed, count, part = null }: SynthOptions): Promise<void> {
  const found = await stat(directory).catch(() => null);
  if (found === null) return;
  const refuse = (received: string, remedy: string): never => {
    throw new InputError(
      describeMismatch(directory, `an empty directory or a data set of seed ${seed}`, received, remedy),
    );
  };
  if (!found.isDirectory()) refuse("a file", "Name a directory.");
  const names = await readdir(directory);
  // Another machine may just have made the folder of photos, but not its record yet.
  if (names.every((name) => isTemporary(name) || (part !== null && name === "images"))) return;
  const text = await readFile(join(directory, RECORD), "utf8").catch(() => null);
  if (text === null) return refuse("a directory with other files", "Name a new or empty directory.");
  const record = parseJson(recordSchema, text);
  if (record === null) return refuse(`a ${RECORD} of something else`, "Name a new or empty directory.");
  if (record.seed !== seed) refuse(`seed ${record.seed}`, `Pass --seed ${record.seed} or name another directory.`);
  if (record.version !== SYNTH_VERSION) refuse(`version ${record.version}`, "Name another directory.");
  if (record.count > count) refuse(`${record.count} photos`, `Pass --count ${record.count} or more.`);
}

function recordOf(faces: readonly SynthFace[], { seed }: SynthOptions): string {
  const files = Object.fromEntries(faces.map(({ styles, pose }, i) => [fileName(i), { styles, pose }]));
  const record = { generator: GENERATOR, version: SYNTH_VERSION, seed, count: faces.length, files };
  return `${JSON.stringify(record, null, 1)}\n`;
}

/**
 * Paints photos of faces in the form of CelebA's files: images/000001.jpg ..., the three lists and synth.json. The same seed gives the same bytes; photo i depends
 * only on the seed and i. synth.json is written first, so that a run that was cut off is recognised. Photos that exist
 * already are complete, because each is renamed into place, and are kept.
 * @throws InputError if the directory contains something else
 * @example
 * ```ts
 * import { writeSynth } from "elegant-faces";
 *
 * const { painted } = await writeSynth({ directory: "painted", count: 100, seed: 1, workers: 2 });
 * ```
 */
export async function writeSynth(options: SynthOptions): Promise<SynthResult> {
  const { directory, count, seed, workers, part = null, onProgress } = options;
  await checkDirectory(options);
  const images = join(directory, "images");
  await mkdir(directory, { recursive: true }).catch(rethrowAs(`Creating ${directory}`));
  const faces = Array.from({ length: count }, (_, i) => sampleFace(seed, i));
  writeWhole(join(directory, RECORD), recordOf(faces, options));
  await mkdir(images, { recursive: true }).catch(rethrowAs(`Creating ${images}`));
  // Temporary files of a run that was killed. Those of a part may be another machine's.
  if (part === null) for (const folder of [directory, images]) await removeTemporaries(folder);
  const there = new Set(await readdir(images));
  const own = placesOf(count, part ?? { index: 0, count: 1 });
  const missing = own.filter((i) => !there.has(fileName(i)));
  const tasks: PaintTask[] = [];
  for (let first = 0; first < missing.length; first += PHOTOS_PER_TASK) {
    tasks.push({ seed, images, quality: JPEG_QUALITY, indices: missing.slice(first, first + PHOTOS_PER_TASK) });
  }
  const start = performance.now();
  const pool = createPaintingPool(workers);
  const watch = new ItemFailures();
  let painted = 0;
  try {
    for await (const written of pool.map("paintPhotos", tasks)) {
      if (typeof written !== "number") {
        watch.note(written); // throws if a later try may succeed
        throw new Error(written.reason);
      }
      painted += written;
      onProgress?.({ stage: "paint", done: own.length - missing.length + painted, total: own.length, unit: "photos" });
    }
  } finally {
    await pool.close();
  }
  writeWhole(join(directory, "list_attr_celeba.txt"), attributeList(faces));
  writeWhole(join(directory, "list_landmarks_celeba.txt"), landmarkList(faces));
  writeWhole(join(directory, "list_eval_partition.txt"), partitionList(count));
  return { painted, own: own.length, seconds: (performance.now() - start) / 1000 };
}
