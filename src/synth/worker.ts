/** The painting workers' file. Piscina calls the exported function by name. A photo depends only on seed and index. */
import { join } from "node:path";
import { encodeJpeg } from "../image/codec.js";
import { writeWhole } from "../image/photo.js";
import type { TaskHandler } from "../pool/protocol.js";
import { fileName } from "./lists.js";
import { loadPainter, renderPhoto } from "./raster.js";
import { sampleFace } from "./sample.js";
import type { PaintTasks } from "./tasks.js";

export const paintPhotos: TaskHandler<PaintTasks["paintPhotos"]> = async ({ seed, images, quality, indices }) => {
  await loadPainter();
  for (const index of indices) {
    writeWhole(join(images, fileName(index)), await encodeJpeg(renderPhoto(sampleFace(seed, index)), quality));
  }
  return indices.length;
};
