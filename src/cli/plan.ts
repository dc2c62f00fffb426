/** `elegant plan <command>`: which stage of a command runs where and why, predicted against measured. */
import type { Command } from "commander";
import type { Job } from "../planner/jobs/job.js";
import { type CommandContext, type CommonOptions, integer, runCommand } from "./command.js";
import { type FidCommand, registerFid } from "./fid.js";
import { type PreprocessCommand, registerPreprocess } from "./preprocess.js";
import { registerSwap, type SwapCommand } from "./swap.js";
import { registerTrain, type TrainCommand } from "./train.js";
import { chooseMethod } from "./train-method.js";

interface PlanOptions extends CommonOptions {
  readonly recalibrate: boolean;
  readonly memory?: number;
  readonly trace?: string;
  readonly html?: string;
}

/** Seconds of the real run that is measured. */
const RUN_SECONDS = 6;
/** Of the free memory, what a plan may take: the rest is for other programs. */
const MEMORY_SHARE = 0.7;

const HELP = `
Takes the arguments of the command itself, measures its stages on a few real items (once; kept in the cache), decides,
and runs the plan for some seconds. Nothing of the command's own output is written.

Example:
  elegant plan train faces-64 --attributes Bangs Eyeglasses --size 64 --width 32 --trace train.json --html train.html`;

type Open<Options> = (args: readonly string[], options: Options) => Promise<Job<unknown>>;

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
    for (const option of command.options) if (option.long === "--out") option.makeOptionMandatory(false);
    command
      .description(`plan elegant ${command.name()}`)
      .option("--recalibrate", "measure the costs anew", false)
      .option("--memory <MiB>", "what the pipeline may hold; otherwise most of what is free", integer(1))
      .option("--trace <file>", "write the run's timeline in the Trace Event format (opens in Perfetto)")
      .option("--html <file>", "write the run's timeline as a page")
      .action(async (...received: unknown[]) => {
        // Commander gives the arguments, the options and the command.
        const options = received.at(-2) as PlanOptions;
        const args = received.slice(0, -2).filter((arg): arg is string => typeof arg === "string");
        await runCommand(options, (context) => {
          return planCommand(command.name(), onDevice, () => open(args, options as never), options, context);
        });
      });
  }
}

async function planCommand(
  name: string,
  onDevice: boolean,
  open: () => Promise<Job<unknown>>,
  options: PlanOptions,
  context: CommandContext,
): Promise<void> {
  const [{ openDevice }, { parseDevice }, { describeMachine }, planner, { calibrate }, execution] = await Promise.all([
    import("../device/device.js"),
    import("../device/choices.js"),
    import("../device/machine.js"),
    import("../planner/plan.js"),
    import("../planner/calibrate.js"),
    import("../planner/execute.js"),
  ]);
  const device = onDevice ? await openDevice(parseDevice(options.device), options.workers) : null;
  const controller = new AbortController();
  const { InterruptedError } = await import("../errors.js");
  const stop = (): void => controller.abort(new InterruptedError("Interrupted: nothing was written."));
  process.once("SIGINT", stop);
  try {
    const { cpu, cores, freeBytes, memoryLimitBytes, node } = describeMachine();
    const description = `${cpu}, ${cores} cores${device === null ? "" : `, ${device.description}`}`;
    const machine = {
      cores,
      // Libraries of their own keep all cores busy and do not tell how many.
      device: device === null ? null : { name: device.name, threads: device.threads || cores },
    };
    const available = Math.min(freeBytes, memoryLimitBytes ?? Infinity) * MEMORY_SHARE;
    const job = await open();
    try {
      const limits = {
        memoryBytes: options.memory === undefined ? available : options.memory * 2 ** 20,
        workers: options.workers,
        batches: job.batches,
      };
      context.print(`measuring on ${description}`);
      const key = `${description}, Node ${node}`;
      const { stages, cached } = await calibrate(job, key, options.recalibrate, controller.signal);
      if (cached) context.print("costs are from the cache; --recalibrate measures them anew");
      const predicted = planner.plan(stages, machine, limits);
      const adapted = await execution.executeAdapting(stages, predicted, machine, limits, job, {
        seconds: RUN_SECONDS,
        signal: controller.signal,
        onUnit: (done) => {
          context.onProgress({ stage: "run", done, total: null, unit: "batches" });
        },
      });
      await report(name, job.items, description, adapted, options, context);
    } finally {
      await job.close();
    }
  } finally {
    process.removeListener("SIGINT", stop);
    await device?.close();
  }
}

