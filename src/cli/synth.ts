/** `elegant synth DIR`: paints a synthetic in-the-wild data set with CelebA's own files. */
import type { Command } from "commander";
import { HAS_SHARED_MEMORY, ONE_THREAD } from "../kernels/memory.js";
import { type CommonOptions, integer, runCommand, withCommonOptions } from "./command.js";
import { choosePart, type PartOption, withPart } from "./part.js";

interface SynthCommandOptions extends CommonOptions<"seed" | "workers">, PartOption {
  readonly count: number;
}

const HELP = `
DIR gets the photos in images/, with list_attr_celeba.txt, list_landmarks_celeba.txt and list_eval_partition.txt next to it. Photo i
depends only on the seed and on i. A larger --count therefore continues the same data set, and several machines can paint it
together in a shared folder: --part 0/4 on the first of four.

Example:
  elegant synth faces --count 600 --seed 1
    (then: elegant preprocess faces faces-64 --size 64)`;

export function registerSynth(program: Command): void {
  withPart(withCommonOptions(program.command("synth <dir>"), ["seed", "workers"]))
    .description("paint a synthetic in-the-wild data set in CelebA's files (photos, attributes, landmarks)")
    .option("--count <n>", "number of photos", integer(1, 999_999), 600)
    .addHelpText("after", HELP)
    .action(async (dir: string, options: SynthCommandOptions) => {
      await runCommand(options, async (context) => {
        const { writeSynth } = await import("../synth/write.js");
        const { count, seed, workers } = options;
        const { onProgress } = context;
        if (!HAS_SHARED_MEMORY) context.print(ONE_THREAD);
        const part = choosePart(options, context.print);
        const { painted, seconds, own } = await writeSynth({
          ...{ directory: dir, count, seed, workers, part, onProgress },
        });
        const imagesPerSecond = seconds > 0 ? painted / seconds : 0;
        const kept = painted < own ? ` (${own - painted} already existed)` : "";
        context.print(`${dir}: ${painted} photos painted${kept}, ${imagesPerSecond.toFixed(1)} photos/s`);
        context.printJson({ dir, count, painted, seconds, imagesPerSecond });
      });
    });
}
