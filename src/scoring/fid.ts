/** FID of added and removed attributes, for comparing runs with each other: a form of `elegant table` for the score. */
import type { FaceDataset } from "../dataset/dataset.js";
import { openExtractor } from "../metrics/extractors.js";
import { Linalg } from "../metrics/linalg.js";
import { computeTable } from "../metrics/table.js";
import type { Generator } from "../models/generator.js";
import type { RunScores } from "../report/scored.js";
import type { OnProgress } from "../types.js";

/** Feature dimensions of the seeded random network, which needs no download, and of the published one. */
const RANDOM_DIMS = 192;
const PUBLISHED_DIMS = 2048;

export interface FidOptions {
  readonly generator: Generator;
  readonly dataset: FaceDataset;
  /** Weights of the published Inception; undefined for the seeded random network. */
  readonly weights: string | undefined;
  readonly pairs: number;
  readonly seed: number;
  readonly workers: number;
  readonly onProgress: OnProgress;
  readonly warn: (line: string) => void;
}

/** Scores on the current device. @throws InputError like computeTable() and openExtractor() */
export async function scoreFid(options: FidOptions): Promise<NonNullable<RunScores["fid"]>> {
  const { generator, dataset, weights, pairs, seed, workers, onProgress, warn } = options;
  const linalg = await Linalg.open(workers);
  try {
    const dims = weights === undefined ? RANDOM_DIMS : PUBLISHED_DIMS;
    const opened = await openExtractor(weights === undefined ? "random-inception" : "inception", dims, weights, seed);
    const { extractor } = opened;
    const { attributes, size } = generator.config;
    const made = await computeTable(linalg, {
      systems: [{ name: "this run", generatorOf: () => generator }],
      others: [],
      attributes,
      size,
      dataset,
      extractor,
      limit: pairs,
      workers,
      onProgress,
      warn,
    });
    opened.dispose();
    const rowOf = (system: string, attribute: string) =>
      made.rows.find((row) => row.system === system && row.attribute === attribute) ?? {
        added: Number.NaN,
        removed: Number.NaN,
      };
    return {
      features: extractor.name,
      dims,
      comparable: extractor.comparable,
      heldOut: made.heldOut,
      attributes: generator.config.attributes.map((name) => {
        const { added, removed } = rowOf("this run", name);
        return { name, pairs: made.pictures[name], added, removed, unedited: rowOf("no edit", name).added };
      }),
    };
  } finally {
    await linalg.close();
  }
}
