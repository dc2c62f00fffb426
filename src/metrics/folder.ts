/** Makes one side of a comparison from a folder of images. */

import { contentKey } from "../cache.js";
import { listUsedImages } from "../dataset/left-out.js";
import { describeMismatch, InputError } from "../errors.js";
import type { InceptionMode } from "../image/inception-input.js";
import type { Feeding } from "../pool/feeding.js";
import type { ItemFailure } from "../pool/protocol.js";
import type { OnProgress } from "../types.js";
import { type ExtractOptions, extractFeatures, type FeatureBatch, type FeatureExtractor } from "./extract.js";
import { SideGatherer } from "./gather.js";
import { keepSide, readKeptSide } from "./kept-side.js";
import type { Linalg } from "./linalg.js";
import type { Side } from "./sides.js";

/** The decoder named in outputs. The choice of decoder changes a score in its third digit. */
export const DECODER = "ours, mozjpeg (WASM)";

export interface FolderOptions {
  readonly extractor: FeatureExtractor;
  /** Everything except the images that the features depend on: network, weights, dims. */
  readonly extractorKey: string;
  readonly mode: InceptionMode;
  readonly recursive: boolean;
  /** If true, an image that cannot be read ends the work. */
  readonly strict: boolean;
  readonly cache: boolean;
  /** Whether all rows of features are needed. Otherwise, mean and covariance suffice if there are more rows than dimensions. */
  readonly rows: boolean;
  readonly workers: number;
  readonly batch: number;
  /** Decides both when this number of images goes through the network. Null keeps them. */
  readonly feeding?: (images: number) => Promise<FedBatches | null>;
  readonly onProgress: OnProgress;
  readonly warn: (line: string) => void;
}

/** How the network gets its images. */
export interface FedBatches {
  readonly feeding: Feeding;
  readonly batch: number;
}

export interface FolderSide {
  readonly side: Side & { readonly n: number };
  readonly failures: readonly ItemFailure[];
  /** What came from the cache; null if nothing did. */
  readonly cached: Side["kind"] | null;
}

/**
 * Makes a folder's side, or reads it from the cache. Its memory does not grow with the number of images unless rows are
 * needed.
 * @throws InputError if fewer than two images can be read, or if one cannot with `strict`
 */
export async function folderSide(linalg: Linalg, folder: string, options: FolderOptions): Promise<FolderSide> {
  const { extractor, extractorKey, mode, recursive, strict, cache, rows, warn } = options;
  const { dims } = extractor;
  const paths = await listUsedImages(folder, recursive, warn);
  // An image that cannot be read has no contents to hash. It is reported later, when the network would get it.
  const key = cache ? await contentKey([extractorKey, mode, DECODER], paths).catch(() => null) : null;
  const kept = key === null ? null : await readKeptSide(key, { source: folder, n: paths.length, dims, rows, warn });
  if (kept !== null && (rows || kept.kind === "statistics")) return { side: kept, failures: [], cached: kept.kind };

  const failures: ItemFailure[] = [];
  const onFailure = (failure: ItemFailure): void => {
    if (strict) throw new InputError(`${failure.reason} Leave --strict away to skip it.`);
    failures.push(failure);
  };
  const gatherer = new SideGatherer(linalg, { dims, most: paths.length, rows });
  try {
    if (kept !== null) gatherer.add(kept.data instanceof Float32Array ? kept.data : Float32Array.from(kept.data));
    else {
      const fed = await options.feeding?.(paths.length);
      const { feeding: workers, batch: size } = fed ?? { feeding: options.workers, batch: options.batch };
      await addFeatures(gatherer, extractor, { ...options, workers, batch: size, paths, onFailure });
    }
    if (gatherer.n < 2) {
      const received = `${gatherer.n}${failures.length > 0 ? `: ${failures[0].reason.replace(/\.$/, "")}` : ""}`;
      throw new InputError(describeMismatch(folder, "at least two images that can be read", received, "Add images."));
    }
    const { n } = gatherer;
    const side = { ...gatherer.finish(folder), n };
    // A folder with damaged images is not cached, so that the next run reports them again.
    if (key !== null && failures.length === 0 && side.kind !== kept?.kind) await keepSide(key, side, warn);
    return { side, failures, cached: kept?.kind ?? null };
  } finally {
    gatherer.dispose();
  }
}

/**
 * Adds the features of image files to a side, batch by batch.
 * @param isOver whether the batches so far are enough
 */
export async function addFeatures(
  gatherer: SideGatherer,
  extractor: FeatureExtractor,
  options: ExtractOptions,
  isOver: () => boolean = () => false,
): Promise<void> {
  const { paths, workers } = options;
  for await (const batch of extractFeatures(extractor, options)) {
    expectFinite(batch, extractor.dims, paths, extractor.name);
    const began = performance.now();
    gatherer.add(batch.features);
    const seconds = (performance.now() - began) / 1000;
    if (typeof workers !== "number") workers.onTimes({ moments: seconds }, batch.indices.length);
    if (isOver()) return;
  }
}

/** @throws InputError naming the first picture whose features are no numbers; in a mean they could not be told apart any more */
export function expectFinite(
  { features, indices }: FeatureBatch,
  dims: number,
  paths: readonly string[],
  network: string,
) {
  const bad = features.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const remedy = "The network's weights are damaged, or not for these pictures.";
  const path = paths[indices[Math.floor(bad / dims)]];
  throw new InputError(describeMismatch(path, `finite features of ${network}`, String(features[bad]), remedy));
}
