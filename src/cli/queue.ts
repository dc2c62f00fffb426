/** `elegant queue`: puts parts of a command into Redis as jobs, for workers that come and go. */
import { type Command, Option } from "commander";
import { describeMismatch, InputError } from "../errors.js";
import type { OfferedJob } from "../queue/jobs.js";
import type { FlowStatus } from "../queue/status.js";
import { type CommandContext, type CommonOptions, integer, runCommand, withCommonOptions } from "./command.js";
import { interruptible } from "./interrupt.js";
import { acceptOldName } from "./old-names.js";
import { checkWork } from "./queue-check.js";
import { admitJob, mergeOf, QUEUE_COMMANDS, understandDivided } from "./queue-commands.js";

interface QueueOptions extends CommonOptions {
  readonly redis: string;
  readonly name: string;
}

interface SubmitCommand extends QueueOptions {
  readonly parts: number;
  readonly attempts: number;
  readonly backoff: number;
  readonly wait: boolean;
}

interface WorkCommand extends QueueOptions {
  readonly root: string;
  readonly stalled: number;
  readonly untilEmpty: boolean;
}

const SUBMIT_HELP = `
The options of the queue come before the command. It must be preprocess, synth, swap, or fid FOLDER --save-features FILE.npz; its
paths must lead to the same files on all machines.

Examples:
  elegant queue submit --parts 8 --wait preprocess CelebA faces-256 --size 256
  elegant queue submit --parts 4 fid real/ --save-features real.npz --save-stats stats.npz`;
const WORK_HELP = `
Runs until SIGTERM or Ctrl-C; then the current part saves its progress and returns to the queue. If a worker is killed or loses its
connection, another worker takes over its part after --stalled seconds.

REDIS_URL in the environment has the same effect as --redis, and keeps a password out of the list of processes.

Example:
  elegant queue work --redis redis://queue-host:6379`;
const STATUS_HELP = `
The exit code is 3 if a part of a listed flow has failed permanently.

Example:
  elegant queue status --json`;

const POLL_MS = 500;

function withQueue(command: Command): Command {
  return withCommonOptions(command)
    .addOption(
      new Option("--redis <url>", "address of the Redis server").env("REDIS_URL").default("redis://127.0.0.1:6379"),
    )
    .option("--name <queue>", "name of the queue", "elegant");
}

export function registerQueue(program: Command): void {
  const queue = program.command("queue").enablePositionalOptions();
  queue.description("distribute the parts of a command among workers, with Redis (BullMQ)");
  const submitting = queue.command("submit <command...>");
  acceptOldName(submitting, "--shards", "--parts");
  withQueue(submitting)
    .description("queue the parts of a command, and the merge that follows them")
    .requiredOption("--parts <n>", "number of parts; choose a few for each worker", integer(1, 100_000))
    .option("--attempts <n>", "how often to try a part whose failure may be temporary", integer(1, 100), 3)
    .option(
      "--backoff <seconds>",
      "wait before the second attempt, and twice as long before each further one",
      integer(0, 3600),
      5,
    )
    .option(
      "--wait",
      "wait until everything is merged; exit code 3 if a part failed permanently or has failures",
      false,
    )
    .passThroughOptions()
    .addHelpText("after", SUBMIT_HELP)
    .action(async (words: string[], options: SubmitCommand) => {
      await runCommand(options, (context) => submit(words, options, context));
    });
  withQueue(queue.command("work"))
    .description("run parts until asked to stop")
    .option("--root <dir>", "the folder that jobs must stay in; links are followed", ".")
    .option(
      "--stalled <seconds>",
      "seconds without a sign of life after which a worker counts as lost",
      integer(1, 3600),
      30,
    )
    .option("--until-empty", "end when the queue is empty", false)
    .addHelpText("after", WORK_HELP)
    .action(async (options: WorkCommand) => {
      await runCommand(options, (context) => workOn(options, context));
    });
  withQueue(queue.command("status [id]"))
    .description("show which parts are done, running, waiting and failed")
    .addHelpText("after", STATUS_HELP)
    .action(async (id: string | undefined, options: QueueOptions) => {
      await runCommand(options, (context) => showStatus(id ?? null, options, context));
    });
}

