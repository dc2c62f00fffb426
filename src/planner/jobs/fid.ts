/** `elegant fid` for the planner: pictures of both folders through the network into moments that are thrown away. */
import { resolve } from "node:path";
import { describeMismatch, InputError } from "../../errors.js";
import type { InceptionMode } from "../../image/inception-input.js";
import { createImagePool } from "../../image/tasks.js";
import { featuresOf } from "../../metrics/extract.js";
import { type ExtractorName, openExtractor } from "../../metrics/extractors.js";
import { areFolders } from "../../metrics/fid-inputs.js";
import { SideGatherer } from "../../metrics/gather.js";
import { listImages } from "../../metrics/image-list.js";
import type { InceptionDims } from "../../metrics/inception.js";
import { Linalg } from "../../metrics/linalg.js";
import { BatchRing } from "../../pool/ring.js";
import type { Span } from "../types.js";
import { type Job, LOAD_STAGES, loadShapes, onDevice, spansOfTask, takeCycling } from "./job.js";

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

/** On the current device. @param names folders, or files that hold what needs no network */
export async function fidJob(names: readonly string[], options: FidJobOptions): Promise<Job<Unit>> {
  const { mode, workers, seed } = options;
  const folders = await areFolders(names);
  const withImages = names.filter((_, i) => folders[i]);
  if (withImages.length === 0) {
    const remedy = "There is nothing to plan where features are given: run 'elegant fid' itself.";
    throw new InputError(describeMismatch(names.join(" and "), "a folder of images", "files", remedy));
  }
  const paths = (await Promise.all(withImages.map((name) => listImages(name, options.recursive)))).flat();
  const dims = Number(options.dims) as InceptionDims;
  const opened = await openExtractor(options.features, dims, options.weights, seed);
  const { extractor } = opened;
  const { size } = extractor;
  const linalg = await Linalg.open(workers);
  // As for a folder of more pictures than dimensions.
  const gatherer = new SideGatherer(linalg, { dims, most: 1, rows: false });
  const pool = await createImagePool(workers);
  let taken = 0;
  return {
    items: "images",
    key: JSON.stringify(["fid", withImages.map((name) => resolve(name)), opened.key, mode]),
    shapes: [
      ...loadShapes(size, 1),
      { name: "features", group: "score", place: "device", outputBytes: dims * 4 },
      { name: "moments", group: "score", place: "device", outputBytes: 0 },
    ],
    batches: [1, 2, 4, 8, 16, 32],
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
      opened.dispose();
    },
  };
}
