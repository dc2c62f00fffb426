/** Computes the report's table of Frechet distances. */
import type { FaceDataset } from "../dataset/dataset.js";
import { openExtractor } from "../metrics/extractors.js";
import { Linalg } from "../metrics/linalg.js";
import { computeTable, formatRows } from "../metrics/table.js";
import type { Generator } from "../models/generator.js";
import type { ReportTable } from "../report/model.js";
import type { OnProgress } from "../types.js";
import { DEMO_ATTRIBUTES } from "./settings.js";

/** Largest number of pairs in the table, and dimensions of its features. Both keep the time within seconds. */
const TABLE_PAIRS = 32;
const TABLE_DIMS = 192;

export interface DistanceOptions {
  readonly dataset: FaceDataset;
  readonly pairs: number;
  readonly seed: number;
  readonly workers: number;
  readonly onProgress: OnProgress;
}

export interface Distances {
  readonly table: ReportTable;
  /** Number of pairs of all attributes. */
  readonly pairs: number;
}

/** Distances of the demo's attributes for each model, and without an edit. */
export async function measureDistances(
  models: readonly { readonly generator: Generator; readonly name: string }[],
  { dataset, pairs, seed, workers, onProgress }: DistanceOptions,
): Promise<Distances> {
  const linalg = await Linalg.open(workers);
  const { extractor, dispose } = await openExtractor("random-inception", TABLE_DIMS, undefined, seed);
  const limit = Math.min(TABLE_PAIRS, Math.max(2, pairs));
  const systems = models.map(({ generator, name }) => ({ name, generatorOf: () => generator }));
  const { size } = models[0].generator.config;
  const subject = { systems, others: [], attributes: DEMO_ATTRIBUTES, size, dataset, extractor };
  const made = await computeTable(linalg, { ...subject, limit, workers, onProgress });
  dispose();
  await linalg.close();
  const { pictures, heldOut } = made;
  const counts = Object.entries(pictures).map(([name, count]) => `${count} pairs for ${name}`);
  return {
    pairs: Object.values(pictures).reduce((sum, count) => sum + count, 0),
    table: {
      title: "Frechet distance, added / removed",
      caption: `The distance of edited ${heldOut ? "held-out pictures" : "pictures (training ones among them)"} to real pictures of the side that they were moved to; lower is better. "No edit" is the distance between the two sides. A seeded random network computes the features (random-inception, ${TABLE_DIMS} dims; ${counts.join(", ")}). The table orders these rows; its numbers cannot be compared with published ones.`,
      columns: ["model", ...DEMO_ATTRIBUTES],
      rows: formatRows(made, DEMO_ATTRIBUTES),
    },
  };
}
