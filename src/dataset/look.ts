/** Decodes the images of a data set in the pool: which are damaged, how large the others are, and their fingerprints. */
import { type CheckResult, createImagePool } from "../image/tasks.js";
import type { OnProgress } from "../types.js";
import { Fingerprints } from "./duplicates/fingerprints.js";
import { createFingerprintPool, type FingerprintResult } from "./duplicates/tasks.js";
import type { PictureStore } from "./store.js";

export interface LookOptions {
  readonly workers: number;
  /** If true, fingerprints are computed while the images are in memory. */
  readonly fingerprints: boolean;
  readonly onProgress?: OnProgress | undefined;
}

export interface Looked {
  /** Sizes of the decoded images, the most frequent first. */
  readonly sizes: readonly { readonly width: number; readonly height: number; readonly count: number }[];
  readonly damaged: readonly { readonly file: string; readonly reason: string }[];
  /** One per name, empty for damaged images; null if none were requested. */
  readonly fingerprints: Fingerprints | null;
}

const PICTURES_PER_TASK = 16;

type Batch = CheckResult & Partial<Pick<FingerprintResult, "fingerprints">>;

/** The results of batches of images, in their order. */
async function* lookByBatches(
  names: readonly string[],
  store: PictureStore,
  { workers, fingerprints }: LookOptions,
): AsyncGenerator<Batch, void, undefined> {
  const tasks = function* () {
    for (let first = 0; first < names.length; first += PICTURES_PER_TASK) {
      yield { sources: names.slice(first, first + PICTURES_PER_TASK).map((name) => store.source(name)) };
    }
  };
  const threads = Math.max(1, Math.min(workers, Math.ceil(names.length / PICTURES_PER_TASK)));
  if (fingerprints) {
    const pool = await createFingerprintPool(threads);
    try {
      yield* pool.map("fingerprintPictures", tasks());
    } finally {
      await pool.close();
    }
  } else {
    const pool = await createImagePool(threads);
    try {
      yield* pool.map("checkPictures", tasks());
    } finally {
      await pool.close();
    }
  }
}

/** Decodes the named images of a store. */
export async function lookAt(names: readonly string[], store: PictureStore, options: LookOptions): Promise<Looked> {
  const sizes = new Map<string, { width: number; height: number; count: number }>();
  const damaged: { file: string; reason: string }[] = [];
  const prints = options.fingerprints ? new Fingerprints(names.length) : null;
  let done = 0;
  for await (const { results, fingerprints } of lookByBatches(names, store, options)) {
    for (const [i, result] of results.entries()) {
      if (!result.ok) {
        damaged.push({ file: names[done + i], reason: result.reason });
        continue;
      }
      const { width, height } = result;
      const known = sizes.get(`${width}x${height}`);
      if (known === undefined) sizes.set(`${width}x${height}`, { width, height, count: 1 });
      else known.count++;
      const print = fingerprints?.[i];
      if (print != null) prints?.set(done + i, print);
    }
    done += results.length;
    options.onProgress?.({ stage: "check", done, total: names.length, unit: "images" });
  }
  return { sizes: [...sizes.values()].sort((a, b) => b.count - a.count), damaged, fingerprints: prints };
}
