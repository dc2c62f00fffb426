/** `elegant inspect`: reports the contents of a data set of any format, and whether anything is missing. */
import { stat } from "node:fs/promises";
import { describeMismatch, InputError } from "../errors.js";
import type { PictureSource } from "../image/picture-source.js";
import { createImagePool } from "../image/tasks.js";
import type { OnProgress } from "../types.js";
import { inOrder, locatePictures, openStore, presentFiles, readLists } from "./dataset.js";
import { type AttributeTable, OPEN, type PartitionTable } from "./lists.js";
import { type FailureGroup, groupFailures, readNotes } from "./notes.js";
import type { PresentFiles } from "./present.js";
import type { DatasetFormat, PictureStore } from "./store.js";

export interface InspectOptions {
  readonly images?: string | undefined;
  /** If true, every image is decoded; otherwise only a sample. */
  readonly check: boolean;
  /** Number of images in the sample. */
  readonly count: number;
  readonly workers: number;
  readonly onProgress?: OnProgress | undefined;
  /** Receives a line about images that are left out. */
  readonly onWarning?: ((line: string) => void) | undefined;
}

export type Sides = readonly [having: number, lacking: number];

export interface AttributeCounts {
  readonly name: string;
  readonly positive: number;
  readonly negative: number;
  /** Number of images whose label is open. */
  readonly open: number;
  /** Number of images with and without it in each part; null without a partition list. */
  readonly partition: { readonly training: Sides; readonly validation: Sides; readonly test: Sides } | null;
}

export interface Problem {
  readonly file: string;
  readonly reason: string;
}

export interface Inspection {
  readonly format: DatasetFormat;
  /** For data of a preprocess run, where it found its photos and its --format; null for other data. */
  readonly made: { readonly from: string; readonly format: string } | null;
  readonly pictures: number;
  /** Number of files that contain images, and their size in bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Sizes of the decoded images, the most frequent first. */
  readonly sizes: readonly { readonly width: number; readonly height: number; readonly count: number }[];
  readonly looked: number;
  readonly attributes: readonly AttributeCounts[];
  readonly partition: { readonly training: number; readonly validation: number; readonly test: number } | null;
  readonly failed: number;
  readonly failures: readonly FailureGroup[];
  /** Number of images that no list and no record names. */
  readonly unlisted: number;
  /** Missing and damaged images and packed files. */
  readonly problems: readonly Problem[];
}

/** An image of the sheet. */
export interface SamplePicture {
  readonly name: string;
  readonly source: PictureSource;
}

const PARTS = ["training", "validation", "test"] as const;
const PICTURES_PER_TASK = 16;
const STATS_AT_ONCE = 64;
const REMAKE = "Run 'elegant preprocess' again: it makes what is missing. Or correct the lists.";

/** `count` items of a list, spread evenly over it. */
export function spread<T>(list: readonly T[], count: number): T[] {
  const n = Math.min(count, list.length);
  return Array.from({ length: n }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / n)]);
}

function countAttributes(table: AttributeTable, partition: PartitionTable | null): AttributeCounts[] {
  const partOf = partition === null ? null : new Map(partition.files.map((file, i) => [file, partition.values[i]]));
  return table.names.map((name, column) => {
    const counts = PARTS.map(() => [0, 0]);
    for (const [row, file] of table.files.entries()) {
      const label = table.values[row * table.names.length + column];
      if (label === OPEN) continue;
      const side = label === 1 ? 0 : 1;
      // Training, too, treats images that the partition does not name as training images.
      counts[partOf?.get(file) ?? 0][side]++;
    }
    const [positive, negative] = [0, 1].map((side) => counts.reduce((sum, part) => sum + part[side], 0));
    const [training, validation, test] = counts.map(([having, lacking]): Sides => [having, lacking]);
    const open = table.files.length - positive - negative;
    return { name, positive, negative, open, partition: partOf === null ? null : { training, validation, test } };
  });
}

/** Total size of the files in bytes. Missing files count as 0. */
async function bytesOf(paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (let first = 0; first < paths.length; first += STATS_AT_ONCE) {
    const sizes = paths.slice(first, first + STATS_AT_ONCE).map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    for (const size of await Promise.all(sizes)) bytes += size;
  }
  return bytes;
}

