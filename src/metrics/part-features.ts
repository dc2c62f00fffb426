/**
 * Features of a folder on several machines. Each machine writes the features of its images, and one machine puts them
 * in order.
 */

import { createHash } from "node:crypto";
import { relative } from "node:path";
import { listUsedImages } from "../dataset/left-out.js";
import { deviceWords } from "../device/node/announce.js";
import { describeMismatch, InputError } from "../errors.js";
import { writeFileAtomic } from "../files.js";
import { type Part, partName, placesOf, UNIT } from "../part.js";
import type { ItemFailure } from "../pool/protocol.js";
import type { OnProgress } from "../types.js";
import { extractFeatures } from "./extract.js";
import { openExtractor } from "./extractors.js";
import { type AboutFeatures, encodeFeatures, type FeatureFile, readFeatures } from "./feature-file.js";
import type { SideOptions } from "./fid.js";
import { DECODER, expectFinite } from "./folder.js";
import { SideGatherer } from "./gather.js";
import type { InceptionDims } from "./inception.js";
import type { Linalg } from "./linalg.js";
import type { FeatureOrigin } from "./origin.js";
import type { Features, Side } from "./sides.js";

const WHOLE: Part = { index: 0, count: 1 };

/** Path of the features of one part: a-part-0-of-4.npz next to a.npz. */
export function featurePath(path: string, part: Part | null): string {
  return part === null ? path : path.replace(/\.npz$/, `-${partName(part)}.npz`);
}

/**
 * Number of images that stay together: whole batches, so that each image is in the same batch of the network as on one
 * machine.
 */
const unitFor = (batch: number): number => batch * Math.ceil(UNIT / batch);

export interface SavedFeatures {
  readonly path: string;
  readonly about: AboutFeatures;
  readonly dims: number;
  readonly n: number;
}

/**
 * Writes the features of a folder's images, or of one part of them. It needs memory for all their rows.
 * @throws InputError if there are no images, or if one cannot be read with `strict`
 */
export async function saveFeatures(
  folder: string,
  path: string,
  part: Part | null,
  options: SideOptions,
  context: { print(line: string): void; readonly warn?: (line: string) => void; readonly onProgress: OnProgress },
): Promise<SavedFeatures> {
  const { mode, recursive, strict, batch, workers } = options;
  const all = await listUsedImages(folder, recursive, context.warn);
  const unit = unitFor(batch);
  const places = placesOf(all.length, part ?? WHOLE, unit);
  const paths = places.map((place) => all[place]);
  const device = await options.openDevice();
  try {
    const dims = Number(options.dims) as InceptionDims;
    const { extractor, key, dispose } = await openExtractor(options.features, dims, options.weights, options.seed);
    context.print(`${extractor.name}${await deviceWords(device, options)}`);
    const failures: ItemFailure[] = [];
    const onFailure = (failure: ItemFailure): void => {
      if (strict) throw new InputError(`${failure.reason} Leave --strict away to skip it.`);
      failures.push(failure);
    };
    const features = new Float32Array(paths.length * dims);
    const indices: number[] = [];
    const work = { paths, mode, workers, batch, onProgress: context.onProgress, onFailure };
    for await (const rows of extractFeatures(extractor, work)) {
      expectFinite(rows, dims, paths, extractor.name);
      features.set(rows.features, indices.length * dims);
      indices.push(...rows.indices.map((own) => places[own]));
    }
    dispose();
    const names = all.map((file) => relative(folder, file));
    const digest = createHash("sha256")
      .update([key, mode, DECODER, ...names].join("\0"))
      .digest("hex");
    const about: AboutFeatures = {
      ...{ kind: "elegant-features", version: 1, shard: part ?? WHOLE, unit, total: all.length },
      ...{ network: extractor.name, comparable: extractor.comparable, mode, digest },
      failures: failures.map(({ file, reason }) => ({ file, reason })),
    };
    const rows = features.subarray(0, indices.length * dims);
    const saved = featurePath(path, part);
    await writeFileAtomic(saved, encodeFeatures({ about, dims, features: rows, indices }));
    return { path: saved, about, dims, n: indices.length };
  } finally {
    await device.close();
  }
}

/** The features of all machines, in the order of the images. */
export interface OrderedFeatures {
  readonly about: AboutFeatures;
  readonly dims: number;
  readonly files: readonly FeatureFile[];
  readonly n: number;
}

