/** Training updates next to PyTorch's and on several numbers of threads, each in processes of its own that take turns. */
import { type Compared, type Row, row, timingOf } from "./measure.js";
import { runNode, runPython } from "./processes.js";
import { versionOf } from "./versions.js";

const TURNS = 3;

/** Pixels, channels of the first layer, and images with the attribute; there are as many without it. */
export interface Shape {
  readonly size: number;
  readonly width: number;
  readonly batch: number;
  /** Updates that are measured in each turn. */
  readonly rounds: number;
}

/** Milliseconds of each update, and the largest resident size. */
interface Measured {
  readonly update: readonly number[];
  readonly peakMiB: number;
}

export const workOf = ({ size, width, batch }: Shape): string =>
  `training update, ${size} px, width ${width}, batch ${batch} + ${batch}`;

function ourUpdates({ size, width, batch, rounds }: Shape, threads: number): Measured {
  const measured = runNode<Measured>("./update.js", [threads, size, width, batch, rounds]);
  if (measured === null) throw new Error(`bench: an update on ${threads} threads did not run`);
  return measured;
}

function torchUpdates({ size, width, batch, rounds }: Shape, threads: number): Measured | null {
  return runPython<Measured>("pytorch.py", ["update", threads, rounds, size, width, batch]);
}

/** Lets both take turns, so that a machine that becomes slower for a while does so for both. */
function inTurns<First, Second>(first: () => First, second: () => Second): [First[], Second[]] {
  const [firsts, seconds]: [First[], Second[]] = [[], []];
  for (let turn = 0; turn < TURNS; turn++) {
    firsts.push(first());
    seconds.push(second());
  }
  return [firsts, seconds];
}

const timeOf = (turns: readonly Measured[]) => timingOf(turns.flatMap(({ update }) => update));
const memoryOf = (turns: readonly Measured[]) => ({ ms: Math.max(...turns.map(({ peakMiB }) => peakMiB)), spread: 0 });

/** The time of an update next to PyTorch's, and its peak of memory if that has a target, too. */
export function updateRows(shape: Shape, threads: number, atMost: number, memoryAtMost?: number): Row[] {
  const [ours, answers] = inTurns(
    () => ourUpdates(shape, threads),
    () => torchUpdates(shape, threads),
  );
  const torch = answers.filter((answer) => answer !== null);
  const peer = (timing: (turns: readonly Measured[]) => Compared["timing"]): Compared | undefined =>
    torch.length === 0 ? undefined : { name: "PyTorch", version: versionOf("PyTorch"), timing: timing(torch) };
  const rows = [row(workOf(shape), timeOf(ours), 1, peer(timeOf), atMost)];
  if (memoryAtMost === undefined) return rows;
  const memory = `its peak of resident memory, MiB: ${workOf(shape)}`;
  return [...rows, row(memory, memoryOf(ours), 1, peer(memoryOf), memoryAtMost)];
}

/** The time of an update on `threads` threads next to that on `others`. */
export function threadsRow(shape: Shape, threads: number, others: number, atMost: number | null): Row {
  const [ours, theirs] = inTurns(
    () => ourUpdates(shape, threads),
    () => ourUpdates(shape, others),
  );
  const name = `ours on ${others} ${others === 1 ? "thread" : "threads"}`;
  return row(`${workOf(shape)}, ${threads} threads`, timeOf(ours), 1, { name, timing: timeOf(theirs) }, atMost);
}
