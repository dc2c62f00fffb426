/** `elegant table DATA --out DIR`: trains and scores all systems of the paper's Table 1 on the user's data. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { describeMismatch, InputError } from "../errors.js";
import type { ExtractorName } from "../metrics/extractors.js";
import type { OtherSystem } from "../metrics/table.js";
import { alignColumns } from "./columns.js";
import { type CommandContext, type CommonOptions, integer, number, runCommand, withCommonOptions } from "./command.js";
import { openDeviceFor } from "./device.js";
import { checkOutputs } from "./editing.js";
import { interruptible } from "./interrupt.js";
import { refuseOddPath } from "./paths.js";

interface Options extends CommonOptions<"seed" | "workers" | "device"> {
  readonly out: string;
  readonly attributes: readonly string[];
  readonly systems: readonly string[];
  readonly hoursEach?: number;
  readonly updates?: number;
  readonly size: string;
  readonly width?: number;
  readonly images?: string;
  readonly limit: number;
  readonly pairs: number;
  readonly dims: string;
  readonly features: ExtractorName;
  readonly weights?: string;
  readonly pictures?: readonly OtherSystem[];
}

const HELP = `
Every system gets the same training images and the same budget, and then edits the same held-out images in both directions. UNIT and
CycleGAN train one model per attribute and divide the budget among them. The table shows the FID of images with an attribute added
against real images with it, and of images with it removed against real images without it. Its row "no edit" is the distance
between the two sides. DIR gets table.html, table.md, table.json, sheet.png and the runs. If the command is interrupted, run it
again to continue.

--systems takes NAME or NAME:PRESET. --pictures NAME=DIR adds images edited by another program, from DIR/ATTRIBUTE/added and
DIR/ATTRIBUTE/removed.

Examples:
  elegant table faces-64 --attributes Bangs Eyeglasses --hours-each 0.5 --features random-inception --out table
  elegant table faces-64 --attributes Bangs --systems elegant,elegant:official --updates 2000 --out presets`;

/** Collects NAME=DIR. */
function otherPictures(text: string, before: readonly OtherSystem[] | undefined): readonly OtherSystem[] {
  const at = text.indexOf("=");
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError(`Expected NAME=DIR, received '${text}'.`);
  refuseOddPath("--pictures", text.slice(at + 1));
  return [...(before ?? []), { name: text.slice(0, at), folder: text.slice(at + 1) }];
}

const list = (text: string): readonly string[] => text.split(",").filter((name) => name !== "");

export function registerTable(program: Command): void {
  withCommonOptions(program.command("table <data>"), ["seed", "workers", "device"])
    .description("the paper's Table 1 on your data: train several systems alike and compare them")
    .requiredOption("--attributes <names...>", "attributes to compare, one column each")
    .requiredOption("--out <dir>", "folder of the table and the runs")
    .option(
      "--systems <names>",
      "systems to compare, separated by commas",
      list,
      list("elegant,unit,cyclegan,stargan,dnagan"),
    )
    .option("--hours-each <x>", "hours of training per system", number(0.0001, 1e5))
    .option("--updates <n>", "updates per system, instead of --hours-each", integer(1))
    .addOption(new Option("--size <n>", "side of the images in pixels").choices(["64", "128", "256"]).default("64"))
    .option("--width <n>", "channels of the first layer of every network (default: as published)", integer(4, 128))
    .option("--images <dir>", "folder of the images, relative to DATA or absolute")
    .option("--limit <n>", "images per side for the distances, at most", integer(2), 1000)
    .option("--pairs <n>", "pairs to score per attribute and direction, at most", integer(1), 48)
    .addOption(
      new Option("--dims <n>", "number of features per image").choices(["64", "192", "768", "2048"]).default("2048"),
    )
    .addOption(
      new Option("--features <name>", "network that computes the features")
        .choices(["inception", "random-inception"])
        .default("inception"),
    )
    .option("--weights <file>", "Inception's weights (.pth or .safetensors)")
    .addOption(new Option("--pictures <name=dir>", "add images that another program edited").argParser(otherPictures))
    .addHelpText("after", HELP)
    .action(async (data: string, options: Options) => {
      await runCommand(options, (context) => makeTable(data, options, context));
    });
}

