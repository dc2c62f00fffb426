/** FID for users of the package in Node.js, on images in memory: inside a training of their own, for example. */
import { type InceptionMode, toInceptionInput } from "./image/inception-input.js";
import { featuresOf } from "./metrics/extract.js";
import { openExtractor } from "./metrics/extractors.js";
import { frechetDistance } from "./metrics/frechet.js";
import { SideGatherer } from "./metrics/gather.js";
import { Linalg } from "./metrics/linalg.js";
import type { Side } from "./metrics/sides.js";
import type { RgbaImage } from "./types.js";

/** Images that go through the network together. */
const BATCH = 8;

/** Which network computes the features, and how. */
export interface FidOptions {
  /** "inception" (default) needs Inception's weights; "random-inception" is a seeded random network, which compares sets with each other. */
  readonly features?: "inception" | "random-inception";
  /** File of Inception's weights (.pth or .safetensors); by default the one that `elegant weights FILE` has kept. */
  readonly weights?: string;
  /** Number of features: 64, 192, 768 or 2048 (default). */
  readonly dims?: 64 | 192 | 768 | 2048;
  /** How images are resized to 299 px: as in pytorch-fid (default), in TensorFlow, or in clean-fid. */
  readonly mode?: InceptionMode;
  /** Threads of the linear algebra, by default 2. The network runs on the current device. */
  readonly threads?: number;
  /** Seed of "random-inception", by default 1. */
  readonly seed?: number;
}

/** What the network made of a set of images: features, or their mean and covariance. */
export interface FidSide {
  /** Number of features. */
  readonly d: number;
  /** Number of images; null if it is not known. */
  readonly n: number | null;
}

/** A network and the linear algebra for the FID of images in memory. Close it before the device. */
export interface Fid {
  /** Name of the network, for your output. */
  readonly network: string;
  /** Whether scores can be compared with published ones: only with the published weights. */
  readonly comparable: boolean;
  /**
   * Turns images of any size into features. It uses memory for a few images and for `dims` rows of features, however many
   * images there are.
   * @throws InputError for fewer than two images
   */
  measure(images: Iterable<RgbaImage> | AsyncIterable<RgbaImage>): Promise<FidSide>;
  /** The Fréchet distance of two sides (Heusel et al. 2017), 0 or more. */
  distance(a: FidSide, b: FidSide): number;
  /** Frees the network and ends the threads. */
  close(): Promise<void>;
}

/**
 * Opens the network of FID on the current device. Call openDevice() first.
 *
 * @throws InputError if there are no weights, or if their file is damaged
 * @example
 * ```ts
 * import { openFid, type RgbaImage } from "elegant-faces";
 *
 * async function fidOf(real: readonly RgbaImage[], generated: readonly RgbaImage[]): Promise<number> {
 *   const fid = await openFid({ weights: "pt_inception-2015-12-05-6726825d.pth" });
 *   const distance = fid.distance(await fid.measure(real), await fid.measure(generated));
 *   await fid.close();
 *   return distance;
 * }
 * ```
 */
export async function openFid(options: FidOptions = {}): Promise<Fid> {
  const { features = "inception", weights, dims = 2048, mode = "pytorch", threads = 2, seed = 1 } = options;
  const { extractor, dispose } = await openExtractor(features, dims, weights, seed);
  const linalg = await Linalg.open(threads).catch((error: unknown) => {
    dispose();
    throw error;
  });
  const { size } = extractor;
  const length = size * size * 3;

  /** Features of some images, [N, dims] in rows. */
  function extract(images: readonly RgbaImage[]): Promise<Float32Array> {
    const inputs = new Float32Array(images.length * length);
    for (const [i, image] of images.entries()) {
      toInceptionInput(image, size, mode, inputs.subarray(i * length, (i + 1) * length));
    }
    return featuresOf(extractor, inputs);
  }

  return {
    network: extractor.name,
    comparable: extractor.comparable,
    async measure(images) {
      const gatherer = new SideGatherer(linalg, { dims, most: Number.POSITIVE_INFINITY, rows: false });
      try {
        let batch: RgbaImage[] = [];
        for await (const image of images) {
          batch.push(image);
          if (batch.length < BATCH) continue;
          gatherer.add(await extract(batch));
          batch = [];
        }
        if (batch.length > 0) gatherer.add(await extract(batch));
        return gatherer.finish("images in memory");
      } finally {
        gatherer.dispose();
      }
    },
    distance: (a, b) => frechetDistance(linalg, a as Side, b as Side).fid,
    async close() {
      dispose();
      await linalg.close();
    },
  };
}
