/** What `elegant fid` does between its options and its output: sides from paths, statistics to files. */

import { parseDevice } from "../device/choices.js";
import { openDevice } from "../device/device.js";
import { writeFileAtomic } from "../files.js";
import type { InceptionMode } from "../image/inception-input.js";
import { encodeNpz } from "../interop/npz.js";
import type { ItemFailure } from "../pool/protocol.js";
import type { OnProgress } from "../types.js";
import { type ExtractorName, openExtractor } from "./extractors.js";
import { DECODER, folderFeatures } from "./folder.js";
import { featureStatistics, frechetDistance } from "./frechet.js";
import type { InceptionDims } from "./inception.js";
import { kernelDistance } from "./kid.js";
import type { Linalg } from "./linalg.js";
import { precisionRecall } from "./precision-recall.js";
import { readSide, type Side } from "./sides.js";

export { DECODER, frechetDistance, kernelDistance, precisionRecall };

export interface SideOptions {
  readonly device: string;
  readonly dims: string;
  readonly mode: InceptionMode;
  readonly features: ExtractorName;
  readonly weights?: string;
  readonly recursive: boolean;
  readonly strict: boolean;
  readonly cache: boolean;
  readonly workers: number;
  readonly batch: number;
  readonly seed: number;
}

export interface OpenedSides {
  readonly sides: readonly Side[];
  readonly failures: readonly ItemFailure[];
  /** What made the features, for outputs. */
  readonly features: string;
  /** Whether the score may be set beside published ones. */
  readonly comparable: boolean;
}

/** Opens each path; folders go through the network, which is loaded when there is one. */
export async function openSides(
  paths: readonly string[],
  isFolder: readonly boolean[],
  options: SideOptions,
  timed: <T>(stage: string, body: () => Promise<T> | T) => Promise<T>,
  context: { print(line: string): void; warn(line: string): void; readonly onProgress: OnProgress },
): Promise<OpenedSides> {
  // Files first: what is wrong with them is told before the network works.
  const read = await timed("read", () => Promise.all(paths.map((path, i) => (isFolder[i] ? null : readSide(path)))));
  if (!isFolder.some(Boolean)) {
    return { sides: read as Side[], failures: [], features: "as given", comparable: true };
  }
  const device = await openDevice(parseDevice(options.device), options.workers);
  try {
    const dims = Number(options.dims) as InceptionDims;
    const opened = await timed("network", () => openExtractor(options.features, dims, options.weights, options.seed));
    const { extractor, key } = opened;
    context.print(`${extractor.name} on ${device.description}`);
    const failures: ItemFailure[] = [];
    const sides: Side[] = [];
    for (const [i, path] of paths.entries()) {
      const known = read[i];
      if (known !== null) {
        sides.push(known);
        continue;
      }
      const folder = await timed("features", () => {
        return folderFeatures(path, { ...options, extractor, extractorKey: key, onProgress: context.onProgress });
      });
      context.print(`${path}: ${folder.features.n} images${folder.cached ? ", features from the cache" : ""}`);
      for (const { reason } of folder.failures) context.warn(`skipped ${reason}`);
      failures.push(...folder.failures);
      sides.push(folder.features);
    }
    opened.dispose();
    return { sides, failures, features: extractor.name, comparable: extractor.comparable };
  } finally {
    await device.close();
  }
}

/** What a reader of the score should know. */
export function warningsFor({ source, n, d }: Side): readonly string[] {
  if (n === null || n > d) return [];
  return [
    `${source} has ${n} rows for ${d} dimensions: its covariance has rank ${Math.min(d, n - 1)}, and FID is biased upwards; KID (--kid) is not.`,
  ];
}

/** Writes mean and covariance as .npz, which pytorch-fid reads; n is there too. */
export async function saveStatistics(linalg: Linalg, side: Side, path: string): Promise<void> {
  const { n, d, mean, covariance } = side.kind === "features" ? featureStatistics(linalg, side) : side;
  const bytes = encodeNpz({
    mu: { shape: [d], data: mean },
    sigma: { shape: [d, d], data: covariance },
    ...(n === null ? {} : { n: { shape: [], data: Float64Array.of(n) } }),
  });
  await writeFileAtomic(path, bytes);
}
