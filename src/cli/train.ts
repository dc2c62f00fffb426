/** `elegant train DATA --attributes A B --out RUN`: trains a model, or resumes a run. */
import { type Command, Option } from "commander";
import type { Device } from "../device/device.js";
import type { Model } from "../methods/method.js";
import type { Choices } from "../methods/recipe.js";
import { recipesOf } from "../methods/recipes.js";
import type { Course } from "../planner/course.js";
import type { TrainOptions, TrainWork } from "../training/options.js";
import { type CommandContext, type CommonOptions, integer, number, runCommand, withCommonOptions } from "./command.js";
import { openDeviceFor } from "./device.js";
import { interruptible } from "./interrupt.js";
import { finishPlan, type PlannedOptions, planWork, withRecalibrate } from "./planned.js";
import { chooseRecipe, type MethodOptions, withMethodOptions } from "./train-method.js";
import { withRunSettings } from "./train-resume.js";

export interface TrainCommand extends PlannedOptions, CommonOptions<"seed" | "device">, MethodOptions {
  readonly attributes: readonly string[];
  readonly out: string;
  readonly resume: boolean;
  readonly from?: string;
  readonly size: string;
  readonly width?: number;
  readonly batch?: number | "auto";
  readonly steps: number;
  readonly minutes?: number;
  readonly saveEvery: number;
  readonly sampleEvery: number;
  readonly images?: string;
  readonly takeOver: boolean;
}

const HELP = `
DATA is a folder that elegant preprocess made, or any folder with aligned faces in images/ and CelebA's list_attr_celeba.txt next
to it. If there is a list_eval_partition.txt, only its training part is used. RUN gets checkpoints, losses.jsonl, TensorBoard events
and sample sheets. Ctrl-C stops after saving. --resume continues with the settings of the run, and the result is that of an
uninterrupted run.

Example:
  elegant train faces-256 --attributes Bangs Eyeglasses --out runs/first
  elegant train faces-64 --attributes Bangs Eyeglasses --size 64 --width 32 --steps 5000 --out runs/small
  elegant train faces-64 --resume --steps 9000 --out runs/small
  elegant train faces-128 --from runs/small --size 128 --out runs/large`;

