/**
 * The crop workers' file. Piscina calls the exported function by name; without threads, WorkerPool does. A bad photo is
 * a result and never throws.
 */
import { threadId } from "node:worker_threads";
import { FaceFinder } from "../detection/face-finder.js";
import { noSeconds } from "../image/stage-times.js";
import { openWorkerPixels } from "../image/worker-pixels.js";
import { failureOf } from "../pool/failure-of.js";
import { handOver } from "../pool/hand-over.js";
import type { ItemFailure, TaskHandler } from "../pool/protocol.js";
import { alignPhoto } from "./align-photo.js";
import type { AlignedPhoto, CropTasks } from "./tasks.js";

const opened = openWorkerPixels();
/** Opened with the first photo that needs it: with landmarks, none does. */
let finder: Promise<FaceFinder> | null = null;
const openFinder = (): Promise<FaceFinder> => {
  finder ??= FaceFinder.open(1);
  finder.catch(() => {
    finder = null; // the next photo tries again
  });
  return finder;
};

export const alignPhotos: TaskHandler<CropTasks["alignPhotos"]> = async ({ items, ...options }) => {
  const pixels = await opened;
  const seconds = noSeconds();
  const results: (AlignedPhoto | ItemFailure)[] = [];
  for (const item of items) {
    try {
      results.push(await alignPhoto({ pixels, openFinder, seconds }, item, options));
    } catch (error) {
      results.push(failureOf(item.file, error));
    }
  }
  const buffers = results.flatMap((result) =>
    result.ok ? result.crops.flatMap(({ bytes }) => bytes?.buffer ?? []) : [],
  );
  return handOver({ results, seconds, thread: threadId }, buffers);
};
