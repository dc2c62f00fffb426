/** `elegant preprocess SRC OUT`: aligns and crops photos by CelebA's lists, or by the faces that it finds. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { describeMismatch, InputError } from "../errors.js";
import { DEFAULT_MAX_PIXELS } from "../image/header.js";
import type { LandmarkFrame } from "../image/tasks.js";
import { HAS_SHARED_MEMORY, ONE_THREAD } from "../kernels/memory.js";
import type { Course } from "../planner/course.js";
import { FACE_CHOICES, type FaceChoice } from "../preprocess/face-choice.js";
import { OUTPUT_FORMATS, type OutputFormat } from "../preprocess/output-format.js";
import type { PlanOptions } from "../preprocess/plan.js";
import type { Rectangle } from "../types.js";
import { integer, number, runCommand, withCommonOptions } from "./command.js";
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
  readonly landmarks?: string;
  readonly detect: boolean;
  readonly faces?: FaceChoice;
  readonly minScore: number;
  readonly minFace: number;
  readonly minSharpness: number;
}

function parseCrop(text: string): Rectangle {
  const numbers = text.split(",").map((word) => (/^\d+$/.test(word.trim()) ? Number(word) : Number.NaN));
  const [x, y, width, height] = numbers;
  if (numbers.length !== 4 || numbers.some(Number.isNaN) || width < 1 || height < 1) {
    throw new InvalidArgumentError(`Expected x,y,w,h in whole pixels such as 20,30,216,216, received '${text}'.`);
  }
  return { x, y, width, height };
}

/** The options that say how faces are found. @throws InputError for options that do not go together */
export function chooseFaceSource(options: PreprocessCommand): Pick<PlanOptions, "detect" | "landmarks" | "faces"> {
  const { detect, landmarks, faces, landmarkFrame, minScore, minFace, minSharpness } = options;
  if (detect) {
    if (landmarkFrame !== "auto") {
      const remedy = "Leave it out: faces are found in the upright photo.";
      throw new InputError(describeMismatch("--landmark-frame", "a list of landmarks", "--detect", remedy));
    }
    return { landmarks, detect: { faces: faces ?? "largest", minScore, minFace, minSharpness } };
  }
  const needless = [
    minScore !== MIN_SCORE && "--min-score",
    minFace > 0 && "--min-face",
    minSharpness > 0 && "--min-sharpness",
    faces !== undefined && landmarks === undefined && "--faces",
  ].find((name) => name !== false);
  if (needless === undefined) return { landmarks, faces };
  const remedy = "Add --detect, or leave the option out.";
  throw new InputError(describeMismatch(needless, "--detect, which finds the faces", "no --detect", remedy));
}

/**
 * LONG_WORK: number of photos for which measuring first is worthwhile. FIRST_SECONDS: the plan is revised after this
 * many seconds, or after a tenth of the photos.
 */
const LONG_WORK = 2000;
/** The same with --detect. Finding the faces of a photo takes some 45 ms, most of the whole time. */
const LONG_DETECTION = 250;
const FIRST_SECONDS = 30;

/** As for elegant align. */
const MIN_SCORE = 0.5;

const HELP = `
SRC holds the photos in images/, data/ or img_celeba/, and CelebA's lists next to them: list_landmarks_celeba.txt and, if present,
list_attr_celeba.txt and list_eval_partition.txt. SRC may also be a .tar file of photos or a folder of such files, which are read
without unpacking. With --detect, no landmarks are needed, and SRC may be a plain folder of photos.

If the command is interrupted, run it again to resume. With --part i/n, the share of machine i goes to OUT/part-i-of-n. When all
parts are finished, elegant merge OUT joins them to the output that one machine would have written.

Example:
  elegant preprocess CelebA faces-256 --size 256
  elegant preprocess celeba-hq faces-64 --size 64 --crop 20,30,216,216 --format png
  elegant preprocess photos faces-256 --detect --faces all --min-face 64
  elegant preprocess CelebA faces-256 --part 0/4   (on the first of four machines; then: elegant merge faces-256)`;

export function registerPreprocess(program: Command): void {
  const command = program.command("preprocess <src> <out>");
  acceptOldName(command, "--format shard", "--format raw");
  acceptOldName(command, "--shard-photos", "--photos-per-file");
  withPart(withRecalibrate(withCommonOptions(command, ["workers"])))
    .description("align and crop the photos of a data set by their landmarks, or by the faces found in them")
    .option("--size <n>", "side of the crops in pixels", integer(8, 4096), 256)
    .option("--images <dir>", "folder of the photos, relative to SRC or absolute")
    .addOption(
      new Option(
        "--format <name>",
        "one file per crop (jpg, png), or packed files: raw pixels in .npy files or JPEGs in .tar files",
      )
        .choices(OUTPUT_FORMATS)
        .default("jpg"),
    )
    .option(
      "--photos-per-file <n>",
      "with --format raw or webdataset: number of photos per packed file",
      integer(1, 100_000),
      256,
    )
    .option("--quality <n>", "JPEG quality", integer(1, 100), 95)
    .option(
      "--crop <x,y,w,h>",
      "for photos that are already aligned: crop this square and resize it; needs no landmarks",
      parseCrop,
    )
    .option("--detect", "find the faces instead of reading landmarks, and write their quality to quality.csv", false)
    .addOption(
      new Option(
        "--faces <which>",
        "with --detect or --landmarks: which faces of each photo to use (default: largest)",
      ).choices(FACE_CHOICES),
    )
    .option(
      "--min-score <x>",
      "with --detect: lowest detection score that counts as a face, 0 to 1",
      number(0, 1),
      MIN_SCORE,
    )
    .option("--min-face <px>", "with --detect: smallest side of a face, in pixels of the photo", number(0, 1e5), 0)
    .option("--min-sharpness <x>", "with --detect: lowest sharpness of a face, as in quality.csv", number(0, 1e6), 0)
    .option(
      "--landmarks <file>",
      "read the landmarks from this list instead of SRC's, for example OUT/photos/list_landmarks_celeba.txt",
    )
    .option("--limit <n>", "use only the first n photos", integer(1))
    .option(
      "--max-pixels <n>",
      "reject photos with more pixels before they are decoded",
      integer(1, 2 ** 31),
      DEFAULT_MAX_PIXELS,
    )
    .option("--tolerant", "use the readable part of damaged photos, and record the damage in manifest.jsonl", false)
    .addOption(
      new Option(
        "--landmark-frame <name>",
        "for photos that EXIF rotates: whether landmarks are in pixels of the stored or of the upright photo",
      )
        .choices(["auto", "stored", "upright"])
        .default("auto"),
    )
    .option("--take-over", "start even if a process on another machine holds the lock of OUT", false)
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
          const faces = chooseFaceSource(options);
          const wanted = { size, images, format, quality, photosPerFile, crop, limit, ...read, ...faces };
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
                isLong: photos >= (options.detect ? LONG_DETECTION : LONG_WORK),
                stretch: { items: photos / 10, seconds: FIRST_SECONDS },
              };
              course = await planWork(planned, options, context);
              return course;
            },
          });
          const { done, failed, skipped, failures, seconds } = report;
          context.print(
            `${done} images written to ${out} in ${seconds.wall.toFixed(1)} s, ${skipped} already existed, ${failed} failed`,
          );
          if (done > 0 && !context.json) {
            const each = STAGES.filter((stage) => stage !== "detect" || options.detect).map(
              (stage) => `${stage} ${((seconds[stage] / done) * 1000).toFixed(2)}`,
            );
            context.print(`milliseconds per image and thread: ${each.join(", ")}`);
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
