/** The work of `elegant fid` between its options and its output: opens sides from paths, and writes statistics to files. */

import type { Device } from "../device/device.js";
import { deviceWords } from "../device/node/announce.js";
import { writeFileAtomic } from "../files.js";
import type { InceptionMode } from "../image/inception-input.js";
import type { ItemFailure } from "../pool/protocol.js";
import type { OnProgress } from "../types.js";
import { type ExtractorName, type OpenedExtractor, openExtractor } from "./extractors.js";
import { areFolders, checkFiles, checkStatisticsPath } from "./fid-inputs.js";
import { DECODER, type FedBatches, folderSide } from "./folder.js";
import { featureStatistics, frechetDistance } from "./frechet.js";
import type { InceptionDims } from "./inception.js";
import { kernelDistance } from "./kid.js";
import type { Linalg } from "./linalg.js";
import { type CommonOrigin, commonOrigin, expectOneOrigin, type FeatureOrigin } from "./origin.js";
import { precisionRecall } from "./precision-recall.js";
import { encodeSide, readSide, type Side } from "./sides.js";

export { areFolders, checkStatisticsPath, DECODER, frechetDistance, kernelDistance, precisionRecall };

export interface SideOptions {
  /** Opens the device for folders of images. */
  readonly openDevice: () => Promise<Device>;
  /** The device that the user requested, or "auto". */
  readonly device: string;
  readonly verbose?: boolean;
  readonly dims: string;
  readonly mode: InceptionMode;
  readonly features: ExtractorName;
  readonly weights?: string;
  readonly recursive: boolean;
  readonly strict: boolean;
  readonly cache: boolean;
  /** Whether rows of features are needed (KID, precision and recall). */
  readonly rows: boolean;
  readonly workers: number;
  readonly batch: number;
  readonly seed: number;
  /** Like the option of folderSide(), with the device and the network that are open by then. */
  readonly feeding?: (device: Device, network: OpenedExtractor, images: number) => Promise<FedBatches | null>;
}

export interface OpenedSides {
  readonly sides: readonly Side[];
  readonly failures: readonly ItemFailure[];
  /** For each side, what came from the cache; null if nothing did. */
  readonly cached: readonly (Side["kind"] | null)[];
  /** What the features were made by. */
  readonly origin: CommonOrigin;
}

/** Opens each path. Folders go through the network, which is loaded if there are any. */
export async function openSides(
  linalg: Linalg,
  paths: readonly string[],
  isFolder: readonly boolean[],
  options: SideOptions,
  timed: <T>(stage: string, body: () => Promise<T> | T) => Promise<T>,
  context: { print(line: string): void; warn(line: string): void; readonly onProgress: OnProgress },
): Promise<OpenedSides> {
  // Files come first, so that their problems are reported before the network works.
  const read = await timed("read", () => Promise.all(paths.map((path, i) => (isFolder[i] ? null : readSide(path)))));
  const files = read.filter((side) => side !== null);
  checkFiles(files, options.rows, isFolder.some(Boolean) ? Number(options.dims) : null);
  const origin = commonOrigin(files);
  if (!isFolder.some(Boolean)) {
    return { sides: read as Side[], failures: [], cached: paths.map(() => null), origin };
  }
  const device = await options.openDevice();
  try {
    const dims = Number(options.dims) as InceptionDims;
    const opened = await timed("network", () => openExtractor(options.features, dims, options.weights, options.seed));
    const { extractor, key } = opened;
    const { name: network, comparable } = extractor;
    const own: FeatureOrigin = { network, comparable, mode: options.mode, part: null };
    expectOneOrigin([...files, { source: paths[isFolder.indexOf(true)], origin: own }]);
    context.print(`${network}${await deviceWords(device, options)}`);
    const failures: ItemFailure[] = [];
    const sides: Side[] = [];
    const cached: (Side["kind"] | null)[] = [];
    for (const [i, path] of paths.entries()) {
      const known = read[i];
      if (known !== null) {
        sides.push(known);
        cached.push(null);
        continue;
      }
      const folder = await timed("features", () => {
        const feeding = async (images: number) => (await options.feeding?.(device, opened, images)) ?? null;
        return folderSide(linalg, path, { ...options, ...context, extractor, extractorKey: key, feeding });
      });
      const from = folder.cached === null ? "" : `, ${folder.cached} from the cache`;
      context.print(`${path}: ${folder.side.n} images${from}`);
      failures.push(...folder.failures);
      sides.push({ ...folder.side, origin: own });
      cached.push(folder.cached);
    }
    opened.dispose();
    return { sides, failures, cached, origin: commonOrigin(sides) };
  } finally {
    await device.close();
  }
}

/** Warnings that a reader of the score should know. */
export function warningsFor({ source, n, d }: Side): readonly string[] {
  if (n === null || n > d) return [];
  return [
    `${source} has ${n} rows for ${d} dimensions: its covariance has rank ${Math.min(d, n - 1)}, and FID is biased upwards; KID (--kid) is not.`,
  ];
}

/** Writes mean and covariance as .npz. */
export async function saveStatistics(linalg: Linalg, side: Side, path: string): Promise<void> {
  const statistics = side.kind === "features" ? featureStatistics(linalg, side) : side;
  await writeFileAtomic(path, encodeSide({ ...statistics, origin: side.origin ?? null }));
}