const COLUMNS = ["stage", "place", "workers", "ms an item", "predicted/s", "measured/s"] as const;

async function report(
  name: string,
  items: string,
  machine: string,
  { plan, execution, revisions }: import("../planner/execute.js").Adapted,
  options: PlanOptions,
  context: CommandContext,
): Promise<void> {
  const [{ measuredRate }, { traceEvents }, { renderPlanPage }, { writeFileAtomic }] = await Promise.all([
    import("../planner/execute.js"),
    import("../planner/trace.js"),
    import("../planner/page.js"),
    import("../files.js"),
  ]);
  const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(4)));
  const stages = plan.stages.map((stage) => ({
    name: stage.name,
    place: stage.place,
    workers: stage.workers,
    predictedRate: rounded(stage.predictedRate),
    measuredRate: rounded(measuredRate(stage, plan, execution.measured)),
  }));
  const rows = plan.stages.map((stage, i) => {
    const milliseconds = Object.values(stage.seconds).map((seconds) => (seconds * 1000).toPrecision(3));
    const { place, workers, predictedRate, measuredRate: measured } = stages[i];
    return [stage.name, place, `${workers}`, milliseconds.join(" / "), `${predictedRate}`, `${measured ?? "-"}`];
  });
  const widths = COLUMNS.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i].length)));
  for (const cells of [COLUMNS, ...rows]) {
    const padded = cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
    context.print(padded.join("  "));
  }
  for (const reason of revisions) context.print(`planned anew: ${reason}`);
  for (const reason of plan.reasons) context.print(reason);
  for (const { name: stage, place, reason } of plan.stages) context.print(`${stage} on ${place}: ${reason}`);
  const rates = { predicted: rounded(plan.rate), measured: rounded(execution.rate) };
  context.print(`the whole: ${rates.predicted} ${items}/s predicted, ${rates.measured} measured`);
  if (options.trace !== undefined) {
    await writeFileAtomic(options.trace, `${JSON.stringify(traceEvents(execution.spans))}\n`);
    context.print(options.trace);
  }
  if (options.html !== undefined) {
    const title = `elegant ${name}: where its time goes`;
    const page = { title, plan, spans: execution.spans, columns: COLUMNS, rows, machine };
    await writeFileAtomic(options.html, renderPlanPage(page));
    context.print(options.html);
  }
  const { batch, bottleneck, workers, memoryBytes, reasons } = plan;
  context.printJson({ stages, batch, bottleneck, workers, rate: rates, memoryBytes, reasons, revisions });
}

const openPreprocess = async ([source]: readonly string[], options: PreprocessCommand): Promise<Job<unknown>> => {
  const { preprocessJob } = await import("../planner/jobs/preprocess.js");
  const { size, images, format, quality, crop = null, limit = null, workers } = options;
  return (await preprocessJob(source, { size, images, format, quality, crop, limit, workers })) as Job<unknown>;
};

const openTrain = async ([data]: readonly string[], options: TrainCommand): Promise<Job<unknown>> => {
  const [{ openDataset }, { createConfig }, { trainJob }, { chooseBatch }] = await Promise.all([
    import("../dataset/dataset.js"),
    import("../model/config.js"),
    import("../planner/jobs/train.js"),
    import("../training/batch-choice.js"),
  ]);
  const { size, width, attributes, seed, learningRate, workers, images, resume, out } = options;
  const { network, method } = chooseMethod(options);
  const config = createConfig({ ...network, size: Number(size), width, attributes });
  const dataset = await openDataset(data, images);
  const { batch } = await chooseBatch(options.batch, dataset, config.attributes, resume ? out : null);
  return (await trainJob(dataset, config, { ...method, batch, seed, learningRate }, workers)) as Job<unknown>;
};

const openSwap = async (_: readonly string[], options: SwapCommand): Promise<Job<unknown>> => {
  const { pairReferences } = await import("./swap.js");
  const { swapJob } = await import("../planner/jobs/swap.js");
  const reference = pairReferences(options.attribute, options.reference);
  return (await swapJob({ ...options, reference })) as Job<unknown>;
};

const openFid = async (names: readonly string[], options: FidCommand): Promise<Job<unknown>> => {
  const { fidJob } = await import("../planner/jobs/fid.js");
  return (await fidJob(names, options)) as Job<unknown>;
};
