/** The painting workers' file. Piscina calls the exported function by name. A photo depends only on seed and index. */
import { join } from "node:path";
import { encodeJpeg } from "../image/codec.js";
import { writeWhole } from "../image/photo.js";
import { failureOf } from "../pool/failure-of.js";
import type { TaskHandler } from "../pool/protocol.js";
import { fileName } from "./lists.js";
import { loadPainter, renderPhoto } from "./raster.js";
import { sampleFace } from "./sample.js";
import type { PaintTasks } from "./tasks.js";

export const paintPhotos: TaskHandler<PaintTasks["paintPhotos"]> = async ({ seed, images, quality, indices }) => {
  await loadPainter();
  for (const index of indices) {
    try {
      writeWhole(join(images, fileName(index)), await encodeJpeg(renderPhoto(sampleFace(seed, index)), quality));
    } catch (error) {
      // An error that crosses threads loses its class, and with it the exit code of a full disk.
      return failureOf(fileName(index), error);
    }
  }
  return indices.length;
};
