/** Our workers without their start, as in a long run. The peers' processes stay alive from round to round, too. */
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { noSeconds, STAGES } from "../../src/image/stage-times.js";
import { planPreprocess } from "../../src/preprocess/plan.js";
import { type AlignTask, createCropPool } from "../../src/preprocess/tasks.js";

const PHOTOS_PER_TASK = 16;

export interface Steady {
  /** Milliseconds of one round from files to files. */
  round(): Promise<number>;
  /** The share of each stage in the workers' time, and the bottleneck of the whole. */
  describe(): string;
  close(): Promise<void>;
}

/** @param kind JPEG files of quality 95, or RGB bytes that are returned without encoding */
export async function steadyWorkers(
  folder: string,
  out: string,
  workers: number,
  kind: "jpg" | "rgb",
  size: number,
): Promise<Steady> {
  await mkdir(out, { recursive: true });
  const options = { images: undefined, format: "jpg", crop: null, limit: null } as const;
  const { locate, photos } = await planPreprocess(folder, options);
  const items = photos.map(({ file, input, placement }) => ({
    file,
    source: locate(input),
    output: kind === "rgb" ? null : join(out, `${basename(file).replace(/\.\w+$/, "")}.jpg`),
    placement,
  }));
  const tasks: AlignTask[] = [];
  for (let i = 0; i < items.length; i += PHOTOS_PER_TASK) {
    tasks.push({ size, format: kind, quality: 95, items: items.slice(i, i + PHOTOS_PER_TASK) });
  }
  const pool = await createCropPool(workers);
  const seconds = noSeconds();
  let wall = 0;
  return {
    async round() {
      const began = performance.now();
      const results = await Promise.all(tasks.map((task) => pool.run("alignPhotos", task)));
      const milliseconds = performance.now() - began;
      wall += milliseconds / 1000;
      for (const result of results) for (const stage of STAGES) seconds[stage] += result.seconds[stage];
      return milliseconds;
    },
    describe() {
      const sum = STAGES.reduce((total, stage) => total + seconds[stage], 0);
      const shares = STAGES.filter((stage) => seconds[stage] > 0)
        .map((stage) => `${stage} ${((100 * seconds[stage]) / sum).toFixed(0)} %`)
        .join(", ");
      const busy = (100 * sum) / (wall * workers);
      const bound = busy > 85 ? "bound by the workers' arithmetic and files" : "bound by what feeds the workers";
      return `${shares}; workers busy ${busy.toFixed(0)} %: ${bound}`;
    },
    close: () => pool.close(),
  };
}
