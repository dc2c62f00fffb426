/**
 * Writes the files that a preprocess run leaves next to its images (lists, records, failures and manifest), in the
 * order of the plan.
 */
import { join } from "node:path";
import type { FaceLists } from "../dataset/dataset.js";
import { formatAttributes, formatLandmarks, formatPartition, LIST_NAMES, selectRows } from "../dataset/lists.js";
import { transformPoint } from "../image/align.js";
import { writeWhole } from "../image/photo.js";
import {
  type FinishedPhoto,
  formatManifest,
  formatRecords,
  MANIFEST,
  type ManifestOptions,
  RECORDS,
} from "./manifest.js";
import type { Failure } from "./outputs.js";
import type { PlannedPhoto, PreprocessPlan } from "./plan.js";

export const FAILURES = "failures.json";

/** Everything is in the order of the plan, so one machine and many write the same bytes. */
export interface Outcome {
  readonly options: ManifestOptions;
  /** Lists of the finished photos. */
  readonly lists: FaceLists;
  readonly records: readonly FinishedPhoto[];
  readonly failures: readonly Failure[];
  readonly done: number;
}

/** The lists of the finished photos: attributes and partition unchanged, landmarks in pixels of the crop. */
export function outcomeLists(plan: PreprocessPlan, finished: ReadonlyMap<string, FinishedPhoto>): FaceLists {
  const photos = plan.photos.filter(({ file }) => finished.has(file));
  const select = (list: keyof FaceLists): { rows: number[]; files: string[]; kept: PlannedPhoto[] } => {
    const kept = photos.filter(({ rows }) => rows[list] !== null);
    return { rows: kept.map(({ rows }) => rows[list]!), files: kept.map(({ output }) => output), kept };
  };
  const { attributes, landmarks, partition } = plan.lists;
  const [a, l, p] = [select("attributes"), select("landmarks"), select("partition")];
  const moved = landmarks && { ...selectRows(landmarks, l.rows), files: l.files };
  l.kept.forEach(({ file }, i) => {
    const { matrix } = finished.get(file)!;
    for (let at = i * 10; moved !== null && at < i * 10 + 10; at += 2) {
      moved.values.set(transformPoint(matrix, moved.values[at], moved.values[at + 1]), at);
    }
  });
  return {
    attributes: attributes && { ...selectRows(attributes, a.rows), files: a.files },
    landmarks: moved,
    partition: partition && { ...selectRows(partition, p.rows), files: p.files },
  };
}

/** Writes all files. The manifest comes last, because its counts mean that the rest is complete. */
export function writeOutcome(out: string, { options, lists, records, failures, done }: Outcome): void {
  const { attributes, landmarks, partition } = lists;
  const write = (name: string, text: string): void => writeWhole(join(out, name), text);
  if (attributes !== null) write(`${LIST_NAMES.attributes}.txt`, formatAttributes(attributes));
  if (partition !== null) write(`${LIST_NAMES.partition}.txt`, formatPartition(partition));
  if (landmarks !== null) write(`${LIST_NAMES.landmarks}.txt`, formatLandmarks(landmarks));
  write(RECORDS, formatRecords(records));
  write(FAILURES, `${JSON.stringify(failures, null, 2)}\n`);
  write(MANIFEST, formatManifest(options, done, failures.length));
}
