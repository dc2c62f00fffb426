/** The paper's Table 1, to be shown next to one's own. */
import { formatPair } from "./table.js";

/**
 * The paper's Table 1 (FID, added / removed), on CelebA at 256 px with the published Inception. It is not comparable
 * with other data.
 */
const PUBLISHED_TABLE: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  UNIT: {
    Bangs: [135.41, 137.94],
    Smiling: [120.25, 125.04],
    Mustache: [119.32, 131.33],
    Eyeglasses: [111.49, 139.43],
    Male: [152.16, 154.59],
  },
  CycleGAN: {
    Bangs: [27.81, 33.22],
    Smiling: [23.23, 22.74],
    Mustache: [43.58, 55.49],
    Eyeglasses: [36.87, 48.82],
    Male: [60.25, 46.25],
  },
  StarGAN: {
    Bangs: [59.68, 71.07],
    Smiling: [51.36, 78.87],
    Mustache: [99.03, 176.18],
    Eyeglasses: [70.4, 142.35],
    Male: [70.14, 206.21],
  },
  "DNA-GAN": {
    Bangs: [79.27, 76.89],
    Smiling: [77.04, 72.35],
    Mustache: [126.33, 127.66],
    Eyeglasses: [75.02, 75.96],
    Male: [121.04, 118.67],
  },
  ELEGANT: {
    Bangs: [30.71, 31.12],
    Smiling: [25.71, 24.88],
    Mustache: [37.51, 49.13],
    Eyeglasses: [47.35, 60.71],
    Male: [59.37, 56.8],
  },
};

/** The published rows for these attributes; empty if the paper has none of them. */
export function publishedRows(attributes: readonly string[]): string[][] {
  if (!attributes.some((name) => name in PUBLISHED_TABLE.ELEGANT)) return [];
  return Object.entries(PUBLISHED_TABLE).map(([name, scores]) => [
    name,
    ...attributes.map((attribute) => (scores[attribute] === undefined ? "" : formatPair(...scores[attribute]))),
  ]);
}
