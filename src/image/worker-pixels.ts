/** Opens the image kernels in a worker thread. */
import { workerData } from "piscina";
import { HAS_SHARED_MEMORY } from "../kernels/memory.js";
import { loadModule } from "../kernels/module.js";
import { Pixels } from "./pixels.js";
import type { ImageWorkerData } from "./tasks.js";

/** The kernels of this thread. Call it once when the worker file loads; each task then reports an error of it. */
export function openWorkerPixels(): Promise<Pixels> {
  // The calling thread has a compiled module of its own.
  const loading = HAS_SHARED_MEMORY ? (workerData as ImageWorkerData).imageModule : loadModule("image");
  const opened = Promise.resolve(loading).then((module) => new Pixels(module));
  opened.catch(() => {}); // each task reports the error
  return opened;
}
