/** Labels faces, and formats the two lists that `elegant label` writes. */
import { csvCell } from "../dataset/csv.js";
import { type AttributeTable, OPEN } from "../dataset/lists.js";
import type { OnProgress } from "../types.js";
import { labelFor } from "./accuracy.js";
import { type Face, readFaces } from "./faces.js";
import type { Labeller } from "./labeller-file.js";
import { probabilitiesOf } from "./learn.js";
import { answersFor } from "./predict.js";

export interface LabelOptions {
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: OnProgress;
}

export interface LabelledFaces {
  readonly names: readonly string[];
  /** The faces that could be read, in their order. */
  readonly files: readonly string[];
  /** [files, names] */
  readonly probabilities: Float64Array;
  readonly failures: readonly { readonly file: string; readonly reason: string }[];
}

/**
 * Computes probabilities on the current device. They do not depend on the number of workers.
 * @throws RetryableError if the disk fails; the signal's reason after an abort
 */
export async function labelFaces(
  { shape, parameters, record }: Labeller,
  faces: readonly Face[],
  { workers, signal, onProgress }: LabelOptions,
): Promise<LabelledFaces> {
  const names = record.attributes.map(({ name }) => name);
  const files: string[] = [];
  const probabilities = new Float64Array(faces.length * names.length);
  const failures: { file: string; reason: string }[] = [];
  for await (const { first, images, failures: failed } of readFaces(faces, shape.size, workers, onProgress)) {
    signal.throwIfAborted();
    const found = probabilitiesOf(await answersFor(shape, parameters, images), record.attributes);
    const count = found.length / names.length;
    for (let i = 0; i < count; i++) {
      const { file } = faces[first + i];
      const reason = failed.get(i);
      if (reason !== undefined) {
        failures.push({ file, reason });
        continue;
      }
      probabilities.set(found.subarray(i * names.length, (i + 1) * names.length), files.length * names.length);
      files.push(file);
    }
  }
  return { names, files, probabilities: probabilities.subarray(0, files.length * names.length), failures };
}

/** Labels: OPEN for probabilities that are less sure than `confidence`, 0.5 to 1. */
export function toAttributes({ names, files, probabilities }: LabelledFaces, confidence: number): AttributeTable {
  return { names, files, values: Int8Array.from(probabilities, (p) => labelFor(p, confidence)) };
}

export interface LabelCounts {
  readonly name: string;
  readonly positive: number;
  readonly negative: number;
  readonly open: number;
}

export function countLabels({ names, values }: AttributeTable): readonly LabelCounts[] {
  return names.map((name, column) => {
    const count = (label: number): number =>
      values.filter((v, at) => v === label && at % names.length === column).length;
    return { name, positive: count(1), negative: count(0), open: count(OPEN) };
  });
}

/** The text of attributes_confidence.csv: a header, then rows of a file and the probability that it has each attribute. */
export function formatProbabilities({ names, files, probabilities }: LabelledFaces): string {
  const lines = files.map((file, row) => {
    const own = probabilities.subarray(row * names.length, (row + 1) * names.length);
    return [csvCell(file), ...Array.from(own, (p) => p.toFixed(4))].join(",");
  });
  return `${[["file", ...names].map(csvCell).join(","), ...lines].join("\n")}\n`;
}
