/** The image workers' file with photos that end their worker, or never return. */
import { appendFileSync } from "node:fs";
import type { ImageTasks } from "../../src/image/tasks.js";
import { alignPhotos as align } from "../../src/image/worker.js";
import type { TaskHandler } from "../../src/pool/protocol.js";

export const alignPhotos: TaskHandler<ImageTasks["alignPhotos"]> = async (task) => {
  for (const { file, input } of task.items) {
    appendFileSync(`${input}.attempts`, "x");
    if (file.startsWith("dies")) process.exit(7);
    if (file.startsWith("hangs")) for (;;);
  }
  return align(task);
};
