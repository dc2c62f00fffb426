/** `elegant inspect`: reports the contents of a data set of any format, and whether anything is missing. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describeMismatch, InputError } from "../errors.js";
import type { PictureSource } from "../image/picture-source.js";
import type { OnProgress } from "../types.js";
import { attributeColumn, chooseByAttribute, type LabelGroup, readConfidence, spread } from "./by-attribute.js";
import { inOrder, locatePictures, openStore, presentFiles, readLists } from "./dataset.js";
import { groupDuplicates } from "./duplicates/groups.js";
import { countDuplicates, type DuplicateCounts, type NamedGroup, nameGroups } from "./duplicates/report.js";
import { describeLeftOut, LEFT_OUT_LIST, readLeftOut } from "./left-out.js";
import { type AttributeTable, OPEN, type PartitionTable, selectRows } from "./lists.js";
import { lookAt } from "./look.js";
import { type FailureGroup, groupFailures, readNotes } from "./notes.js";
import type { PresentFiles } from "./present.js";
import type { DatasetFormat, PictureStore } from "./store.js";

export interface InspectOptions {
  readonly images?: string | undefined;
  /** If true, every image is decoded; otherwise only a sample. */
  readonly check: boolean;
  /** Number of images in the sample. */
  readonly count: number;
  /** If true, every image is decoded and near-duplicates are reported. */
  readonly duplicates?: boolean | undefined;
  /** The attribute that the sheet shows; without it, the sheet shows images spread over the data set. */
  readonly by?: string | undefined;
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
  /** Number of listed images that left_out.txt leaves out. The other numbers do not count them. */
  readonly leftOut: number;
  /** Near-duplicates among the images that can be decoded; null if they were not requested. */
  readonly duplicates: DuplicateCounts | null;
  /** Number of images that no list and no record names. */
  readonly unlisted: number;
  /** Missing and damaged images and packed files. */
  readonly problems: readonly Problem[];
}

/** An image of a sheet. `file` is its name in the data set's lists. */
export interface SamplePicture {
  readonly file: string;
  readonly source: PictureSource;
  /** Probability of the sheet's attribute, if it is known. */
  readonly probability: number | null;
}

/** Images that are shown together. */
export interface SampleSection {
  /** What they have in common; null for images spread over the data set. */
  readonly group: Pick<LabelGroup, "label" | "pictures" | "doubtful"> | null;
  readonly pictures: readonly SamplePicture[];
}

export interface Inspected {
  readonly inspection: Inspection;
  /** The images of the sheet. */
  readonly sections: readonly SampleSection[];
  /** Groups of near-duplicates, in the order of the data set. */
  readonly groups: readonly NamedGroup[];
  /** Where the bytes of an image are, by its name in the lists. */
  readonly sourceOf: (file: string) => PictureSource;
}

const PARTS = ["training", "validation", "test"] as const;
const STATS_AT_ONCE = 64;
const REMAKE = "Run 'elegant preprocess' again, which makes the missing images, or correct the lists.";

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

function describeMissing(file: string, expected: string, present: PresentFiles, { broken }: PictureStore): string {
  if (broken?.includes(file) === true) {
    return describeMismatch(file, "a picture", "a link that leads nowhere", "Correct or remove the link.");
  }
  const other = present.findOtherEnding(file);
  if (other === null) return describeMismatch(file, expected, "none", REMAKE);
  return describeMismatch(file, expected, `none, but ${other}`, "Correct the endings in the lists.");
}

/** The images of the sheet: those of an attribute, or images spread over the data set. */
async function chooseSample(
  dir: string,
  files: readonly string[],
  table: AttributeTable | null,
  { by, count }: InspectOptions,
): Promise<readonly Pick<LabelGroup, "chosen">[] | readonly LabelGroup[]> {
  if (by === undefined) return [{ chosen: spread(files, count).map((file) => ({ file, probability: null })) }];
  const column = attributeColumn(table, by, dir);
  const there = new Set(files);
  const shown = inOrder(
    table!,
    table!.files.filter((file) => there.has(file)),
  ); // attributeColumn() has refused none
  return chooseByAttribute(shown, column, await readConfidence(dir, by), count);
}