/** The budget of each system. @throws InputError unless exactly one kind of budget was given */
function budgetOf({ hoursEach, updates }: Options): {
  readonly seconds: number | null;
  readonly updates: number | null;
} {
  if ((hoursEach === undefined) === (updates === undefined)) {
    const received = hoursEach === undefined ? "neither" : "both";
    const remedy = "Say how long each system trains, as in --hours-each 0.5.";
    throw new InputError(describeMismatch("--hours-each and --updates", "one of them", received, remedy));
  }
  return { seconds: hoursEach === undefined ? null : hoursEach * 3600, updates: updates ?? null };
}

async function makeTable(data: string, options: Options, context: CommandContext): Promise<void> {
  const { attributes, out, seed, workers, width = null, limit, pairs } = options;
  const budget = budgetOf(options);
  await checkOutputs(out, [], []);
  const { keepPlan, planSystems } = await import("../comparison/plan.js");
  const plan = {
    ...{ data, attributes: [...attributes], systems: [...options.systems] },
    ...{ size: Number(options.size), width, seed, ...budget },
  };
  const planned = planSystems(plan, out);
  const { openDataset } = await import("../dataset/dataset.js");
  const { attributeColumns } = await import("../dataset/split.js");
  const { checkTrainingPictures } = await import("../dataset/training-pictures.js");
  const { createModel } = await import("../methods/registry.js");
  const { openExtractor } = await import("../metrics/extractors.js");
  const { Linalg } = await import("../metrics/linalg.js");
  const { trainSystem } = await import("../comparison/train.js");
  const { scoreSystems } = await import("../comparison/compare.js");
  const { comparisonJson, comparisonTables, writeComparison } = await import("../comparison/report.js");
  const { describeMachine, listMachine } = await import("../device/node/machine.js");
  const { packageVersion } = await import("../version.js");
  const { onProgress, warn, print } = context;
  const dataset = await openDataset(data, options.images, onProgress, warn);
  attributeColumns(dataset, attributes); // refuses unknown ones before anything is trained
  for (const line of checkTrainingPictures(dataset, plan.size)) warn(line);
  const [first] = planned;
  const model = createModel(first.method, {
    ...first.network,
    ...{ size: plan.size, width: first.width, attributes: first.models[0].attributes },
  });
  const method = { ...first.training, batch: first.batch, seed };
  const device = await openDeviceFor(({ updateTrial }) => updateTrial(model, method), options, context);
  const linalg = await Linalg.open(workers);
  try {
    // The features are opened first, so that a missing file is reported before hours of training.
    const dims = Number(options.dims) as 64 | 192 | 768 | 2048;
    const opened = await openExtractor(options.features, dims, options.weights, seed);
    await keepPlan(out, plan);
    const work = async (signal: AbortSignal): Promise<void> => {
      const trained = [];
      for (const system of planned) {
        trained.push(await trainSystem(system, { plan, dataset, workers, signal, onProgress, print }));
      }
      const others = options.pictures ?? [];
      const { extractor } = opened;
      const compared = await scoreSystems({
        ...{ folder: out, plan, planned, trained, others, dataset, linalg, extractor },
        ...{ limit, pairs, workers, onProgress, warn },
      });
      const facts = {
        ...{ plan, features: extractor.name, comparable: extractor.comparable, dims },
        generatedBy: `elegant-faces ${packageVersion()}, elegant table`,
        machine: listMachine(describeMachine())
          .map(({ value }) => value)
          .join(", "),
        command: `elegant table ${data} --attributes ${attributes.join(" ")} --systems ${options.systems.join(",")} --out ${out}`,
      };
      for (const { title, caption, columns, rows } of comparisonTables(compared, facts)) {
        print(`${title}. ${caption}`);
        for (const line of alignColumns([columns, ...rows])) print(line);
      }
      for (const path of await writeComparison(out, compared, facts)) print(path);
      context.printJson(comparisonJson(compared, facts));
    };
    const say = (): void =>
      print("Stopping after this step and saving; Ctrl-C again stops immediately, without saving.");
    await interruptible(work, { say });
    opened.dispose();
  } finally {
    await linalg.close();
    await device.close();
  }
}
