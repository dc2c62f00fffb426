/** Chooses the images of a contact sheet that shows one attribute: those with it, those without, and those nobody labelled. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describeMismatch, InputError } from "../errors.js";
import { suggest } from "../suggest.js";
import type { AttributeTable } from "./lists.js";
import { readTable } from "./table.js";

/** The list of `elegant label`: for each image, the probability of each attribute in the header. */
export const CONFIDENCE_LIST = "attributes_confidence.csv";

/** `count` items of a list, spread evenly over it. */
export function spread<T>(list: readonly T[], count: number): T[] {
  const n = Math.min(count, list.length);
  return Array.from({ length: n }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / n)]);
}

/** Images with one label. */
export interface LabelGroup {
  readonly label: "open" | "with" | "without";
  /** Number of images with this label in the whole data set. */
  readonly pictures: number;
  /** The chosen images. `probability` is that of having the attribute; null if it is unknown. */
  readonly chosen: readonly { readonly file: string; readonly probability: number | null }[];
  /** True if the chosen images are the most doubtful ones; false if they are spread evenly. */
  readonly doubtful: boolean;
}

/** @throws InputError for an attribute that the data set does not have */
export function attributeColumn(table: AttributeTable | null, attribute: string, dir: string): number {
  if (table === null) {
    const remedy = "Put CelebA's list next to the pictures.";
    throw new InputError(describeMismatch(dir, "list_attr_celeba.txt", "no such file", remedy));
  }
  const column = table.names.indexOf(attribute);
  if (column >= 0) return column;
  const meant = suggest(attribute, table.names);
  const remedy = meant === null ? `Known: ${table.names.join(", ")}.` : `Did you mean ${meant}?`;
  throw new InputError(describeMismatch("--by", "an attribute of the data", `'${attribute}'`, remedy));
}

/**
 * The probabilities of an attribute by file, from attributes_confidence.csv; null if there is no such list, or if it does
 * not have the attribute. @throws InputError if the list cannot be understood
 */
export async function readConfidence(dir: string, attribute: string): Promise<ReadonlyMap<string, number> | null> {
  const path = join(dir, CONFIDENCE_LIST);
  if ((await readFile(path).catch(() => null)) === null) return null;
  const { header, files, columns, values } = await readTable(path);
  const column = header?.indexOf(attribute) ?? -1;
  if (column < 0) return null;
  const confidence = new Map(files.map((file, row) => [file, values[row * columns + column]]));
  for (const [file, value] of confidence) {
    if (value >= 0 && value <= 1) continue;
    const name = `${CONFIDENCE_LIST}: ${file}`;
    throw new InputError(describeMismatch(name, "a probability from 0 to 1", String(value), "Make the list again."));
  }
  return confidence;
}

/** The probability of the label that an image has: the lower, the more doubtful. For an open label, that of the likelier one. */
function certaintyOf(label: LabelGroup["label"], probability: number): number {
  if (label === "open") return Math.max(probability, 1 - probability);
  return label === "with" ? probability : 1 - probability;
}

/** Shares `count` places among groups as evenly as their sizes allow. */
function sharePlaces(sizes: readonly number[], count: number): number[] {
  const places = sizes.map(() => 0);
  const bySize = sizes.map((_, i) => i).sort((a, b) => sizes[a] - sizes[b] || a - b);
  let left = count;
  for (const [k, i] of bySize.entries()) {
    places[i] = Math.min(sizes[i], Math.max(1, Math.floor(left / (bySize.length - k))));
    left -= places[i];
  }
  return places;
}

/**
 * Chooses about `count` images for a sheet of one attribute: half with it and half without it, or a third of each if there
 * are open labels, which come first. With probabilities, the most doubtful images of each group are chosen, otherwise
 * images spread evenly over it.
 * @param confidence the probability of having the attribute, by file
 */
export function chooseByAttribute(
  table: AttributeTable,
  column: number,
  confidence: ReadonlyMap<string, number> | null,
  count: number,
): readonly LabelGroup[] {
  const files: Record<LabelGroup["label"], string[]> = { open: [], with: [], without: [] };
  for (const [row, file] of table.files.entries()) {
    const value = table.values[row * table.names.length + column];
    files[value === 1 ? "with" : value === 0 ? "without" : "open"].push(file);
  }
  const labels = (["open", "with", "without"] as const).filter((label) => files[label].length > 0);
  const places = sharePlaces(
    labels.map((label) => files[label].length),
    count,
  );
  return labels.map((label, i) => {
    const rated = files[label].flatMap((file) => {
      const probability = confidence?.get(file);
      return probability === undefined ? [] : [{ file, probability }];
    });
    // The sort is stable, so equally doubtful images stay in the order of the list.
    rated.sort((a, b) => certaintyOf(label, a.probability) - certaintyOf(label, b.probability));
    const even = spread(files[label], places[i]).map((file) => ({ file, probability: null }));
    const doubtful = rated.length > 0;
    return { label, pictures: files[label].length, chosen: doubtful ? rated.slice(0, places[i]) : even, doubtful };
  });
}
