/** `elegant demo`: the whole path on painted faces, with an HTML report and images at the end. */
import type { Command } from "commander";
import type { ModelScores, Score } from "../report/model.js";
import { packageVersion } from "../version.js";
import { alignColumns } from "./columns.js";
import { type CommonOptions, integer, number, runCommand, withCommonOptions } from "./command.js";
import { openDeviceFor } from "./device.js";
import { interruptible } from "./interrupt.js";

interface Options extends CommonOptions<"seed" | "workers" | "device"> {
  readonly out: string;
  readonly photos: number;
  readonly trainSeconds: number;
  readonly pairs: number;
}

const HELP = `
Paints photos, aligns them, trains a small model, and edits faces that it has not seen: with that model and with the checkpoint that
ships with the package. It needs no data and no network.

Example:
  elegant demo
  elegant demo --out quick --photos 80 --train-seconds 10
  elegant demo --out quick --photos 60 --train-seconds 5 --pairs 2 --device webgpu`;

const COLUMNS = ["", "pairs", "whole picture", "region", "outside", "right share", "noise"] as const;

/** The table of scores. Each model's means come first. */
function scoreLines(models: readonly ModelScores[]): readonly string[] {
  const change = (value: number): string => `${value >= 0 ? "+" : ""}${value.toFixed(2)} dB`;
  const line = ({ name, n, wholeGain, regionGain, outside, rightShare, noise }: Score): string[] => [
    `  ${name}`,
    String(n),
    change(wholeGain),
    change(regionGain),
    `${outside.toFixed(1)} dB`,
    rightShare.toFixed(2),
    noise.toFixed(1),
  ];
  return alignColumns([
    [...COLUMNS],
    ...models.flatMap(({ model, mean, rows }) => [
      [model, ...COLUMNS.slice(1).map(() => "")],
      ...[...(mean === null ? [] : [mean]), ...rows].map(line),
    ]),
  ]);
}

export function registerDemo(program: Command): void {
  withCommonOptions(program.command("demo"), ["seed", "workers", "device"])
    .description("paint, align, train, edit, and write a report with pictures and scores")
    .option("--out <dir>", "folder of the demo, which must be new", "elegant-demo")
    .option("--photos <n>", "number of photos to paint", integer(1, 100_000), 1000)
    .option("--train-seconds <n>", "seconds to train", number(1, 86_400), 150)
    .option("--pairs <n>", "edits to score per attribute and direction, at most", integer(1), 24)
    .addHelpText("after", HELP)
    .action(async (options: Options) => {
      await runCommand(options, async (context) => {
        const { runDemo } = await import("../demo/demo.js");
        const { elegantModel } = await import("../methods/elegant/model.js");
        const { DEMO_METHOD, DEMO_NETWORK } = await import("../demo/settings.js");
        const { announceDevice } = await import("../device/node/announce.js");
        const { InterruptedError } = await import("../errors.js");
        const { out, photos, trainSeconds, pairs, seed, workers } = options;
        const method = { ...DEMO_METHOD, seed };
        const model = elegantModel(DEMO_NETWORK);
        const device = await openDeviceFor(({ updateTrial }) => updateTrial(model, method), options, context);
        const onInterrupt = {
          reason: () =>
            new InterruptedError(`Interrupted: ${out} contains the results so far. Delete it before the next demo.`),
          say: () => context.print("Stopping soon; Ctrl-C again stops immediately."),
        };
        try {
          const { report, seconds, shipped, trained, scores } = await interruptible(
            (signal) =>
              runDemo({
                folder: out,
                photos,
                trainSeconds,
                pairs,
                seed,
                workers,
                device,
                version: packageVersion(),
                signal,
                onProgress: context.onProgress,
              }),
            onInterrupt,
          );
          context.printJson({ report, seconds, shipped, trained, scores });
          context.print("");
          context.print("Swaps of faces that the training did not see, compared with the true answers:");
          for (const line of scoreLines(scores)) context.print(line);
          const description = await announceDevice(device, options);
          if (description !== null) context.print(description);
          context.print(`Done in ${Math.round(seconds)} s. Open ${report}`);
        } finally {
          await device.close();
        }
      });
    });
}
