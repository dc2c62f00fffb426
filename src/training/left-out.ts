/**
 * Training images that cannot be read. A run leaves out a few of them, lists them in its folder and trains on others in
 * their place. The choice of a replacement depends on (seed, attribute, step, slot) and on which files can be read, not
 * on when a file was found to be damaged. Runs that were killed and resumed therefore see the same images.
 */
import { join } from "node:path";
import type { FaceDataset } from "../dataset/dataset.js";
import { describeMismatch, InputError, RetryableError } from "../errors.js";
import { writeFileAtomic } from "../files.js";
import type { BatchLoader, LoadedBatch, Replace } from "../image/loader.js";
import { createImagePool } from "../image/tasks.js";
import { readLossLog } from "./log.js";
import type { TrainOptions } from "./options.js";
import { LEFT_OUT_FILE } from "./run-report.js";
import type { RunWriter } from "./run-writer.js";

/** Share of the images that may be left out. */
const MOST_SHARE = 0.01;
/** Number of unreadable images that get a line each; the list in the run's folder has all. */
const WARNED = 5;
/** Milliseconds before each further attempt to read an image after an error of the file system. */
const DELAYS = [100, 500, 2000] as const;
/** Number of a batch's images that may fail after these attempts. If more fail, the disk does: worth a later retry. */
const MOST_FAILING_READS = 2;

export interface LeftOut {
  /** Position in the data set's files. */
  readonly file: number;
  readonly reason: string;
}

/** Returns how many of a number of images may be left out. */
export function mostLeftOut(pictures: number): number {
  return Math.floor(MOST_SHARE * pictures);
}

/** Makes the error that ends a run with too many unreadable images. @param example the reason for one of them */
export function tooManyLeftOut(count: number, pictures: number, example: string): InputError {
  const received = `${count} of ${pictures} that cannot be read`;
  const remedy = `Repair or replace them, for example: ${example}`;
  return new InputError(
    describeMismatch("pictures", `at most ${mostLeftOut(pictures)} (1 %) left out`, received, remedy),
  );
}

export interface SubstitutionOptions {
  readonly dataset: FaceDataset;
  /** Positions in the data set's files, one per slot; unreadable files are replaced in place. */
  readonly files: number[];
  /** Files to try in place of a slot's, in their order. */
  readonly substitutes: (slot: number) => Iterable<number>;
  /** Files that are known to be unreadable, with the reason; further ones are added. */
  readonly known: Map<number, string>;
  /** Number of unreadable files in one batch above which it fails. */
  readonly most: number;
  readonly isClosed?: () => boolean;
}

/** Chooses the files of one batch: the wanted ones, and others in place of unreadable ones. */
export class Substitution {
  private readonly unreadable = new Map<number, string>();
  private readonly options: SubstitutionOptions;
  private readonly candidates = new Map<number, Iterator<number>>();
  private readonly tries = new Map<number, number>();
  private failingReads = 0;

  constructor(options: SubstitutionOptions) {
    this.options = options;
    for (const slot of options.files.keys()) this.skipKnown(slot);
  }

  /** For BatchLoader.load(). @throws InputError or RetryableError if there is nothing left to try */
  readonly replace: Replace = async (slot, { reason, retryable }) => {
    const { dataset, files, known, isClosed } = this.options;
    const file = files[slot];
    if (retryable) {
      const tried = this.tries.get(slot) ?? 0;
      if (tried < DELAYS.length && isClosed?.() !== true) {
        this.tries.set(slot, tried + 1);
        await new Promise((resolve) => setTimeout(resolve, DELAYS[tried]));
        return dataset.picture(file);
      }
      this.tries.delete(slot);
      if (++this.failingReads > MOST_FAILING_READS) throw new RetryableError(reason);
    }
    known.set(file, reason);
    this.skipKnown(slot);
    return dataset.picture(files[slot]);
  };

  /**
   * Returns the wanted files that cannot be read, in the data set's order. The order of the threads does not matter.
   */
  leftOut(): readonly LeftOut[] {
    return [...this.unreadable].map(([file, reason]) => ({ file, reason })).sort((a, b) => a.file - b.file);
  }