/** Decodes images in the pool. */
async function lookAt(
  names: readonly string[],
  store: PictureStore,
  { workers, check, onProgress }: InspectOptions,
): Promise<{ readonly sizes: Inspection["sizes"]; readonly damaged: readonly Problem[] }> {
  const sizes = new Map<string, { width: number; height: number; count: number }>();
  const damaged: Problem[] = [];
  const pool = await createImagePool(Math.max(1, Math.min(workers, Math.ceil(names.length / PICTURES_PER_TASK))));
  try {
    const tasks = function* () {
      for (let first = 0; first < names.length; first += PICTURES_PER_TASK) {
        yield { sources: names.slice(first, first + PICTURES_PER_TASK).map((name) => store.source(name)) };
      }
    };
    let done = 0;
    for await (const { results } of pool.map("checkPictures", tasks())) {
      for (const [i, result] of results.entries()) {
        if (!result.ok) {
          damaged.push({ file: names[done + i], reason: result.reason });
          continue;
        }
        const { width, height } = result;
        const known = sizes.get(`${width}x${height}`);
        if (known === undefined) sizes.set(`${width}x${height}`, { width, height, count: 1 });
        else known.count++;
      }
      done += results.length;
      if (check) onProgress?.({ stage: "check", done, total: names.length, unit: "images" });
    }
  } finally {
    await pool.close();
  }
  return { sizes: [...sizes.values()].sort((a, b) => b.count - a.count), damaged };
}

function describeMissing(file: string, expected: string, present: PresentFiles, { broken }: PictureStore): string {
  if (broken?.includes(file) === true) {
    return describeMismatch(file, "a picture", "a link that leads nowhere", "Correct or remove the link.");
  }
  const other = present.findOtherEnding(file);
  if (other === null) return describeMismatch(file, expected, "none", REMAKE);
  return describeMismatch(file, expected, `none, but ${other}`, "Correct the endings in the lists.");
}

/**
 * Examines a data set and reports anything that is missing or damaged instead of refusing the data.
 * @returns the report, and the images of the sheet in the order of the data set
 * @throws InputError if there are no images at all, or if the lists cannot be understood
 */
export async function inspectDataset(
  dir: string,
  options: InspectOptions,
): Promise<{ readonly inspection: Inspection; readonly sample: readonly SamplePicture[] }> {
  const { images, check, count, onProgress, onWarning } = options;
  const problems: Problem[] = [];
  const lists = await readLists(dir, images);
  const store = await openStore(dir, {
    images,
    labelled: lists.attributes === null,
    onProgress,
    onWarning,
    onDamaged: (file, error) => problems.push({ file, reason: error.message }),
  }).catch((error: unknown) => {
    // All packed files are damaged: report the first.
    throw problems.length > 0 ? new InputError(problems[0].reason, { cause: error }) : error;
  });
  const { made, outputs, failures } = await readNotes(dir);
  const listed = (lists.attributes ?? lists.partition ?? lists.landmarks)?.files;
  const present = presentFiles(store);
  const isListed = new Set(listed);
  const order = new Set([...isListed, ...outputs]);
  const names = await locatePictures(store, present, order.size > 0 ? order : store.names);
  const all = (listed ?? store.names).flatMap((file) => names.get(file) ?? present.find(file) ?? []);
  for (const [file, name] of names) {
    if (name !== null) continue;
    const where = isListed.has(file) || order.size === 0 ? "lists name" : "manifest.jsonl names";
    problems.push({ file, reason: describeMissing(file, `the picture that ${dir}'s ${where}`, present, store) });
  }
  if (all.length === 0) {
    const received = store.names.length === 0 ? "none" : `${store.names.length} that no list names`;
    const remedy = ["Check the path of the data.", ...problems.slice(0, 1).map(({ reason }) => reason)].join(" ");
    throw new InputError(describeMismatch(store.folder, "pictures", received, remedy));
  }
  const table =
    lists.attributes ?? (store.attributes === null ? null : inOrder(store.attributes, listed ?? store.names));
  const parts = lists.partition?.values;
  const inPart = (part: number): number => parts?.filter((value) => value === part).length ?? 0;
  const chosen = spread(all, count);
  const looked = check ? all : chosen;
  const { sizes, damaged } = await lookAt(looked, store, options);
  problems.push(...damaged);
  const paths = [...new Set(all.map((name) => store.source(name).path))];
  const named = new Set([...names].flat());
  const isDamaged = new Set(damaged.map(({ file }) => file));
  const inspection: Inspection = {
    format: store.format,
    made,
    pictures: all.length,
    files: paths.length,
    bytes: await bytesOf(paths),
    sizes,
    looked: looked.length,
    attributes: table === null ? [] : countAttributes(table, lists.partition),
    partition: lists.partition === null ? null : { training: inPart(0), validation: inPart(1), test: inPart(2) },
    failed: failures.length,
    failures: groupFailures(failures),
    unlisted: order.size === 0 ? 0 : store.names.filter((name) => !named.has(name)).length,
    problems,
  };
  const sample = chosen.filter((name) => !isDamaged.has(name)).map((name) => ({ name, source: store.source(name) }));
  return { inspection, sample };
}
