/** A side of a comparison from a folder of images. */
import { describeMismatch, InputError } from "../errors.js";
import type { InceptionMode } from "../image/inception-input.js";
import { decodeNpy, encodeNpy } from "../interop/npy.js";
import type { ItemFailure } from "../pool/protocol.js";
import type { OnProgress } from "../types.js";
import { contentKey, readCached, writeCached } from "./cache.js";
import { extractFeatures, type FeatureExtractor } from "./extract.js";
import { listImages } from "./image-list.js";
import { asFeatures, type Features } from "./sides.js";

/** Named in outputs: which code decoded the pictures changes a score in its third digit. */
export const DECODER = "mozjpeg (WASM), jimp";

export interface FolderOptions {
  readonly extractor: FeatureExtractor;
  /** What the features depend on beside the pictures: network, weights, dims. */
  readonly extractorKey: string;
  readonly mode: InceptionMode;
  readonly recursive: boolean;
  /** A picture that cannot be read ends the work. */
  readonly strict: boolean;
  readonly cache: boolean;
  readonly workers: number;
  readonly batch: number;
  readonly onProgress: OnProgress;
}

export interface FolderFeatures {
  readonly features: Features;
  readonly failures: readonly ItemFailure[];
  readonly cached: boolean;
}

/**
 * Features of all images of a folder, from the cache when it has them.
 * @throws InputError when fewer than two images can be read, or one cannot with `strict`
 */
export async function folderFeatures(folder: string, options: FolderOptions): Promise<FolderFeatures> {
  const { extractor, extractorKey, mode, recursive, strict, cache } = options;
  const paths = await listImages(folder, recursive);
  // A picture that cannot be read has no contents to go by; the network's turn tells of it.
  const key = cache ? await contentKey([extractorKey, mode, DECODER], paths).catch(() => null) : null;
  const name = `features-${key?.slice(0, 32)}.npy`;
  const kept = key === null ? null : await readCached(name);
  if (kept !== null) return { features: asFeatures(decodeNpy(kept, name), folder), failures: [], cached: true };
  const failures: ItemFailure[] = [];
  const data = new Float32Array(paths.length * extractor.dims);
  let length = 0;
  const onFailure = (failure: ItemFailure): void => {
    if (strict) throw new InputError(`${failure.reason} Leave --strict away to skip it.`);
    failures.push(failure);
  };
  for await (const { features } of extractFeatures(extractor, { ...options, paths, onFailure })) {
    data.set(features, length);
    length += features.length;
  }
  const shape = [length / extractor.dims, extractor.dims];
  if (shape[0] < 2) {
    const received = `${shape[0]}${failures.length > 0 ? `; ${failures[0].reason}` : ""}`;
    throw new InputError(describeMismatch(folder, "at least two images that can be read", received, "Add images."));
  }
  const array = { shape, data: data.slice(0, length) };
  // A folder with damaged images is looked at again, so that they are told again.
  if (key !== null && failures.length === 0) await writeCached(name, encodeNpy(array));
  return { features: asFeatures(array, folder), failures, cached: false };
}
