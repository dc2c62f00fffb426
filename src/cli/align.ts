/** `elegant align PHOTO...`: aligns a user's own photos, which have no landmarks. */
import { join } from "node:path";
import { type Command, Option } from "commander";
import { InputError } from "../errors.js";
import type { CropFormat } from "../image/tasks.js";
import { partName, selectPart } from "../part.js";
import { type CommandContext, type CommonOptions, integer, number, runCommand, withCommonOptions } from "./command.js";
import { expandInputs } from "./inputs.js";
import { interruptible } from "./interrupt.js";
import { choosePart, type PartOption, withPart } from "./part.js";

/** Number of photos that stay together on one machine. */
const PART_UNIT = 16;

interface AlignCommand extends CommonOptions<"workers">, PartOption {
  readonly out: string;
  readonly all: boolean;
  readonly size: number;
  readonly format: CropFormat;
  readonly quality: number;
  readonly minScore: number;
}

const HELP = `
Finds the faces, then aligns and crops them as elegant preprocess does. PHOTO may be a folder; the photos in it and in its subfolders
are used. DIR gets the crops photo.jpg, photo-2.jpg and so on, list_landmarks_celeba.txt, and transforms.json, which elegant swap
--paste-back needs to put an edit back into the photo. Photos without a face and faces in profile are reported and skipped.

Ctrl-C or SIGTERM stops after saving the finished photos; run the same command again to continue. With --part i/n, only the share of
machine i is done, and it goes to DIR/part-i-of-n.

Example:
  elegant align holiday.jpg --out mine
  elegant align photos --out mine --all --size 128 --format png`;

export function registerAlign(program: Command): void {
  withPart(withCommonOptions(program.command("align <photo...>"), ["workers"]))
    .description("find, align and crop the faces of your own photos, which need no landmarks")
    .requiredOption("--out <dir>", "folder of the crops: a new or empty one, or the folder of an interrupted run")
    .option("--all", "use all faces of each photo instead of the largest one", false)
    .option("--size <n>", "side of the crops in pixels", integer(8, 4096), 256)
    .addOption(new Option("--format <name>", "format of the crops").choices(["jpg", "png"]).default("jpg"))
    .option("--quality <n>", "JPEG quality", integer(1, 100), 95)
    .option("--min-score <x>", "lowest detection score that counts as a face, 0 to 1", number(0, 1), 0.5)
    .addHelpText("after", HELP)
    .action(async (named: string[], options: AlignCommand) => {
      await runCommand(options, (context) => align(named, options, context));
    });
}

async function align(named: readonly string[], options: AlignCommand, context: CommandContext): Promise<void> {
  const { alignOwnPhotos } = await import("../detection/align-photos.js");
  const { size, format, quality, all, minScore, workers } = options;
  const photos = await expandInputs(named, context.warn);
  const part = choosePart(options, context.print);
  const out = part === null ? options.out : join(options.out, partName(part));
  const mine = part === null ? photos : selectPart(photos, part, PART_UNIT);
  if (mine.length === 0) {
    context.print("no photo is left for this part");
    context.printJson({ done: 0, failed: 0, faces: [], failures: [] });
    return;
  }
  const { onProgress } = context;
  const report = await interruptible((signal) =>
    alignOwnPhotos(mine, out, { size, format, quality, all, minScore, workers, signal, onProgress }),
  );
  const { done, failed, earlier, faces, failures, seconds } = report;
  context.printJson({ done, failed, faces, failures });
  // If there was only one photo, its reason is the command's error.
  if (failures.length === 1 && done === 0) throw new InputError(failures[0].reason);
  for (const { reason } of failures) context.warn(reason);
  if (done === 0) throw new InputError("No face was aligned, and nothing was written. The reasons are above.");
  const before = earlier === 0 ? "" : ` (${earlier} already existed)`;
  context.print(`${done} faces written to ${out}${before} in ${seconds.toFixed(1)} s, ${failed} failed`);
  if (failed > 0) context.markPartial();
}
