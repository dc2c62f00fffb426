/** The loop of `elegant preprocess`: photos go to the pool, and their crops to an output. */
import { noSeconds, STAGES, type StageSeconds } from "../image/stage-times.js";
import type { Feeding } from "../pool/feeding.js";
import type { OnProgress } from "../types.js";
import { type AlignJob, alignAll } from "./align-all.js";
import type { Batch, CropOutput } from "./outputs.js";
import { createCropPool } from "./tasks.js";

/**
 * Makes the crops of an output, and discards what is unfinished at its end.
 * @param isOver whether to stop. Tasks in flight still finish, so that every image on disk is also in the records.
 * @returns the seconds that all threads together spent in each stage
 */
export async function makeCrops(
  output: CropOutput,
  feeding: Feeding,
  isOver: () => boolean,
  onProgress?: OnProgress,
): Promise<StageSeconds> {
  const { failures, remaining } = output;
  const seconds = noSeconds();
  let taken = 0;
  const pool = await createCropPool(feeding.most);
  const jobs = function* (): Generator<AlignJob<Batch>> {
    for (const job of output.jobs()) {
      if (isOver()) return;
      yield job;
    }
  };
  try {
    pool.use(feeding.workers);
    let before = performance.now();
    for await (const { tag, result } of alignAll(pool, jobs())) {
      for (const stage of STAGES) seconds[stage] += result.seconds[stage];
      const { warp: align, ...others } = result.seconds;
      feeding.onTimes({ ...others, align }, tag.photos.length, result.thread);
      await output.take(tag, result);
      taken += tag.photos.length;
      const progress = { stage: "preprocess", done: taken, total: remaining, unit: "images" };
      onProgress?.(failures.length === 0 ? progress : { ...progress, note: `${failures.length} failed` });
      const now = performance.now();
      feeding.onUnit(tag.photos.length, (now - before) / 1000);
      before = now;
      pool.use(feeding.workers); // a new plan may have other numbers
    }
  } finally {
    await output.discard();
    await pool.close();
  }
  return seconds;
}
