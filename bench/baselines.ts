/**
 * Measures one update of each compared system on this machine's cores, next to the published networks in PyTorch
 * (bench/peers/). Usage: npm run bench:baselines -- [--rounds N] [--turns N] [--method NAME]. Ours and PyTorch take
 * turns, each time in a process of its own with as many threads as there are cores. PYTHON names the Python that has
 * PyTorch, by default /usr/bin/python3; without PyTorch, only ours is measured.
 */

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type Row, row, type Timing, timingOf } from "./measure.js";
import { PYTHON, runNode, runPython } from "./processes.js";
import { report } from "./report.js";
import { versionOf } from "./versions.js";

const SIZE = 64;

/** An update that is measured. */
interface Case {
  readonly method: string;
  readonly name: string;
  readonly width: number;
  /** Images with the attribute; there are as many without it. */
  readonly pairs: number;
}

/** Published widths and batches, but for DNA-GAN's batch of 64, and DNA-GAN at a quarter of its width. */
const CASES: readonly Case[] = [
  { method: "stargan", name: "StarGAN", width: 64, pairs: 8 },
  { method: "cyclegan", name: "CycleGAN", width: 64, pairs: 1 },
  { method: "unit", name: "UNIT", width: 64, pairs: 1 },
  { method: "dnagan", name: "DNA-GAN", width: 128, pairs: 16 },
  { method: "dnagan", name: "DNA-GAN", width: 32, pairs: 16 },
];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    turns: { type: "string", default: "3" },
    method: { type: "string" },
  },
});
const [rounds, turns] = [Number(values.rounds), Number(values.turns)];
const threads = availableParallelism();

/** Runs ours or PyTorch's updates. @throws when it fails */
function secondsOf(run: typeof runNode, script: string, { method, name, width, pairs }: Case): readonly number[] {
  const printed = run<{ seconds: readonly number[] }>(script, [method, SIZE, width, pairs, threads, rounds]);
  if (printed === null) throw new Error(`bench:baselines: ${name} did not run`);
  return printed.seconds;
}

const milliseconds = (seconds: readonly number[]): Timing => timingOf(seconds.map((each) => 1000 * each));

interface Measured extends Case {
  readonly size: number;
  readonly seconds: readonly number[];
  /** Those of PyTorch, and their spread; null if it is not there. */
  readonly peerSeconds: readonly number[] | null;
  readonly peerSpread: number | null;
}

/** Measures a case in turns, so that a machine that becomes slower for a while does so for both. */
function measureCase(each: Case, withTorch: boolean): Measured {
  const [seconds, peerSeconds]: number[][] = [[], []];
  for (let turn = 0; turn < turns; turn++) {
    seconds.push(...secondsOf(runNode, "./baseline-update.js", each));
    if (withTorch) peerSeconds.push(...secondsOf(runPython, "baselines.py", each));
  }
  if (!withTorch) return { ...each, size: SIZE, seconds, peerSeconds: null, peerSpread: null };
  return { ...each, size: SIZE, seconds, peerSeconds, peerSpread: milliseconds(peerSeconds).spread };
}

function rowOf({ name, width, pairs, seconds, peerSeconds }: Measured): Row {
  const work = `${name}, ${SIZE} px, width ${width}, batch ${pairs} + ${pairs}`;
  const peer =
    peerSeconds === null ? undefined : { name: "PyTorch", version: torch, timing: milliseconds(peerSeconds) };
  return row(work, milliseconds(seconds), 1, peer);
}

const chosen = CASES.filter(({ method }) => values.method === undefined || method === values.method);
if (chosen.length === 0 || !(rounds >= 1) || !(turns >= 1)) {
  const known = [...new Set(CASES.map(({ method }) => method))].join(", ");
  console.error(`bench:baselines: --rounds and --turns are numbers of at least 1, and --method is one of ${known}.`);
  process.exit(2);
}
const torch = versionOf("PyTorch");
if (torch === null) console.log(`${PYTHON} has no PyTorch, so that only ours is measured. PYTHON names another one.`);
const measured = chosen.map((each) => {
  console.log(`${each.name}, width ${each.width}, ${threads} threads`);
  return measureCase(each, torch !== null);
});
await report("baselines", measured.map(rowOf), { threads, torch, rounds, turns, measured });
