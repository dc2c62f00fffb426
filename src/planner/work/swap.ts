/** `elegant swap` as the planner sees it: its own loop over the inputs, whose outputs are removed again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Tensor4D } from "@tensorflow/tfjs-core";
import { PICTURES_AT_ONCE } from "../../editing/faces.js";
import { loadImages } from "../../editing/files/feed.js";
import { writeResults } from "../../editing/files/swap-files.js";
import { swapAll } from "../../editing/swap-rows.js";
import { readPicture } from "../../image/picture-files.js";
import type { Generator } from "../../models/generator.js";
import { loadShapes, repeat, type Work } from "./work.js";

/** Number of faces, more than are edited while the work is measured. */
const MANY = 10_000;

export interface SwapWork {
  readonly model: string;
  readonly input: readonly string[];
  readonly attribute: readonly string[];
  /** Reference images, one for each attribute. */
  readonly reference: readonly string[];
}

async function* until(isOver: () => boolean, batches: AsyncIterable<Tensor4D>): AsyncGenerator<Tensor4D> {
  for await (const images of batches) {
    yield images;
    if (isOver()) return;
  }
}

/** Describes the work. @param generator generator on the current device */
export function swapWork(generator: Generator, { model, input, attribute, reference }: SwapWork): Work {
  const { size } = generator.config;
  const pictureBytes = size * size * 4;
  return {
    items: "faces",
    doing: "decode ahead",
    key: JSON.stringify(["swap", resolve(model), attribute, dirname(resolve(input[0]))]),
    shapes: [
      ...loadShapes(size, 1),
      { name: "upload", group: "model", place: "device", outputBytes: size * size * 3 * 4 },
      { name: "forward", group: "model", place: "device", outputBytes: pictureBytes },
      { name: "encode", group: "write", place: "device", outputBytes: pictureBytes },
      { name: "write", group: "write", place: "device", outputBytes: 0 },
    ],
    batches: [1, 2, 4, 8].filter((batch) => batch <= PICTURES_AT_ONCE),
    async rehearse({ batch, feeding, isOver }) {
      const references = await Promise.all(reference.map((path) => readPicture(path)));
      const folder = await mkdtemp(join(tmpdir(), "elegant-plan-"));
      try {
        const start = performance.now();
        const images = until(isOver, loadImages(size, repeat(input, MANY), batch, feeding));
        const rows = await swapAll(generator, images, { attributes: attribute, references, feeding });
        const paths = rows.map((_, i) => join(folder, `${i}.png`));
        await writeResults(rows, paths, feeding);
        feeding.onUnit(rows.length, (performance.now() - start) / 1000);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
