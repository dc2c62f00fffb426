/**
 * The image workers' file. Piscina calls the exported functions by name; without threads, WorkerPool does. A bad image
 * is a result and never throws.
 */
import { threadId } from "node:worker_threads";
import { failureOf } from "../pool/failure-of.js";
import { type ItemFailure, openRange, type TaskHandler } from "../pool/protocol.js";
import { toInceptionInput } from "./inception-input.js";
import { checkCrop, checkSquare, readPhoto } from "./photo.js";
import { nameOf } from "./picture-source.js";
import { wholeOf } from "./pixels.js";
import { readRawFloats, readSource } from "./source.js";
import { noSeconds, timed } from "./stage-times.js";
import type { CheckResult, ImageTasks, LoadFailure } from "./tasks.js";
import { openWorkerPixels } from "./worker-pixels.js";

const opened = openWorkerPixels();

export const loadImages: TaskHandler<ImageTasks["loadImages"]> = async ({ size, crop, sources, target }) => {
  const pixels = await opened;
  const floats = openRange(target); // [sources, size, size, 3]
  const failures: LoadFailure[] = [];
  const seconds = noSeconds();
  const imageLength = size * size * 3;
  for (const [i, source] of sources.entries()) {
    const output = floats.subarray(i * imageLength, (i + 1) * imageLength);
    try {
      if (source.raw === size && crop === null) {
        await readRawFloats(pixels, source, output, seconds);
        continue;
      }
      const image = await readSource(source, seconds);
      if (crop === null) checkSquare(image, nameOf(source));
      else checkCrop(crop, image, nameOf(source));
      await timed(seconds, "normalise", () => {
        pixels.resizeToFloat(image, crop ?? wholeOf(image), size, size, output);
      });
    } catch (error) {
      failures.push({ ...failureOf(nameOf(source), error), index: i });
    }
  }
  return { failures, seconds, thread: threadId };
};

export const checkPictures: TaskHandler<ImageTasks["checkPictures"]> = async ({ sources }) => {
  const results: CheckResult["results"][number][] = [];
  for (const source of sources) {
    try {
      const { width, height } = await readSource(source);
      results.push({ ok: true, width, height });
    } catch (error) {
      results.push(failureOf(nameOf(source), error));
    }
  }
  return { results };
};

export const loadInceptionInputs: TaskHandler<ImageTasks["loadInceptionInputs"]> = async (task) => {
  const { size, mode, paths, target } = task;
  const floats = openRange(target);
  const length = size * size * 3;
  const failures: (ItemFailure | null)[] = [];
  const seconds = noSeconds();
  for (const [i, path] of paths.entries()) {
    try {
      // Not turned upright: the published scores do not turn images either.
      const image = await readPhoto(path, path, seconds, { frame: "stored" });
      const output = floats.subarray(i * length, (i + 1) * length);
      await timed(seconds, "normalise", () => toInceptionInput(image, size, mode, output));
      failures.push(null);
    } catch (error) {
      failures.push(failureOf(path, error));
    }
  }
  return { failures, seconds, thread: threadId };
};
