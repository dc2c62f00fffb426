/** `elegant swap` for the planner: the inputs are edited over and over; what it writes is removed again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { dispose } from "@tensorflow/tfjs-core";
import {
  disposeFaces,
  encodeFaces,
  PICTURES_AT_ONCE,
  toPictures,
  toTensor,
  uploadFloats,
} from "../../editing/faces.js";
import { readPicture } from "../../editing/picture.js";
import { type Edit, swap, swapMany } from "../../editing/swap.js";
import { InputError } from "../../errors.js";
import { writeFileAtomic } from "../../files.js";
import { encodePng } from "../../image/codec.js";
import { createImagePool } from "../../image/tasks.js";
import { attributeIndex } from "../../methods/attributes.js";
import { openGenerator } from "../../models/open.js";
import { BatchRing } from "../../pool/ring.js";
import type { RgbaImage } from "../../types.js";
import type { Span } from "../types.js";
import { type Job, LOAD_STAGES, loadShapes, type Outline, onDevice, spansOfTask, takeCycling } from "./job.js";

interface Unit {
  readonly paths: readonly string[];
  inputs: Float32Array | null;
  results: readonly RgbaImage[];
}

export interface SwapJobOptions {
  readonly model: string;
  readonly input: readonly string[];
  readonly attribute: readonly string[];
  /** One for each attribute, or one for all. */
  readonly reference: readonly string[];
  readonly workers: number;
}

/** @param size of the model's pictures */
export function swapOutline({ model, input, attribute }: Omit<SwapJobOptions, "workers">, size: number): Outline {
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
  };
}

/** On the current device. */
export async function swapJob(options: SwapJobOptions): Promise<Job<Unit>> {
  const { model, input, attribute, reference, workers } = options;
  const generator = await openGenerator(model);
  const { size } = generator.config;
  const edits: Edit[] = [];
  for (const [i, name] of attribute.entries()) {
    attributeIndex(generator.config, name);
    const picture = await readPicture(reference[reference.length === 1 ? 0 : i]);
    edits.push({ attribute: name, reference: encodeFaces(generator, await toTensor([picture], size)) });
  }
  const folder = await mkdtemp(join(tmpdir(), "elegant-plan-"));
  const pool = await createImagePool(workers);
  let taken = 0;
  return {
    ...swapOutline(options, size),
    *units(batch) {
      for (; ; taken += batch) yield { paths: takeCycling(input, taken, batch), inputs: null, results: [] };
    },
    async run(group, _place, unit, signal) {
      const n = unit.paths.length;
      if (group === "load") {
        const length = n * size * size * 3;
        const sources = unit.paths.map((path) => ({ path }));
        const target = new BatchRing(1, length).range(0, 0, length);
        const task = { size, crop: null, sources, target };
        const result = await pool.run("loadImages", task, { signal });
        if (result.failures.length > 0) throw new InputError(result.failures[0].reason);
        unit.inputs = new Float32Array(target.buffer);
        return spansOfTask(result, LOAD_STAGES, n);
      }
      const spans: Span[] = [];
      if (group === "model") {
        const images = await onDevice(spans, "upload", n, () => uploadFloats(unit.inputs as Float32Array, size));
        unit.inputs = null;
        unit.results = await onDevice(spans, "forward", n, async () => {
          const faces = encodeFaces(generator, images);
          const [{ attribute: name, reference: other }] = edits;
          // As the command does it: a single attribute both ways.
          const rendered =
            edits.length === 1
              ? Object.values(swap(generator, faces, other, name)).reverse()
              : [swapMany(generator, faces, edits)];
          const [pictures] = await Promise.all(rendered.map((images) => toPictures(images)));
          dispose(rendered);
          disposeFaces(faces);
          return pictures;
        });
        return spans;
      }
      const files = await onDevice(spans, "encode", n, () =>
        Promise.all(unit.results.map((result) => encodePng(result))),
      );
      unit.results = [];
      await onDevice(spans, "write", n, async () => {
        for (const [i, bytes] of files.entries()) await writeFileAtomic(join(folder, `${i}.png`), bytes);
      });
      return spans;
    },
    async close() {
      await pool.close();
      for (const { reference: faces } of edits) disposeFaces(faces);
      generator.dispose();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
