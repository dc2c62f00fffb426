/** `elegant preprocess SRC OUT`: aligns and crops a folder of photos by CelebA's lists. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_MAX_PIXELS } from "../image/header.js";
import type { LandmarkFrame } from "../image/tasks.js";
import { HAS_SHARED_MEMORY, ONE_THREAD } from "../kernels/memory.js";
import type { Course } from "../planner/course.js";
import { OUTPUT_FORMATS, type OutputFormat } from "../preprocess/output-format.js";
import type { Rectangle } from "../types.js";
import { integer, runCommand, withCommonOptions } from "./command.js";
import { interruptible } from "./interrupt.js";
import { acceptOldName } from "./old-names.js";
import { choosePart, type PartOption, withPart } from "./part.js";
import { finishPlan, type PlannedOptions, planWork, withRecalibrate } from "./planned.js";

export interface PreprocessCommand extends PlannedOptions, PartOption {
  readonly size: number;
  readonly images?: string;
  readonly format: OutputFormat;
  readonly quality: number;
  readonly crop?: Rectangle;
  readonly photosPerFile: number;
  readonly limit?: number;
  readonly maxPixels: number;
  readonly tolerant: boolean;
  readonly takeOver: boolean;
  readonly landmarkFrame: LandmarkFrame | "auto";
}

function parseCrop(text: string): Rectangle {
  const numbers = text.split(",").map((word) => (/^\d+$/.test(word.trim()) ? Number(word) : Number.NaN));
  const [x, y, width, height] = numbers;
  if (numbers.length !== 4 || numbers.some(Number.isNaN) || width < 1 || height < 1) {
    throw new InvalidArgumentError(`Expected x,y,w,h in whole pixels such as 20,30,216,216, received '${text}'.`);
  }
  return { x, y, width, height };
}

/**
 * LONG_WORK: number of photos for which measuring first is worthwhile. FIRST_SECONDS: the plan is revised after this
 * many seconds, or after a tenth of the photos.
 */
const LONG_WORK = 2000;
const FIRST_SECONDS = 30;

const HELP = `
SRC holds the photos in images/, data/ or img_celeba/ and CelebA's lists next to them: list_landmarks_celeba.txt, and
where present list_attr_celeba.txt and list_eval_partition.txt. Running the command again resumes. With --part i/n the part goes
to OUT/part-i-of-n; when all are there, elegant merge OUT makes of them what one machine would have written.

Example:
  elegant preprocess CelebA faces-256 --size 256
  elegant preprocess celeba-hq faces-64 --size 64 --crop 20,30,216,216 --format png
  elegant preprocess CelebA faces-256 --part 0/4   (on the first of four machines; then: elegant merge faces-256)`;

export function registerPreprocess(program: Command): void {
  const command = program.command("preprocess <src> <out>");
  acceptOldName(command, "--format shard", "--format raw");
  acceptOldName(command, "--shard-photos", "--photos-per-file");
  withPart(withRecalibrate(withCommonOptions(command, ["workers"])))
    .description("align and crop the photos of a data set by their landmarks")
    .option("--size <n>", "side of the crops in pixels", integer(8, 4096), 256)
    .option("--images <dir>", "the photos' folder, within SRC or absolute")
    .addOption(
      new Option("--format <name>", "a file a photo (jpg, png), or files of many: raw pixels as .npy, JPEGs as .tar")
        .choices(OUTPUT_FORMATS)
        .default("jpg"),
    )
    .option(
      "--photos-per-file <n>",
      "photos of a packed file, with --format raw or webdataset",
      integer(1, 100_000),
      256,
    )
    .option("--quality <n>", "JPEG quality", integer(1, 100), 95)
    .option("--crop <x,y,w,h>", "photos are aligned: cut out this square and resize it, without landmarks", parseCrop)
    .option("--limit <n>", "only the first n photos", integer(1))
    .option("--max-pixels <n>", "photos of more pixels fail by their header", integer(1, 2 ** 31), DEFAULT_MAX_PIXELS)
    .option("--tolerant", "use what can be decoded of damaged photos, and note the damage in manifest.jsonl", false)
    .addOption(
      new Option("--landmark-frame <name>", "where EXIF turns photos: are landmarks in pixels as stored or upright")
        .choices(["auto", "stored", "upright"])
        .default("auto"),
    )
    .option("--take-over", "work although a process on another machine holds OUT's lock", false)
    .addHelpText("after", HELP)
    .action(async (source: string, out: string, options: PreprocessCommand) => {
      await runCommand(options, async (context) => {
        const { preprocess } = await import("../preprocess/preprocess.js");
        const { STAGES } = await import("../image/stage-times.js");
        if (!HAS_SHARED_MEMORY) context.print(ONE_THREAD);
        const part = choosePart(options, context.print);
        await interruptible(async (signal) => {
          let course: Course | null = null;
          const { size, images, format, quality, photosPerFile, crop = null, limit = null, workers } = options;
          const { maxPixels, tolerant, landmarkFrame } = options;
          const read = { maxPixels, tolerant, landmarkFrame };
          const wanted = { size, images, format, quality, photosPerFile, crop, limit, ...read };
          const report = await preprocess(source, out, {
            ...{ ...wanted, workers, part, signal, takeOver: options.takeOver },
            onNotice: context.print,
            onWarning: context.warn,
            onProgress: context.onProgress,
            feeding: async (plan, photos) => {
              const { preprocessWork } = await import("../planner/work/preprocess.js");
              const work = preprocessWork(plan, wanted);
              const planned = {
                ...{ work, device: null, batches: work.batches, signal },
                isLong: photos >= LONG_WORK,
                stretch: { items: photos / 10, seconds: FIRST_SECONDS },
              };
              course = await planWork(planned, options, context);
              return course;
            },
          });
          const { done, failed, skipped, failures, seconds } = report;
          context.print(
            `${done} images written to ${out} in ${seconds.wall.toFixed(1)} s, ${skipped} were there, ${failed} failed`,
          );
          if (done > 0 && !context.json) {
            const each = STAGES.map((stage) => `${stage} ${((seconds[stage] / done) * 1000).toFixed(2)}`);
            context.print(`milliseconds an image and thread: ${each.join(", ")}`);
          }
          if (part !== null) context.print(`when all ${part.count} parts are done: elegant merge ${out}`);
          for (const { reason } of failures.slice(0, 10)) context.print(`  ${reason}`);
          if (failures.length > 10) context.print(`  and ${failures.length - 10} more in ${out}/failures.json`);
          context.printJson({ ...report, ...(await finishPlan(course)) });
          if (failed > 0) context.markPartial();
        });
      });
    });
}
