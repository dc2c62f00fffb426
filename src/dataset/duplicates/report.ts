/** Near-duplicates of a data set by name, for people and for other programs. */
import { csvCell } from "../csv.js";
import type { PartitionTable } from "../lists.js";
import type { Likeness } from "./fingerprints.js";
import type { DuplicateGroup } from "./groups.js";

/** A group of near-duplicates. `others` are compared with `first`, in the order of the data set. */
export interface NamedGroup {
  readonly first: string;
  readonly others: readonly (Likeness & { readonly file: string })[];
}

export interface DuplicateCounts {
  readonly groups: number;
  /** Number of images that are in a group and not its first: those that can go. */
  readonly repeated: number;
  /** Number of groups with images in different parts (training, validation, test); null without a partition list. */
  readonly acrossParts: number | null;
}

/** @param files names by position */
export function nameGroups(groups: readonly DuplicateGroup[], files: readonly string[]): readonly NamedGroup[] {
  return groups.map(({ first, others }) => ({
    first: files[first],
    others: others.map(({ index, ...likeness }) => ({ file: files[index], ...likeness })),
  }));
}

export function countDuplicates(groups: readonly NamedGroup[], partition: PartitionTable | null): DuplicateCounts {
  const partOf = new Map(partition?.files.map((file, i) => [file, partition.values[i]]));
  const isAcross = ({ first, others }: NamedGroup): boolean => {
    // As in training, images that the partition does not name are training images.
    return new Set([first, ...others.map(({ file }) => file)].map((file) => partOf.get(file) ?? 0)).size > 1;
  };
  return {
    groups: groups.length,
    repeated: groups.reduce((sum, { others }) => sum + others.length, 0),
    acrossParts: partition === null ? null : groups.filter(isAcross).length,
  };
}

/**
 * The text of a CSV file with one row per image of a group: the group's number from 1, the image's name, and how near it is
 * to the group's first (different bits of 64, correlation from 0 to 1, 1 if one is mirrored).
 */
export function formatDuplicates(groups: readonly NamedGroup[]): string {
  const rows = groups.flatMap(({ first, others }, i) => [
    [i + 1, csvCell(first), 0, "1.000", 0],
    ...others.map(({ file, distance, correlation, mirrored }) => {
      return [i + 1, csvCell(file), distance, correlation.toFixed(3), mirrored ? 1 : 0];
    }),
  ]);
  return [["group", "file", "distance", "correlation", "mirrored"], ...rows]
    .map((row) => `${row.join(",")}\n`)
    .join("");
}
