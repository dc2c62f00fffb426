/** `elegant plan <command>`: what limits a command, and how fast its stages are, predicted and measured. */
import type { Command } from "commander";
import { InterruptedError } from "../errors.js";
import type { Decision } from "../planner/decide.js";
import type { Span } from "../planner/types.js";
import { type CommandContext, integer, runCommand } from "./command.js";
import { checkOutputFile } from "./editing.js";
import { registerFid } from "./fid.js";
import { interruptible } from "./interrupt.js";
import { type ReportOptions, reportPlan } from "./plan-report.js";
import { type OpenedWork, type OpenWork, openFid, openPreprocess, openSwap, openTrain } from "./plan-work.js";
import type { PlannedOptions } from "./planned.js";
import { registerPreprocess } from "./preprocess.js";
import { registerSwap } from "./swap.js";
import { registerTrain } from "./train.js";

interface PlanOptions extends PlannedOptions, ReportOptions {
  readonly memory?: number;
}

/** Seconds of the run that is measured, and of its first stretch. */
const RUN_SECONDS = 6;
const FIRST_SECONDS = 2;

/** Options that do not change a command's plan. They are accepted, so that "plan" can go before any command line, and not shown. */
const WITHOUT_EFFECT = new Set([
  ...[
    "--part",
    "--photos-per-file",
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
Put elegant plan before a command and its arguments. It times the stages of the command on a few real items and caches the times,
makes a plan, and runs the main loop of the command by this plan for a few seconds. No output of the command is kept. Options that
do not change the plan are accepted and ignored.

Example:
  elegant plan train faces-64 --attributes Bangs Eyeglasses --size 64 --width 32 --trace train.json --html train.html`;

export function registerPlan(program: Command): void {
  const plan = program
    .command("plan")
    .description("predict and measure how fast the stages of a command are, and name the bottleneck")
    .addHelpText("after", HELP);
  const commands: readonly (readonly [(parent: Command) => void, OpenWork<never>])[] = [
    [registerPreprocess, openPreprocess],
    [registerTrain, openTrain],
    [registerSwap, openSwap],
    [registerFid, openFid],
  ];
  for (const [register, open] of commands) {
    register(plan);
    const command = plan.commands[plan.commands.length - 1];
    // Nothing is written there.
    for (const option of command.options) {
      if (option.long === "--out") option.makeOptionMandatory(false);
      if (WITHOUT_EFFECT.has(option.long ?? "")) option.hideHelp();
    }
    command
      .description(`plan elegant ${command.name()}`)
      .option("--memory <MiB>", "memory that all stages may use (default: most of the free memory)", integer(1))
      .option("--trace <file>", "write the run's timeline in the Trace Event format (opens in Perfetto)")
      .option("--html <file>", "write the run's timeline as a page")
      .action(async (...received: unknown[]) => {
        // Commander gives the arguments, the options and the command.
        const options = received.at(-2) as PlanOptions;
        const args = received.slice(0, -2).filter((arg): arg is string => typeof arg === "string");
        const isRequested = (option: string): boolean => command.getOptionValueSource(option) !== "default";
        await runCommand(options, (context) => {
          const opening = (): Promise<OpenedWork> => open(args, options as never, context, isRequested);
          const batch: unknown = command.getOptionValue("batch");
          const isBatchOwn = batch === undefined || batch === "auto" || !isRequested("batch");
          return planCommand({ name: command.name(), open: opening, isBatchOwn }, options, context);
        });
      });
  }
}

interface PlannedCommand {
  readonly name: string;
  readonly open: () => Promise<OpenedWork>;
  readonly isBatchOwn: boolean;
}

async function planCommand(
  { name, open, isBatchOwn }: PlannedCommand,
  options: PlanOptions,
  context: CommandContext,
): Promise<void> {
  const { decide, describeSetting, keepCorrected } = await import("../planner/decide.js");
  const { Course, MIN_UNITS } = await import("../planner/course.js");
  if (options.trace !== undefined) await checkOutputFile(options.trace, "--trace");
  if (options.html !== undefined) await checkOutputFile(options.html, "--html");
  const run = async (signal: AbortSignal): Promise<void> => {
    const { memory, workers, recalibrate } = options;
    const { work, batches, device, close } = await open();
    const setting = describeSetting(device, memory === undefined ? undefined : memory * 2 ** 20);
    try {
      context.print(`measuring on ${setting.description}`);
      const asked = { workers, batches, isBatchOwn, recalibrate, signal, onMeasure: () => {} };
      const decision = (await decide(work, setting, asked)) as Decision; // never null if the work may be measured
      if (decision.cached) context.print("costs are from the cache; --recalibrate measures them again");
      const spans: Span[] = [];
      const course = new Course(decision, {
        stretch: { items: Infinity, seconds: FIRST_SECONDS },
        say: context.print,
        keep: (stages) => keepCorrected(decision, stages),
        onSpan: (span) => spans.push(span),
      });
      const began = performance.now();
      let units = 0;
      const isOver = (): boolean => {
        context.onProgress({ stage: "run", done: units, total: null, unit: "batches" });
        if (signal.aborted) return true;
        const isEnough = units > workers + MIN_UNITS && performance.now() - began >= RUN_SECONDS * 1000;
        if (!isEnough) units++;
        return isEnough;
      };
      await work.rehearse({ batch: course.plan.batch, feeding: course, isOver });
      signal.throwIfAborted();
      await reportPlan({ name, setting, course, spans }, options, context);
    } finally {
      await close();
    }
  };
  await interruptible(run, { reason: () => new InterruptedError("Interrupted: nothing was written.") });
}
