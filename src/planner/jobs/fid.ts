/** `elegant fid` for the planner: pictures of both folders through the network into moments that are thrown away. */
import { resolve } from "node:path";
import { describeMismatch, InputError } from "../../errors.js";
import type { InceptionMode } from "../../image/inception-input.js";
import { listImages } from "../../image/list-images.js";
import { createImagePool } from "../../image/tasks.js";
import { featuresOf } from "../../metrics/extract.js";
import { type ExtractorName, type OpenedExtractor, openExtractor } from "../../metrics/extractors.js";
import { areFolders } from "../../metrics/fid-inputs.js";
import { SideGatherer } from "../../metrics/gather.js";
import type { InceptionDims } from "../../metrics/inception.js";
import { Linalg } from "../../metrics/linalg.js";
import { BatchRing } from "../../pool/ring.js";
import type { Span } from "../types.js";
import { type Job, LOAD_STAGES, loadShapes, type Outline, onDevice, spansOfTask, takeCycling } from "./job.js";

interface Unit {
  readonly paths: readonly string[];
  pictures: Float32Array | null;
}

export interface FidJobOptions {
  readonly dims: string;
  readonly mode: InceptionMode;
  readonly features: ExtractorName;
  readonly weights?: string;
  readonly recursive: boolean;
  readonly workers: number;
  readonly seed: number;
}

type Network = Pick<OpenedExtractor, "extractor" | "key">;

/** @param folders of images */
export function fidOutline(
  folders: readonly string[],
  { extractor, key }: Network,
  { mode, recursive }: Pick<FidJobOptions, "mode" | "recursive">,
): Outline {
  return {
    items: "images",
    doing: "decode ahead",
    key: JSON.stringify(["fid", folders.map((name) => resolve(name)), key, mode, recursive]),
    shapes: [
      ...loadShapes(extractor.size, 1),
      { name: "features", group: "score", place: "device", outputBytes: extractor.dims * 4 },
      { name: "moments", group: "score", place: "device", outputBytes: 0 },
    ],
    batches: [1, 2, 4, 8, 16, 32],
  };
}

/** On the current device. @param names folders, or files that hold what needs no network */
export async function fidJob(names: readonly string[], options: FidJobOptions): Promise<Job<Unit>> {
  const folders = await areFolders(names);
  const withImages = names.filter((_, i) => folders[i]);
  if (withImages.length === 0) {
    const remedy = "There is nothing to plan where features are given: run 'elegant fid' itself.";
    throw new InputError(describeMismatch(names.join(" and "), "a folder of images", "files", remedy));
  }
  const { features, weights, seed } = options;
  const opened = await openExtractor(features, Number(options.dims) as InceptionDims, weights, seed);
  const job = await fidJobWith(opened, withImages, options);
  return {
    ...job,
    async close() {
      await job.close();
      opened.dispose();
    },
  };
}

/** With a network that stays open. @param folders of images */
export async function fidJobWith(
  network: Network,
  folders: readonly string[],
  { mode, recursive, workers }: Pick<FidJobOptions, "mode" | "recursive" | "workers">,
): Promise<Job<Unit>> {
  const paths = (await Promise.all(folders.map((name) => listImages(name, recursive)))).flat();
  const { extractor } = network;
  const { size, dims } = extractor;
  const linalg = await Linalg.open(workers);
  // As for a folder of more pictures than dimensions.
  const gatherer = new SideGatherer(linalg, { dims, most: 1, rows: false });
  const pool = await createImagePool(workers);
  let taken = 0;
  return {
    ...fidOutline(folders, network, { mode, recursive }),
    *units(batch) {
      for (; ; taken += batch) yield { paths: takeCycling(paths, taken, batch), pictures: null };
    },
    async run(group, _place, unit, signal) {
      const n = unit.paths.length;
      if (group === "load") {
        const length = n * size * size * 3;
        const target = new BatchRing(1, length).range(0, 0, length);
        const task = { size, mode, paths: unit.paths, target };
        const result = await pool.run("loadInceptionInputs", task, { signal });
        unit.pictures = new Float32Array(target.buffer);
        return spansOfTask(result, LOAD_STAGES, n);
      }
      const spans: Span[] = [];
      const pictures = (unit.pictures as Float32Array).slice();
      unit.pictures = null;
      const features = await onDevice(spans, "features", n, () => featuresOf(extractor, pictures));
      await onDevice(spans, "moments", n, () => gatherer.add(features));
      return spans;
    },
    async close() {
      await pool.close();
      gatherer.dispose();
      await linalg.close();
    },
  };
}
