/** `elegant preprocess` as the planner sees it: its own loop, with an output that keeps nothing. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { InputError } from "../../errors.js";
import { DEFAULT_MAX_PIXELS } from "../../image/header.js";
import type { AlignJob } from "../../preprocess/align-all.js";
import { faceName } from "../../preprocess/crop-names.js";
import { chooseLandmarkFrame } from "../../preprocess/landmark-frame.js";
import { makeCrops } from "../../preprocess/make-crops.js";
import { isPacked } from "../../preprocess/output-format.js";
import { type Batch, type CropOptions, type CropOutput, jobsOf, PHOTOS_PER_TASK } from "../../preprocess/outputs.js";
import type { PreprocessPlan } from "../../preprocess/plan.js";
import type { PreprocessOptions } from "../../preprocess/preprocess.js";
import type { AlignResult } from "../../preprocess/tasks.js";
import { photoShapes, type Work } from "./work.js";

/** Writes crops as the command does and removes them again. After the last photo it starts with the first one again. */
class RemovedOutput implements CropOutput {
  readonly finished = new Map();
  readonly failures = [];
  readonly remaining: number;
  private readonly written = new Map<Batch, readonly string[]>();
  private count = 0;

  constructor(
    private readonly plan: PreprocessPlan,
    private readonly options: CropOptions,
    private readonly folder: string,
  ) {
    this.remaining = plan.photos.length;
  }

  *jobs(): Iterable<AlignJob<Batch>> {
    const { plan, options, folder } = this;
    for (;;) {
      const once = jobsOf([plan.photos], options, ({ file, input, placement }) => {
        const output = isPacked(options.format) ? null : join(folder, `${this.count++}.${options.format}`);
        return { file, source: plan.locate(input), output, placement };
      });
      for (const job of once) {
        this.written.set(
          job.tag,
          job.task.items.flatMap(({ output }) => output ?? []),
        );
        yield job;
      }
    }
  }

  /** @throws InputError if none of the batch's photos can be used */
  async take(batch: Batch, { results }: AlignResult): Promise<void> {
    const outputs = this.written.get(batch) ?? [];
    this.written.delete(batch);
    const made = outputs.flatMap((output, i) => {
      const result = results[i];
      return result.ok ? result.crops.map((_, number) => faceName(output, number + 1)) : [];
    });
    await Promise.all(made.map((path) => rm(path, { force: true })));
    const reasons = results.map((result) => {
      if (!result.ok) return result.reason;
      return result.crops.length === 0 ? result.dropped[0] : null;
    });
    if (reasons.every((reason) => reason !== null)) throw new InputError(reasons[0]);
  }

  async discard(): Promise<void> {}
}

/** Bytes of the face finder of a worker, with its weights, and of what it returns for a photo. */
const FINDER_BYTES = 32 * 2 ** 20;
const FACE_BYTES = 2 ** 10;

/** Describes the work. @param plan the photos to process */
export function preprocessWork(plan: PreprocessPlan, options: Omit<PreprocessOptions, "workers">): Work {
  const { size, format, quality, crop, detect, maxPixels, tolerant = false, landmarkFrame = "auto" } = options;
  const shape = { group: "photo", place: "pool" } as const;
  return {
    items: "images",
    doing: "align photos",
    key: JSON.stringify([
      ...["preprocess", resolve(plan.imageDir), size, format, quality, crop],
      ...[maxPixels ?? DEFAULT_MAX_PIXELS, tolerant, landmarkFrame],
      ...(detect === undefined ? [] : [detect]),
    ]),
    shapes: [
      ...photoShapes("photo"),
      ...(detect === undefined ? [] : [{ ...shape, name: "detect", outputBytes: FACE_BYTES, callBytes: FINDER_BYTES }]),
      { ...shape, name: "align", outputBytes: size * size * 4 },
      { ...shape, name: "encode", outputBytes: size * size },
      { ...shape, name: "write", outputBytes: 0 },
    ],
    batches: [PHOTOS_PER_TASK],
    async rehearse({ feeding, isOver }) {
      const frame = chooseLandmarkFrame(plan, landmarkFrame).frame ?? undefined;
      const folder = await mkdtemp(join(tmpdir(), "elegant-plan-"));
      try {
        const cropped = { size, format, quality, maxPixels, tolerant, detect, landmarkFrame: frame };
        await makeCrops(new RemovedOutput(plan, cropped, folder), feeding, isOver);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}