/** Opens the files of all parts, in any order. @throws InputError that names what is missing or does not belong together */
export async function openFeatures(paths: readonly string[]): Promise<OrderedFeatures> {
  const files: FeatureFile[] = [];
  for (const path of paths) {
    const file = await readFeatures(path);
    const first = files[0] ?? file;
    const described = ({ about, dims }: FeatureFile): string =>
      `${about.shard.count} parts of ${about.total} pictures in units of ${about.unit}, ${dims} dimensions of ${about.network}, ${about.digest.slice(0, 8)}`;
    if (described(file) !== described(first)) {
      const remedy = "Run all parts with the same options on the same pictures.";
      throw new InputError(
        describeMismatch(path, `${described(first)}, as in ${first.source}`, described(file), remedy),
      );
    }
    const twin = files.find(({ about }) => about.shard.index === file.about.shard.index);
    if (twin !== undefined) {
      const received = `part ${file.about.shard.index} twice`;
      throw new InputError(describeMismatch(path, `another part than ${twin.source}`, received, "Name it once."));
    }
    files.push(file);
  }
  files.sort((a, b) => a.about.shard.index - b.about.shard.index);
  const { count } = files[0].about.shard;
  const there = new Set(files.map(({ about }) => about.shard.index));
  const missing = Array.from({ length: count }, (_, index) => index).filter((index) => !there.has(index));
  if (missing.length > 0) {
    const received = `none of part ${missing.slice(0, 8).join(", ")}${missing.length > 8 ? " and others" : ""}`;
    const remedy = "Run the missing parts and name all files.";
    throw new InputError(describeMismatch("files", `those of all ${count} parts`, received, remedy));
  }
  const order = files.flatMap(({ about }) => about.failures).sort((a, b) => (a.file < b.file ? -1 : 1));
  const n = files.reduce((sum, { indices }) => sum + indices.length, 0);
  return { about: { ...files[0].about, shard: WHOLE, failures: order }, dims: files[0].dims, files, n };
}

/** The origin of the features, for the statistics of all of them. */
export const originOf = ({ about: { network, comparable, mode } }: OrderedFeatures): FeatureOrigin => ({
  ...{ network, comparable, mode: mode ?? null, part: null },
});

/** Yields runs of rows that follow each other among all images, in order. */
function* piecesOf({
  files,
  dims,
}: OrderedFeatures): Generator<{ features: Float32Array; indices: readonly number[] }> {
  const next = files.map(() => 0);
  for (;;) {
    // Choose the file whose next image comes first.
    let turn = -1;
    for (const [i, { indices }] of files.entries()) {
      if (next[i] < indices.length && (turn < 0 || indices[next[i]] < files[turn].indices[next[turn]])) turn = i;
    }
    if (turn < 0) return;
    const { about, indices, features } = files[turn];
    const unit = Math.floor(indices[next[turn]] / about.unit);
    const start = next[turn];
    let end = start;
    while (end < indices.length && Math.floor(indices[end] / about.unit) === unit) end++;
    next[turn] = end;
    yield { features: features.subarray(start * dims, end * dims), indices: indices.slice(start, end) };
  }
}

/** The side that one machine would have made of the folder, by the same sums in the same order. */
export function gatherFeatures(linalg: Linalg, ordered: OrderedFeatures, source: string, rows: boolean): Side {
  const { about, dims, n } = ordered;
  if (n < 2) {
    const remedy = "Add images.";
    throw new InputError(describeMismatch(source, "at least two images that can be read", String(n), remedy));
  }
  const gatherer = new SideGatherer(linalg, { dims, most: about.total, rows });
  try {
    for (const { features } of piecesOf(ordered)) gatherer.add(features);
    return gatherer.finish(source);
  } finally {
    gatherer.dispose();
  }
}

/** Writes all rows in order: the same file that `--save-features` writes on one machine. */
export async function saveOrdered(linalg: Linalg, ordered: OrderedFeatures, path: string): Promise<void> {
  const side = gatherFeatures(linalg, ordered, path, true) as Features;
  const indices = [...piecesOf(ordered)].flatMap((piece) => piece.indices);
  const { about, dims } = ordered;
  await writeFileAtomic(path, encodeFeatures({ about, dims, features: side.data as Float32Array, indices }));
}