async function submit(words: readonly string[], options: SubmitCommand, context: CommandContext): Promise<void> {
  const { name, parts, attempts, backoff, wait } = options;
  const understood = await understandDivided(words);
  const mergeArgv = mergeOf(understood, parts);
  const { connectRedis } = await import("../queue/redis.js");
  const { submitFlow } = await import("../queue/submit.js");
  const { readFlows, formatFlows } = await import("../queue/status.js");
  const redis = await connectRedis(options.redis, wait);
  try {
    await checkWork(understood, parts);
    // checkWork() has found no output yet. A later attempt of a part must overwrite the files of the first one.
    const argv = understood.name === "swap" ? [...words, "--overwrite"] : words;
    const flow = { name, argv, mergeArgv, cwd: process.cwd(), parts, attempts, backoffSeconds: backoff };
    const id = await submitFlow(redis, flow);
    context.print(`${id}: ${parts} parts in the queue '${name}'; elegant queue status ${id} shows them`);
    if (!wait) {
      context.printJson({ id, shards: parts });
      return;
    }
    for (;;) {
      const [status] = await readFlows(redis, name, id);
      if (status === undefined) {
        throw new InputError(describeMismatch(`flow ${id}`, "one in the queue", "none", "Somebody removed it."));
      }
      const lost = status.lost.length;
      const progress = { stage: "parts", done: status.done + lost, total: parts, unit: "parts" };
      context.onProgress(lost === 0 ? progress : { ...progress, note: `${lost} given up` });
      if (status.state === "done" || status.state === "failed") {
        for (const line of formatFlows([status])) context.print(line);
        context.printJson(status);
        if (isPartial(status)) context.markPartial();
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  } finally {
    redis.disconnect();
  }
}

function isPartial({ state, partial, lost }: FlowStatus): boolean {
  return state === "failed" || partial > 0 || lost.length > 0;
}

async function workOn(options: WorkCommand, context: CommandContext): Promise<void> {
  const { connectRedis } = await import("../queue/redis.js");
  const { work } = await import("../queue/work.js");
  const { openRoot } = await import("../queue/root.js");
  const root = await openRoot(options.root);
  const redis = await connectRedis(options.redis, true);
  try {
    const { name, stalled, untilEmpty } = options;
    const admit = (job: OfferedJob, added: readonly string[]): Promise<string> => admitJob(job, added, root);
    const onLine = context.quiet ? () => {} : context.print;
    const wanted = { name, stalledSeconds: stalled, untilEmpty, print: context.print, onLine, admit };
    context.print(`runs ${QUEUE_COMMANDS} on files within ${root}`);
    const report = await interruptible((signal) => work(redis, { ...wanted, signal }));
    context.print(`${report.done} done, ${report.failed} failed, ${report.released} released`);
    context.printJson(report);
  } finally {
    redis.disconnect();
  }
}

async function showStatus(id: string | null, options: QueueOptions, context: CommandContext): Promise<void> {
  const { connectRedis } = await import("../queue/redis.js");
  const { formatFlows, readFlows } = await import("../queue/status.js");
  const redis = await connectRedis(options.redis, false);
  try {
    const flows = await readFlows(redis, options.name, id);
    if (id !== null && flows.length === 0) {
      const remedy = "elegant queue status shows all that are there.";
      throw new InputError(describeMismatch(`flow ${id}`, `one in the queue '${options.name}'`, "none", remedy));
    }
    for (const line of flows.length === 0 ? ["no flow in the queue"] : formatFlows(flows)) context.print(line);
    context.printJson({ flows });
    if (flows.some(({ lost, state }) => lost.length > 0 || state === "failed")) context.markPartial();
  } finally {
    redis.disconnect();
  }
}
