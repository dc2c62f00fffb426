/** Collects what the edits of `elegant edit` need, before the device is opened: references, labels, or data for both. */
import type { FaceDataset } from "../dataset/dataset.js";
import type { LabelChange } from "../editing/label-edits.js";
import type { FoundModel } from "../models/generator.js";
import type { RgbaImage } from "../types.js";
import type { CommandContext } from "./command.js";
import {
  assignReferences,
  completeLabels,
  type EditCommand,
  missingLabels,
  missingReference,
  needlessLabels,
} from "./edit-options.js";
import { readPictures } from "./editing.js";

export interface Reference extends LabelChange {
  /** Path, or name in the data set. */
  readonly file: string;
  readonly picture: RgbaImage;
}

/** Everything that the edits need. */
export interface Needed {
  /** One for each edit; null if it needs none. */
  readonly references: readonly (Reference | null)[];
  /** The labels of all inputs; null if the classifier decides them, or if none are needed. */
  readonly labels: readonly number[] | null;
  /** The data set that the classifier learns from; null if it is not needed. */
  readonly dataset: FaceDataset | null;
  /** Whether --data was given for nothing. */
  readonly isDataIdle: boolean;
}

/**
 * Collects what the edits need.
 * @param given the values of --labels; null without that option
 * @throws InputError if something is missing (it names the option that gives it), is not needed or cannot be read
 */
export async function collectNeeded(
  found: FoundModel,
  changes: readonly LabelChange[],
  given: readonly LabelChange[] | null,
  options: EditCommand,
  { onProgress, warn }: CommandContext,
): Promise<Needed> {
  const { needsOf } = await import("../editing/label-edits.js");
  const { data, images, seed } = options;
  const { method, config } = found.model;
  const needs = needsOf(found, changes);
  const files = assignReferences(needs, options.reference);
  const [draws, byLabels] = [files === null && needs.includes("reference"), needs.includes("labels")];
  const decides = byLabels && given === null;
  if (draws && data === undefined) throw missingReference(changes[needs.indexOf("reference")]);
  if (decides && data === undefined) throw missingLabels(method, config);
  if (given !== null && !byLabels) throw needlessLabels(method);
  const labels = given === null ? null : completeLabels(given, config);
  const isDataUsed = draws || decides;
  const { openDataset } = await import("../dataset/dataset.js");
  const dataset = isDataUsed && data !== undefined ? await openDataset(data, images, onProgress, warn) : null;
  const { drawReference, expectLearnable } = await import("../scoring/edit-data.js");
  if (dataset !== null && decides) expectLearnable(dataset, config.attributes);
  const references: (Reference | null)[] = [];
  for (const [i, change] of changes.entries()) {
    if (needs[i] !== "reference") references.push(null);
    else if (files !== null) {
      const file = files[i] as string;
      references.push({ ...change, file, picture: (await readPictures([file]))[0] });
    } else if (dataset !== null) {
      references.push({ ...change, ...(await drawReference(dataset, change.attribute, change.value, seed)) });
    }
  }
  const isDataIdle = data !== undefined && !isDataUsed;
  return { references, labels, dataset: decides ? dataset : null, isDataIdle };
}
