/**
 * The two lists that only a run with --detect writes, both from its records: the landmarks in pixels of the photos, for
 * another run without detection, and the quality of each face.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { csvCell } from "../dataset/csv.js";
import { formatLandmarks, LIST_NAMES } from "../dataset/lists.js";
import { writeWhole } from "../image/photo.js";
import type { FinishedCrop } from "./manifest.js";
import { anglesOf } from "./quality.js";

/** Folder in OUT of the list in pixels of the photos. */
export const PHOTO_LISTS = "photos";
export const QUALITY = "quality.csv";
/** Digits after the point of the landmarks in photos: as many as are used, so that another run has the same ones. */
const DIGITS = 2;

const COLUMNS = [
  ...["crop", "photo", "x", "y", "width", "height", "score", "yaw", "roll"],
  ...["sharpness", "exposure", "clipped"],
];

/** The text of quality.csv: a header, then a row per face. docs/data.md says what the columns mean. */
function formatQuality(records: readonly FinishedCrop[]): string {
  const rows = records.flatMap(({ file, output, face }) => {
    if (face?.found === undefined) return [];
    const { score, box, sharpness, exposure, clipped } = face.found;
    const { yaw, roll } = anglesOf(face.points);
    return [[output, file, box.x, box.y, box.width, box.height, score, yaw, roll, sharpness, exposure, clipped]];
  });
  return [COLUMNS, ...rows].map((row) => `${row.map(csvCell).join(",")}\n`).join("");
}

/** @param records of all crops, in the order of the plan */
export function writeFound(out: string, records: readonly FinishedCrop[]): void {
  const found = records.flatMap(({ file, face }) => (face === undefined ? [] : [{ file, points: face.points }]));
  const values = Float64Array.from(found.flatMap(({ points }) => points.flat()));
  const list = formatLandmarks({ files: found.map(({ file }) => file), values }, DIGITS);
  mkdirSync(join(out, PHOTO_LISTS), { recursive: true });
  writeWhole(join(out, PHOTO_LISTS, `${LIST_NAMES.landmarks}.txt`), list);
  writeWhole(join(out, QUALITY), formatQuality(records));
}
