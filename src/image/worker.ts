/**
 * The image workers' file. Piscina calls the exported functions by name; without threads, WorkerPool does. A bad image
 * is a result and never throws.
 */
import { threadId } from "node:worker_threads";
import { workerData } from "piscina";
import { ElegantError, RetryableError, UnreadableFileError } from "../errors.js";
import { asAddressSpaceError } from "../kernels/address-space.js";
import { HAS_SHARED_MEMORY } from "../kernels/memory.js";
import { loadModule } from "../kernels/module.js";
import { handOver } from "../pool/hand-over.js";
import { type ItemFailure, openRange, type TaskHandler } from "../pool/protocol.js";
import { toInceptionInput } from "./inception-input.js";
import { alignPhoto, checkCrop, checkSquare, readPhoto } from "./photo.js";
import { nameOf } from "./picture-source.js";
import { Pixels, wholeOf } from "./pixels.js";
import { readRawFloats, readSource } from "./source.js";
import { noSeconds, timed } from "./stage-times.js";
import type { AlignedPhoto, CheckResult, ImageTasks, ImageWorkerData, LoadFailure } from "./tasks.js";

// The calling thread has a compiled module of its own.
const loading = HAS_SHARED_MEMORY ? (workerData as ImageWorkerData).imageModule : loadModule("image");
const opened = Promise.resolve(loading).then((module) => new Pixels(module));
opened.catch(() => {}); // each task reports the error

function failure(file: string, thrown: unknown): ItemFailure {
  const error = asAddressSpaceError(thrown) ?? thrown;
  const reason = error instanceof Error ? error.message : String(error);
  // Any other error is a bug of ours or of a codec. The item fails, and the error's class helps readers of the report.
  const named = error instanceof ElegantError || !(error instanceof Error) ? reason : `${error.name}: ${reason}`;
  const failed = { ok: false, file, reason: named, retryable: error instanceof RetryableError } as const;
  return error instanceof UnreadableFileError ? { ...failed, unreadable: true } : failed;
}

export const alignPhotos: TaskHandler<ImageTasks["alignPhotos"]> = async ({ items, ...options }) => {
  const pixels = await opened;
  const seconds = noSeconds();
  const results: (AlignedPhoto | ItemFailure)[] = [];
  for (const item of items) {
    try {
      results.push({ ok: true, file: item.file, ...(await alignPhoto(pixels, item, options, seconds)) });
    } catch (error) {
      results.push(failure(item.file, error));
    }
  }
  const buffers = results.flatMap((result) => (result.ok && result.bytes !== undefined ? [result.bytes.buffer] : []));
  return handOver({ results, seconds, thread: threadId }, buffers);
};

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
      failures.push({ ...failure(nameOf(source), error), index: i });
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
      results.push(failure(nameOf(source), error));
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
      failures.push(failure(path, error));
    }
  }
  return { failures, seconds, thread: threadId };
};
