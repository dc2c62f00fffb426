/** `elegant fid` as the planner sees it: its own loop over the images of the folders, into moments that are thrown away. */

import { resolve } from "node:path";
import { listUsedImages } from "../../dataset/left-out.js";
import { InputError } from "../../errors.js";
import type { InceptionMode } from "../../image/inception-input.js";
import type { OpenedExtractor } from "../../metrics/extractors.js";
import { addFeatures } from "../../metrics/folder.js";
import { SideGatherer } from "../../metrics/gather.js";
import { Linalg } from "../../metrics/linalg.js";
import type { ItemFailure } from "../../pool/protocol.js";
import { loadShapes, repeat, type Work } from "./work.js";

/** Number of images, more than a network processes while it is measured. */
const MANY = 20_000;

export interface FidWork {
  readonly mode: InceptionMode;
  readonly recursive: boolean;
  /** Number of threads for the moments. */
  readonly workers: number;
}

/** Describes the work. @param folders folders of images @param network network on the current device */
export function fidWork(
  folders: readonly string[],
  { extractor, key }: Pick<OpenedExtractor, "extractor" | "key">,
  { mode, recursive, workers }: FidWork,
): Work {
  const { dims } = extractor;
  return {
    items: "images",
    doing: "decode ahead",
    key: JSON.stringify(["fid", folders.map((name) => resolve(name)), key, mode, recursive]),
    shapes: [
      ...loadShapes(extractor.size, 1),
      { name: "features", group: "score", place: "device", outputBytes: dims * 4 },
      { name: "moments", group: "score", place: "device", outputBytes: 0 },
    ],
    batches: [1, 2, 4, 8, 16, 32],
    async rehearse({ batch, feeding, isOver }) {
      const paths = (await Promise.all(folders.map((name) => listUsedImages(name, recursive)))).flat();
      const failed = new Set<string>();
      const onFailure = ({ file, reason }: ItemFailure): void => {
        if (failed.add(file).size === paths.length) throw new InputError(reason);
      };
      const linalg = await Linalg.open(workers);
      // This is the path for a folder with more images than dimensions.
      const gatherer = new SideGatherer(linalg, { dims, most: 1, rows: false });
      try {
        const options = { paths: repeat(paths, MANY), mode, batch, workers: feeding, onFailure };
        await addFeatures(gatherer, extractor, options, isOver);
      } finally {
        gatherer.dispose();
        await linalg.close();
      }
    },
  };
}
