/** The crop workers' file with photos that end their worker, or never return. */
import { appendFileSync } from "node:fs";
import type { TaskHandler } from "../../src/pool/protocol.js";
import type { CropTasks } from "../../src/preprocess/tasks.js";
import { alignPhotos as align } from "../../src/preprocess/worker.js";

export const alignPhotos: TaskHandler<CropTasks["alignPhotos"]> = async (task) => {
  for (const { file, source } of task.items) {
    appendFileSync(`${source.path}.attempts`, "x");
    if (file.startsWith("dies")) process.exit(7);
    if (file.startsWith("hangs")) for (;;);
  }
  return align(task);
};
