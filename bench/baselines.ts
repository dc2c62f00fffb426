/**
 * Measures one update of each compared system on this machine's cores, next to the published networks in PyTorch
 * (bench/peers/). Usage: npm run bench:baselines -- [--rounds N] [--turns N] [--method NAME]. Ours and PyTorch take
 * turns, each time in a process of its own with as many threads as there are cores. PYTHON names the Python that has
 * PyTorch, by default Debian's /usr/bin/python3; without PyTorch, only ours is measured.
 */

import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Row, report, row, type Timing, timingOf } from "./measure.js";

const PYTHON = process.env.PYTHON ?? "/usr/bin/python3";
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

/** Runs a script that prints JSON. @throws when it fails */
function secondsOf(command: string, script: string, { method, width, pairs }: Case): readonly number[] {
  const path = fileURLToPath(new URL(script, import.meta.url)); // from dist/bench
  const args = [path, method, ...[SIZE, width, pairs, threads, rounds].map(String)];
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`bench:baselines: ${command} ${args.join(" ")}: exit ${status}\n${stderr}`);
  return (JSON.parse(stdout) as { seconds: readonly number[] }).seconds;
}

/** PyTorch's version; null if PYTHON does not have it. */
function torchVersion(): string | null {
  const { status, stdout } = spawnSync(PYTHON, ["-c", "import torch; print(torch.__version__)"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
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
    seconds.push(...secondsOf(process.execPath, "./baseline-update.js", each));
    if (withTorch) peerSeconds.push(...secondsOf(PYTHON, "../../bench/peers/baselines.py", each));
  }
  if (!withTorch) return { ...each, size: SIZE, seconds, peerSeconds: null, peerSpread: null };
  return { ...each, size: SIZE, seconds, peerSeconds, peerSpread: milliseconds(peerSeconds).spread };
}

function rowOf({ name, width, pairs, seconds, peerSeconds }: Measured): Row {
  const work = `${name}, ${SIZE} px, width ${width}, batch ${pairs} + ${pairs}`;
  const peer = peerSeconds === null ? undefined : { name: "PyTorch", timing: milliseconds(peerSeconds) };
  return row(work, milliseconds(seconds), 1, peer);
}

const chosen = CASES.filter(({ method }) => values.method === undefined || method === values.method);
if (chosen.length === 0 || !(rounds >= 1) || !(turns >= 1)) {
  const known = [...new Set(CASES.map(({ method }) => method))].join(", ");
  console.error(`bench:baselines: --rounds and --turns are numbers of at least 1, and --method is one of ${known}.`);
  process.exit(2);
}
const torch = torchVersion();
if (torch === null) console.log(`${PYTHON} has no PyTorch, so that only ours is measured. PYTHON names another one.`);
const measured = chosen.map((each) => {
  console.log(`${each.name}, width ${each.width}, ${threads} threads`);
  return measureCase(each, torch !== null);
});
await report("baselines", measured.map(rowOf), { threads, torch, rounds, turns, measured });