export function registerTrain(program: Command): void {
  const command = withCommonOptions(program.command("train <data>"), ["seed", "workers", "device"])
    .description("train on a folder of aligned faces, or continue a run")
    .requiredOption("--attributes <names...>", "attributes to train, in the order of their slices of the latent")
    .requiredOption("--out <run>", "folder of the run")
    .option("--resume", "continue from the run's newest checkpoint", false)
    .option("--from <run>", "start a new run with the generator of another run, which may have another size")
    .addOption(new Option("--size <n>", "side of the images in pixels").choices(["64", "128", "256"]).default("256"))
    .option(
      "--width <n>",
      "channels of the first layer, a multiple of 4 (default: the published network's, 64 for elegant)",
      integer(4, 128),
    )
    .option(
      "--batch <n>",
      "images with the attribute per update, and as many without it (default: as published, 16 for elegant); auto: the same, or fewer if the data set is small",
      (text) => (text === "auto" ? text : integer(1, 1024)(text)),
    )
    .option("--steps <n>", "steps of the whole run; each step makes one update per attribute", integer(1), 200_000)
    .option("--minutes <x>", "stop after this many minutes, with everything saved", number(0.01, 1e6))
    .option("--save-every <n>", "steps between checkpoints", integer(1), 500)
    .option("--sample-every <n>", "steps between sample sheets", integer(1), 500)
    .option("--images <dir>", "folder of the images, relative to DATA or absolute")
    .option("--take-over", "start even if a process on another machine holds the lock of the run", false);
  withRunSettings(withRecalibrate(withMethodOptions(command)))
    .addHelpText("after", HELP)
    .action(async (data: string, options: TrainCommand) => {
      await runCommand(options, async (context) => {
        const { openDataset } = await import("../dataset/dataset.js");
        const { checkTrainingPictures } = await import("../dataset/training-pictures.js");
        const { announceDevice } = await import("../device/node/announce.js");
        const { train } = await import("../training/loop.js");
        const { readModel } = await import("../models/open.js");
        const { seed, workers, minutes } = options;
        const { model, method, batch, publishedBatch } = await chooseTraining(options);
        const from = options.from === undefined || options.resume ? null : await readModel(options.from);
        const dataset = await openDataset(data, options.images, context.onProgress, context.warn);
        const warnings = checkTrainingPictures(dataset, model.config.size);
        const device = await openDeviceFor(
          async ({ updateTrial }) => {
            const { chooseBatch } = await import("../training/batch-choice.js");
            const resumed = options.resume ? options.out : null;
            const { joint } = model.training({ ...method, seed, batch: 1, dataset: "" }, "train");
            const { attributes } = model.config;
            const chosen = await chooseBatch(batch, dataset, attributes, joint, resumed, publishedBatch);
            return updateTrial(model, { ...method, seed, batch: chosen.batch });
          },
          options,
          context,
        );
        const say = (): void =>
          context.print("Stopping after this step and saving; Ctrl-C again stops immediately, without saving.");
        const work = async (signal: AbortSignal): Promise<void> => {
          let course: Course | null = null;
          const description = await announceDevice(device, options);
          const result = await train({
            feeding: async (asked) => {
              course = await planTraining({ dataset, model, device, signal }, asked, options, context);
              return course;
            },
            dataset,
            folder: options.out,
            model,
            settings: { ...method, batch, seed },
            publishedBatch,
            resume: options.resume,
            from,
            takeOver: options.takeOver,
            steps: options.steps,
            ...(minutes === undefined ? {} : { seconds: minutes * 60 }),
            saveEvery: options.saveEvery,
            sampleEvery: options.sampleEvery,
            workers: Math.max(1, Math.floor(workers / 2)),
            signal,
            onProgress: context.onProgress,
            onStart: () => {
              for (const warning of warnings) context.warn(warning);
              if (description !== null) context.print(description);
            },
            onMessage: context.print,
          });
          const secondsPerUpdate = result.updates === 0 ? null : result.trainingSeconds / result.updates;
          const { batch: size, part, description: reason } = result.batch;
          context.printJson({
            run: options.out,
            step: result.step,
            batch: { size, part, reason },
            secondsPerUpdate,
            best: result.best,
            ...(result.leftOut === 0 ? {} : { leftOut: result.leftOut }),
            ...(await finishPlan(course)),
          });
          const rate = secondsPerUpdate === null ? "nothing left to do" : `${secondsPerUpdate.toFixed(3)} s an update`;
          const best = result.best === null ? "" : `; best at step ${result.best.step} (checkpoints/best.safetensors)`;
          context.print(`${options.out}: step ${result.step}, ${rate}${best}`);
        };
        try {
          await interruptible(work, { say });
        } finally {
          await device.close();
        }
      });
    });
}

/** The model, the choices of the training and the batch that the options describe. */
export async function chooseTraining(options: TrainCommand): Promise<{
  readonly model: Model;
  readonly method: Choices;
  readonly batch: number | "auto";
  readonly publishedBatch: number;
}> {
  const { createModel } = await import("../methods/registry.js");
  const book = recipesOf(options.method);
  const { size, attributes, width = book.width, batch = book.batch } = options;
  const { network, method } = chooseRecipe(options);
  const model = createModel(book.method, { ...network, size: Number(size), width, attributes });
  return { model, method, batch, publishedBatch: book.batch };
}

/**
 * LONG_TRAINING: number of updates for which measuring first is worthwhile. FIRST_UPDATES: the plan is revised after
 * this many.
 */
const LONG_TRAINING = 200;
const FIRST_UPDATES = 50;

async function planTraining(
  { dataset, model, device, signal }: Pick<TrainOptions, "dataset" | "model"> & { device: Device; signal: AbortSignal },
  { settings: { dataset: _, ...method }, updates }: TrainWork,
  options: TrainCommand,
  context: CommandContext,
): Promise<Course | null> {
  const { trainWork } = await import("../planner/work/train.js");
  const { minutes = Infinity } = options;
  return planWork(
    {
      work: trainWork(dataset, model, method),
      device,
      batches: [method.batch], // part of the method
      isLong: updates >= LONG_TRAINING && minutes >= 1,
      stretch: { items: FIRST_UPDATES * method.batch, seconds: Infinity },
      signal,
    },
    options,
    context,
  );
}
