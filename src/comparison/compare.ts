/** Makes the paper's Table 1: trains every system within the same budget, and scores all of them by the same protocol. */
import type { FaceDataset } from "../dataset/dataset.js";
import type { FeatureExtractor } from "../metrics/extract.js";
import type { Linalg } from "../metrics/linalg.js";
import { computeTable, type OtherSystem, type Table } from "../metrics/table.js";
import type { AttributeScore } from "../report/scored.js";
import type { SwappedPair } from "../scoring/groups.js";
import { scoreGenerator } from "../scoring/score.js";
import type { OnProgress } from "../types.js";
import type { ComparisonPlan, PlannedSystem } from "./plan.js";
import { type OpenedSystem, openSystem, secondsOfEdit } from "./systems.js";
import type { TrainedFacts } from "./train.js";

/** Pairs of each attribute and direction that the sheet shows. */
const SHOWN = 2;

/** What is measured of a system, apart from its Frechet distances. */
export interface SystemScores extends TrainedFacts {
  readonly method: string;
  readonly width: number;
  readonly models: number;
  /** Values of the parameters that edit, of all models together. */
  readonly parameters: number;
  readonly secondsPerImage: number;
  /** Attribute by attribute, added before removed. */
  readonly rows: readonly AttributeScore[];
  /** The first pairs of each row with their edits. */
  readonly shown: readonly (readonly SwappedPair[])[];
}

export interface Comparison {
  readonly table: Table;
  readonly systems: readonly SystemScores[];
}

export interface ScoreSystemsOptions {
  readonly folder: string;
  readonly plan: ComparisonPlan;
  readonly planned: readonly PlannedSystem[];
  readonly trained: readonly TrainedFacts[];
  /** Edited images of other programs. */
  readonly others: readonly OtherSystem[];
  readonly dataset: FaceDataset;
  readonly linalg: Linalg;
  readonly extractor: FeatureExtractor;
  /** Most images of each side for the Frechet distances. */
  readonly limit: number;
  /** Most pairs of each attribute and direction for the other scores. */
  readonly pairs: number;
  readonly workers: number;
  readonly onProgress: OnProgress;
  readonly warn: (line: string) => void;
}

/** Scores one system's models: hits, others kept, identity, and the truth on painted faces. */
async function scoreSystem(
  opened: OpenedSystem,
  { folder, plan, dataset, pairs, workers, onProgress, warn }: ScoreSystemsOptions,
): Promise<Pick<SystemScores, "rows" | "shown">> {
  const rows: AttributeScore[] = [];
  const shown: (readonly SwappedPair[])[] = [];
  const common = { dataset, judged: plan.attributes, folder, pairs, shown: SHOWN, seed: plan.seed, workers, warn };
  for (const generator of opened.generators) {
    const made = await scoreGenerator({
      ...common,
      generator,
      onProgress: (progress) => onProgress({ ...progress, stage: `${opened.name}: ${progress.stage}` }),
    });
    rows.push(...made.scores.attributes);
    shown.push(...made.shown);
  }
  return { rows, shown };
}

/**
 * Scores all systems on the current device.
 * @throws InputError if the data have too few images of a side
 */
export async function scoreSystems(options: ScoreSystemsOptions): Promise<Comparison> {
  const { plan, planned, trained, others, dataset, linalg, extractor, limit, workers, onProgress, warn } = options;
  const { attributes, size } = plan;
  const systems: OpenedSystem[] = [];
  try {
    for (const system of planned) systems.push(await openSystem(system));
    const scores: SystemScores[] = [];
    for (const [i, opened] of systems.entries()) {
      const { method, width, models } = planned[i];
      const { parameters } = opened;
      const secondsPerImage = await secondsOfEdit(opened);
      const scored = await scoreSystem(opened, options);
      scores.push({ ...trained[i], method, width, models: models.length, parameters, secondsPerImage, ...scored });
    }
    const subject = { systems, others, attributes, size, dataset, extractor };
    const table = await computeTable(linalg, { ...subject, limit, workers, onProgress, warn });
    return { table, systems: scores };
  } finally {
    for (const system of systems) system.dispose();
  }
}
