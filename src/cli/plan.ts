/** `elegant plan <command>`: which stage of a command runs where and why, predicted against measured. */
import type { Command } from "commander";
import type { DeviceChoice } from "../device/choices.js";
import type { Device } from "../device/device.js";
import { InterruptedError } from "../errors.js";
import { type CommandContext, integer, runCommand } from "./command.js";
import { checkOutputFile } from "./editing.js";
import { registerFid } from "./fid.js";
import { interruptible } from "./interrupt.js";
import { type JobPlace, type OpenedJob, openFid, openPreprocess, openSwap, openTrain } from "./plan-jobs.js";
import { type ReportOptions, reportPlan } from "./plan-report.js";
import type { PlannedOptions } from "./planned.js";
import { registerPreprocess } from "./preprocess.js";
import { registerSwap } from "./swap.js";
import { registerTrain } from "./train.js";

interface PlanOptions extends PlannedOptions, ReportOptions {
  readonly device?: DeviceChoice;
  readonly memory?: number;
}

/** Seconds of the real run that is measured. */
const RUN_SECONDS = 6;

/** Options of the commands that change nothing of their plan: taken, so that "plan" can go before any command line, and not offered. */
const WITHOUT_EFFECT = new Set([
  ...[
    "--shard",
    "--shard-photos",
    "--steps",
    "--minutes",
    "--save-every",
    "--sample-every",
    "--overwrite",
    "--verbose",
  ],
  ...["--paste-back", "--min-score", "--kid", "--prc", "--save-stats", "--save-features", "--strict", "--no-cache"],
]);

const HELP = `
Takes the arguments of the command itself, measures its stages on a few real items (once; kept in the cache), decides,
and runs the plan for some seconds. Nothing of the command's own output is written. Options of the command that change
nothing of its plan are taken and ignored.

Example:
  elegant plan train faces-64 --attributes Bangs Eyeglasses --size 64 --width 32 --trace train.json --html train.html`;

type Open<Options> = (args: readonly string[], options: Options, place: JobPlace) => Promise<OpenedJob>;

export function registerPlan(program: Command): void {
  const plan = program
    .command("plan")
    .description("which stage of a command runs where and why, predicted against measured")
    .addHelpText("after", HELP);
  const commands: readonly (readonly [(parent: Command) => void, boolean, Open<never>])[] = [
    [registerPreprocess, false, openPreprocess],
    [registerTrain, true, openTrain],
    [registerSwap, true, openSwap],
    [registerFid, true, openFid],
  ];
  for (const [register, onDevice, open] of commands) {
    register(plan);
    const command = plan.commands[plan.commands.length - 1];
    // Nothing is written there.
    for (const option of command.options) {
      if (option.long === "--out") option.makeOptionMandatory(false);
      if (WITHOUT_EFFECT.has(option.long ?? "")) option.hideHelp();
    }
    command
      .description(`plan elegant ${command.name()}`)
      .option("--memory <MiB>", "what the pipeline may hold; otherwise most of what is free", integer(1))
      .option("--trace <file>", "write the run's timeline in the Trace Event format (opens in Perfetto)")
      .option("--html <file>", "write the run's timeline as a page")
      .action(async (...received: unknown[]) => {
        // Commander gives the arguments, the options and the command.
        const options = received.at(-2) as PlanOptions;
        const args = received.slice(0, -2).filter((arg): arg is string => typeof arg === "string");
        const isAskedFor = (option: string): boolean => command.getOptionValueSource(option) !== "default";
        await runCommand(options, (context) => {
          const opening = (device: Device | null): Promise<OpenedJob> =>
            open(args, options as never, { device, isAskedFor });
          const batch: unknown = command.getOptionValue("batch");
          const isBatchOwn = batch === undefined || batch === "auto" || !isAskedFor("batch");
          return planCommand({ name: command.name(), onDevice, open: opening, isBatchOwn }, options, context);
        });
      });
  }
}

interface PlannedCommand {
  readonly name: string;
  readonly onDevice: boolean;
  readonly open: (device: Device | null) => Promise<OpenedJob>;
  readonly isBatchOwn: boolean;
}

async function planCommand(
  { name, onDevice, open, isBatchOwn }: PlannedCommand,
  options: PlanOptions,
  context: CommandContext,
): Promise<void> {
  const [{ openDevice }, { decide, describeSetting }, { executeAdapting }] = await Promise.all([
    import("../device/open.js"),
    import("../planner/decide.js"),
    import("../planner/execute.js"),
  ]);
  if (options.trace !== undefined) await checkOutputFile(options.trace, "--trace");
  if (options.html !== undefined) await checkOutputFile(options.html, "--html");
  const device = onDevice ? await openDevice(options.device ?? "auto", options.workers) : null;
  const run = async (signal: AbortSignal): Promise<void> => {
    const { memory, workers, recalibrate } = options;
    const setting = describeSetting(device, memory === undefined ? undefined : memory * 2 ** 20);
    const { job, batches } = await open(device);
    try {
      context.print(`measuring on ${setting.description}`);
      const decision = await decide(job, setting, {
        ...{ workers, batches, isBatchOwn, recalibrate, signal },
        open: async () => ({ ...job, close: async () => {} }), // it runs afterwards
      });
      const { stages, plan, limits, cached } = decision!; // never null where the job may be measured
      if (cached) context.print("costs are from the cache; --recalibrate measures them anew");
      const adapted = await executeAdapting(stages, plan, setting.machine, limits, job, {
        seconds: RUN_SECONDS,
        signal,
        onUnit: (done) => {
          context.onProgress({ stage: "run", done, total: null, unit: "batches" });
        },
      });
      await reportPlan(name, job.items, setting.description, adapted, options, context);
    } finally {
      await job.close();
    }
  };
  try {
    await interruptible(run, { reason: () => new InterruptedError("Interrupted: nothing was written.") });
  } finally {
    await device?.close();
  }
}