/** The rows of a partition without those of images that are left out. */
function withoutLeftOut<T extends AttributeTable | PartitionTable>(table: T, leftOut: ReadonlySet<string>): T {
  return selectRows(
    table,
    table.files.flatMap((file, row) => (leftOut.has(file) ? [] : [row])),
  );
}

/**
 * Examines a data set and reports anything that is missing or damaged instead of refusing the data. Images that its
 * left_out.txt names are only counted.
 * @throws InputError if there are no images at all, or if the lists cannot be understood
 */
export async function inspectDataset(dir: string, options: InspectOptions): Promise<Inspected> {
  const { images, check, duplicates = false, onProgress, onWarning } = options;
  const problems: Problem[] = [];
  const lists = await readLists(dir, images);
  const leftOut = await readLeftOut(dir);
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
  const used = (listed ?? store.names).filter((file) => !leftOut.has(file));
  const nameOf = (file: string): string | null => names.get(file) ?? present.find(file);
  const files = used.filter((file) => nameOf(file) !== null);
  for (const [file, name] of names) {
    if (name !== null || leftOut.has(file)) continue;
    const where = isListed.has(file) || order.size === 0 ? "lists name" : "manifest.jsonl names";
    problems.push({ file, reason: describeMissing(file, `the picture that ${dir}'s ${where}`, present, store) });
  }
  if (files.length === 0) {
    if (used.length === 0 && leftOut.size > 0) {
      const received = `${leftOut.size} that it leaves out`;
      throw new InputError(describeMismatch(join(dir, LEFT_OUT_LIST), "pictures to use", received, "Delete the file."));
    }
    const received = store.names.length === 0 ? "none" : `${store.names.length} that no list names`;
    const remedy = ["Check the path of the data.", ...problems.slice(0, 1).map(({ reason }) => reason)].join(" ");
    throw new InputError(describeMismatch(store.folder, "pictures", received, remedy));
  }
  const warning = describeLeftOut(leftOut, new Set(listed ?? store.names));
  if (warning !== null) onWarning?.(warning);
  const whole = lists.attributes ?? store.attributes;
  const table = whole === null ? null : inOrder(whole, used);
  const partition = lists.partition === null ? null : withoutLeftOut(lists.partition, leftOut);
  const inPart = (part: number): number => partition?.values.filter((value) => value === part).length ?? 0;

  const sample = await chooseSample(dir, files, table, options);
  const looked =
    check || duplicates ? files : [...new Set(sample.flatMap(({ chosen }) => chosen.map(({ file }) => file)))];
  const { sizes, damaged, fingerprints } = await lookAt(
    looked.map((file) => nameOf(file)!),
    store,
    { workers: options.workers, fingerprints: duplicates, onProgress: check || duplicates ? onProgress : undefined },
  );
  problems.push(...damaged);
  const groups = fingerprints === null ? [] : nameGroups(groupDuplicates(fingerprints), looked);
  const sourceOf = (file: string): PictureSource => store.source(nameOf(file)!);
  const paths = [...new Set(files.map((file) => sourceOf(file).path))];
  const named = new Set([...names].flat());
  const isDamaged = new Set(damaged.map(({ file }) => file));
  const inspection: Inspection = {
    format: store.format,
    made,
    pictures: files.length,
    files: paths.length,
    bytes: await bytesOf(paths),
    sizes,
    looked: looked.length,
    attributes: table === null ? [] : countAttributes(table, partition),
    partition: partition === null ? null : { training: inPart(0), validation: inPart(1), test: inPart(2) },
    failed: failures.length,
    failures: groupFailures(failures),
    leftOut: (listed ?? store.names).length - used.length,
    duplicates: fingerprints === null ? null : countDuplicates(groups, partition),
    unlisted: order.size === 0 ? 0 : store.names.filter((name) => !named.has(name)).length,
    problems,
  };
  const sections = sample.map((group) => ({
    group: "label" in group ? group : null,
    pictures: group.chosen
      .filter(({ file }) => !isDamaged.has(nameOf(file)!))
      .map((picture) => ({ ...picture, source: sourceOf(picture.file) })),
  }));
  return { inspection, sections: sections.filter(({ pictures }) => pictures.length > 0), groups, sourceOf };
}
