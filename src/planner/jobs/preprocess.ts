/** `elegant preprocess` for the planner: photos are aligned as the command does it, into a folder that is removed again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { InputError } from "../../errors.js";
import { DEFAULT_MAX_PIXELS } from "../../image/header.js";
import { type AlignItem, createImagePool } from "../../image/tasks.js";
import { chooseLandmarkFrame } from "../../preprocess/landmark-frame.js";
import { cropFormat, isSharded } from "../../preprocess/output-format.js";
import { PHOTOS_PER_TASK } from "../../preprocess/outputs.js";
import { checkVariant, planPreprocess } from "../../preprocess/plan.js";
import type { PreprocessOptions } from "../../preprocess/preprocess.js";
import { FILE_BYTES, type Job, type Outline, PHOTO_BYTES, spansOfTask, takeCycling, WORKER_BYTES } from "./job.js";

interface Unit {
  readonly items: readonly AlignItem[];
}

const STAGES = [
  ["read", "read"],
  ["decode", "decode"],
  ["align", "warp"],
  ["encode", "encode"],
  ["write", "write"],
] as const;

type Options = Omit<PreprocessOptions, "workers">;

/** @param imageDir where the photos are */
export function preprocessOutline(imageDir: string, options: Options): Outline {
  const { size, format, quality, crop, maxPixels, tolerant = false, landmarkFrame = "auto" } = options;
  const shape = { group: "photo", place: "pool" } as const;
  return {
    items: "images",
    doing: "align photos",
    key: JSON.stringify([
      ...["preprocess", resolve(imageDir), size, format, quality, crop],
      ...[maxPixels ?? DEFAULT_MAX_PIXELS, tolerant, landmarkFrame],
    ]),
    shapes: [
      { ...shape, name: "read", outputBytes: FILE_BYTES, callBytes: WORKER_BYTES },
      { ...shape, name: "decode", outputBytes: PHOTO_BYTES },
      { ...shape, name: "align", outputBytes: size * size * 4 },
      { ...shape, name: "encode", outputBytes: size * size },
      { ...shape, name: "write", outputBytes: 0 },
    ],
    batches: [PHOTOS_PER_TASK],
  };
}

export async function preprocessJob(source: string, workers: number, options: Options): Promise<Job<Unit>> {
  const { size, format, quality, maxPixels, tolerant } = options;
  const plan = await planPreprocess(source, options);
  checkVariant(plan);
  const landmarkFrame = chooseLandmarkFrame(plan, options.landmarkFrame ?? "auto").frame ?? undefined;
  const folder = await mkdtemp(join(tmpdir(), "elegant-plan-"));
  const pool = await createImagePool(workers);
  let taken = 0;
  return {
    ...preprocessOutline(plan.imageDir, options),
    *units(batch) {
      for (; ; taken += batch) {
        const items = takeCycling(plan.photos, taken, batch).map(({ file, input, placement }, i) => ({
          file,
          input: join(plan.imageDir, input),
          output: isSharded(format) ? null : join(folder, `${taken + i}.${format}`),
          placement,
        }));
        yield { items };
      }
    },
    async run(_group, _place, { items }, signal) {
      const task = { size, format: cropFormat(format), quality, maxPixels, tolerant, landmarkFrame, items };
      const result = await pool.run("alignPhotos", task, { signal });
      const failed = result.results.filter(({ ok }) => !ok);
      if (failed.length === items.length && !failed[0].ok) throw new InputError(failed[0].reason);
      await Promise.all(items.map(({ output }) => (output === null ? null : rm(output, { force: true }))));
      return spansOfTask(result, STAGES, items.length);
    },
    async close() {
      await pool.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
