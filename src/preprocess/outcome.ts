/**
 * Writes the files that a preprocess run leaves next to its images (lists, records, failures and manifest), in the
 * order of the plan.
 */
import { join } from "node:path";
import type { FaceLists } from "../dataset/dataset.js";
import {
  type AttributeTable,
  formatAttributes,
  formatLandmarks,
  formatPartition,
  LIST_NAMES,
  landmarksAt,
  type PartitionTable,
  selectRows,
} from "../dataset/lists.js";
import { transformPoint } from "../image/align.js";
import { writeWhole } from "../image/photo.js";
import { writeFound } from "./found-faces.js";
import {
  type FinishedCrop,
  formatManifest,
  formatRecords,
  MANIFEST,
  type ManifestOptions,
  RECORDS,
} from "./manifest.js";
import type { Failure } from "./outputs.js";
import type { PreprocessPlan } from "./plan.js";

export const FAILURES = "failures.json";

/** Everything is in the order of the plan, so one machine and many write the same bytes. */
export interface Outcome {
  readonly options: ManifestOptions;
  /** Lists of the finished photos. */
  readonly lists: FaceLists;
  readonly records: readonly FinishedCrop[];
  readonly failures: readonly Failure[];
  readonly done: number;
}

/**
 * The lists of the finished photos: landmarks of every crop, in its pixels; attributes and partition unchanged, for the
 * first crop of each photo.
 */
export function outcomeLists(
  { lists: { attributes, landmarks, partition }, photos }: PreprocessPlan,
  finished: ReadonlyMap<string, readonly FinishedCrop[]>,
): FaceLists {
  const kept = photos.filter(({ file }) => finished.has(file));
  const select = <T extends AttributeTable | PartitionTable>(table: T | null, list: keyof FaceLists): T | null => {
    if (table === null) return null;
    const listed = kept.filter(({ rows }) => rows[list] !== null);
    const selected = selectRows(
      table,
      listed.map(({ rows }) => rows[list]!),
    );
    return { ...selected, files: listed.map(({ output }) => output) };
  };
  const files: string[] = [];
  const values: number[] = [];
  for (const { file, rows } of kept) {
    for (const { output, matrix, face } of finished.get(file)!) {
      const points =
        face?.points ?? (landmarks && rows.landmarks !== null ? landmarksAt(landmarks, rows.landmarks) : null);
      if (points === null) continue;
      files.push(output);
      for (const [x, y] of points) values.push(...transformPoint(matrix, x, y));
    }
  }
  const isDetected = photos.some(({ placement }) => placement.kind === "detect");
  return {
    attributes: select(attributes, "attributes"),
    landmarks: landmarks !== null || isDetected ? { files, values: Float64Array.from(values) } : null,
    partition: select(partition, "partition"),
  };
}

/** Writes all files. The manifest comes last, because its counts mean that the rest is complete. */
export function writeOutcome(out: string, { options, lists, records, failures, done }: Outcome): void {
  const { attributes, landmarks, partition } = lists;
  const write = (name: string, text: string): void => writeWhole(join(out, name), text);
  if (attributes !== null) write(`${LIST_NAMES.attributes}.txt`, formatAttributes(attributes));
  if (partition !== null) write(`${LIST_NAMES.partition}.txt`, formatPartition(partition));
  if (landmarks !== null) write(`${LIST_NAMES.landmarks}.txt`, formatLandmarks(landmarks));
  if (options.detect !== undefined) writeFound(out, records);
  write(RECORDS, formatRecords(records));
  write(FAILURES, `${JSON.stringify(failures, null, 2)}\n`);
  write(MANIFEST, formatManifest(options, done, failures.length));
}