  private skipKnown(slot: number): void {
    const { files, known, substitutes, most } = this.options;
    for (let reason = known.get(files[slot]); reason !== undefined; reason = known.get(files[slot])) {
      this.unreadable.set(files[slot], reason);
      let candidates = this.candidates.get(slot);
      if (candidates === undefined) {
        candidates = substitutes(slot)[Symbol.iterator]();
        this.candidates.set(slot, candidates);
      }
      const next = candidates.next();
      if (next.done === true || this.unreadable.size > most) throw new InputError(reason);
      files[slot] = next.value;
    }
  }
}

/** Lists images that a batch leaves out, and warns about the first ones. */
export async function listLeftOut(
  { dataset, folder, onMessage }: Pick<TrainOptions, "dataset" | "folder" | "onMessage">,
  writer: RunWriter,
  step: number,
  leftOut: LeftOut[],
): Promise<void> {
  for (const { file, reason } of leftOut.splice(0)) {
    const isNew = await writer.leaveOut(step, dataset.files[file], reason);
    if (!isNew || writer.leftOutCount > WARNED + 1) continue;
    onMessage?.(
      writer.leftOutCount <= WARNED
        ? `Warning: left out, as it cannot be read: ${reason}`
        : `Warning: further pictures cannot be read; ${join(folder, LEFT_OUT_FILE)} lists them.`,
    );
  }
}

/**
 * Loads the first readable images of two sides, for sheets and scores.
 * @param sides candidates with the attribute and without it, at least `count` of each
 * @param known as SubstitutionOptions.known
 * @returns the result of BatchLoader.load(): `count` images of the first side, then of the second; and the positions of
 * these images in the data set's files
 * @throws InputError if too many images cannot be read
 */
export async function loadSides(
  loader: BatchLoader,
  dataset: FaceDataset,
  sides: readonly (readonly number[])[],
  count: number,
  known: Map<number, string>,
): Promise<LoadedBatch & { readonly files: readonly number[] }> {
  const files = sides.flatMap((side) => side.slice(0, count));
  // Each slot has its own candidates, so that no image is chosen twice.
  function* substitutes(slot: number): Iterable<number> {
    const side = sides[Math.floor(slot / count)];
    for (let i = (slot % count) + count; i < side.length; i += count) yield side[i];
  }
  const most = mostLeftOut(dataset.files.length);
  const substitution = new Substitution({ dataset, files, substitutes, known, most });
  const loaded = await loader.load(
    files.map((file) => dataset.picture(file)),
    substitution.replace,
  );
  return { ...loaded, files };
}

/**
 * Returns the images that a run left out up to a step and that still cannot be read. Repaired images leave the list.
 * @param path the list's file
 * @returns the unreadable ones, with the reason, and the number of repaired ones
 */
export async function recallLeftOut(
  path: string,
  dataset: FaceDataset,
  step: number,
): Promise<{ readonly unreadable: ReadonlyMap<number, string>; readonly repaired: number }> {
  const positions = new Map(dataset.files.map((file, i) => [file, i]));
  const rows = (await readLossLog(path)).filter((row) => row.step <= step);
  const files = rows.map(({ file }) => positions.get(String(file)) ?? -1);
  const known = files.filter((file) => file >= 0);
  if (known.length === 0) return { unreadable: new Map(), repaired: 0 };
  const pool = await createImagePool(1);
  try {
    const { results } = await pool.run("checkPictures", { sources: known.map((file) => dataset.picture(file)) });
    const failed = results.flatMap((result, i) => (result.ok ? [] : [[known[i], result.reason] as const]));
    const unreadable = new Map(failed);
    const kept = rows.filter((_, i) => unreadable.has(files[i]));
    if (kept.length < rows.length) await writeFileAtomic(path, kept.map((row) => `${JSON.stringify(row)}\n`).join(""));
    return { unreadable, repaired: rows.length - kept.length };
  } finally {
    await pool.close();
  }
}
