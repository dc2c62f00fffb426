/**
 * Kills `elegant` a thousand times with SIGKILL, at random moments, and compares what it has made in the end with an undisturbed
 * run, byte for byte: preprocess, train, merge and table. Started by hand: npm run soak:kills -- [KILLS] [SEED] [WORK]
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { listCheckpoints } from "../../src/models/checkpoint-store.js";
import { Random } from "../../src/random.js";
import { readLossLog } from "../../src/training/log.js";
import { writeFaces } from "../support/faces.js";
import { writeSmallDataset } from "../support/pictures.js";
import { fromRoot, runNode } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

const [KILLS = "1000", SEED = "1", ONLY = ""] = process.argv.slice(2);

interface Work {
  readonly name: string;
  /** Share of the kills. */
  readonly share: number;
  /** Makes the folder as it is before the command starts. */
  prepare(out: string): Promise<void>;
  /** The command line that starts or continues the work. */
  command(out: string): Promise<readonly string[]>;
  /** What an undisturbed and a killed run must have in common. */
  result(out: string): Promise<unknown>;
}

const folder = await mkdtemp(join(tmpdir(), "elegant-soak-"));
const at = (...names: readonly string[]): string => join(folder, ...names);
const nothing = async (): Promise<void> => {};

/** Everything of a run that does not depend on the clock. */
async function runResult(run: string): Promise<unknown> {
  const rows = (await readLossLog(join(run, "losses.jsonl"))).map(({ seconds, ...row }) => row);
  const trees = await Promise.all(["checkpoints", "samples"].map((name) => treeOf(join(run, name))));
  return { rows, trees, strange: await temporaries(run) };
}

async function temporaries(out: string): Promise<string[]> {
  return (await readdir(out, { recursive: true })).filter((name) => /\.tmp$|\.running-/.test(name));
}

const PREPROCESS = "--size 48 --photos-per-file 24 --workers 2".split(" ");
const TRAIN = "--size 64 --width 4 --batch 2 --save-every 1 --sample-every 4 --device wasm --steps 12".split(" ");
const TABLE =
  "--systems cyclegan,stargan --updates 3 --features random-inception --dims 64 --limit 4 --pairs 2 --width 4 --device wasm --workers 2";

const preprocessing = (format: string, share: number): Work => ({
  name: `preprocess --format ${format}`,
  share,
  prepare: nothing,
  command: async (out) => ["preprocess", at("photos"), out, "--format", format, ...PREPROCESS],
  result: treeOf,
});
const training = (preset: string, share: number): Work => ({
  name: `train --preset ${preset}`,
  share,
  prepare: nothing,
  async command(out) {
    const resume = (await listCheckpoints(out)).length > 0 ? ["--resume"] : [];
    const attributes = ["--attributes", "Bangs", "Smiling", "--preset", preset];
    return ["train", at("faces"), ...attributes, ...TRAIN, "--out", out, ...resume];
  },
  result: runResult,
});
const WORKS: readonly Work[] = [
  preprocessing("jpg", 0.2),
  preprocessing("raw", 0.1),
  preprocessing("webdataset", 0.1),
  training("official", 0.15),
  training("modern", 0.15),
  {
    name: "merge",
    share: 0.2,
    prepare: (out) => cp(at("parts"), out, { recursive: true }),
    command: async (out) => ["merge", out],
    result: treeOf,
  },
  {
    name: "table",
    share: 0.1,
    prepare: nothing,
    command: async (out) => ["table", at("faces"), "--attributes", "Bangs", ...TABLE.split(" "), "--out", out],
    async result(out) {
      const { systems } = JSON.parse(await readFile(join(out, "table.json"), "utf8")) as {
        systems: { name: string; attributes: unknown; updates: number }[];
      };
      return systems.map(({ name, attributes, updates }) => ({ name, attributes, updates }));
    },
  },
];

interface Kill {
  /** Milliseconds. */
  readonly delay: number;
  /** Whether the delay begins when the command first changes a file, instead of when it starts. */
  readonly fromFirstChange: boolean;
}

interface End {
  /** False if it ended before the kill, with exit code 0. */
  readonly isKilled: boolean;
  /** Milliseconds from the start to its first and to its last change of a file, and to its end. */
  readonly first: number;
  readonly last: number;
  readonly ended: number;
}

const POLL = 4; // milliseconds

/** Changes whenever a file is made, renamed or removed in the folder or below it. */
function stampOf(path: string): string {
  try {
    const { mtimeMs } = statSync(path);
    const folders = readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [mtimeMs, ...folders.map(({ name }) => stampOf(join(path, name)))].join(" ");
  } catch {
    return ""; // removed in the meantime
  }
}

/** Starts the command, and kills it. */
async function startAndKill(args: readonly string[], { delay, fromFirstChange }: Kill): Promise<End> {
  const began = performance.now();
  let stamp = stampOf(at("work"));
  const child = spawn(process.execPath, [fromRoot("bin/elegant.js"), ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  let [first, last] = [Number.POSITIVE_INFINITY, 0];
  let timer: NodeJS.Timeout | undefined;
  const killLater = (): void => {
    timer ??= setTimeout(() => child.kill("SIGKILL"), delay);
  };
  // Polling misses less than fs.watch(), which begins to watch a new folder only after its first files.
  const poll = setInterval(() => {
    const now = stampOf(at("work"));
    if (now === stamp) return;
    stamp = now;
    last = performance.now() - began;
    first = Math.min(first, last);
    if (fromFirstChange) killLater();
  }, POLL);
  if (!fromFirstChange) killLater();
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  clearTimeout(timer);
  clearInterval(poll);
  if (signal !== "SIGKILL" && code !== 0) throw new Error(`${args.join(" ")}: exit ${code}: ${said}`);
  return { isKilled: signal === "SIGKILL", first, last, ended: performance.now() - began };
}

const NEVER: Kill = { delay: 2 ** 30, fromFirstChange: false };

/** The keys that only one of two maps has, or that have other values. */
function differences(one: ReadonlyMap<unknown, unknown>, other: ReadonlyMap<unknown, unknown>): unknown[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((key) => one.get(key) !== other.get(key));
}

/** Whether the folder stays, to look for what differs. */
let isKept = false;

async function soak(work: Work, kills: number, random: Random): Promise<void> {
  const out = at("work", "out");
  await work.prepare(out);
  const { first, last, ended } = await startAndKill(await work.command(out), NEVER);
  const expected = await work.result(out);
  let [done, compared, inside] = [0, 0, 0];
  const startOver = async (): Promise<void> => {
    await rm(out, { recursive: true });
    await work.prepare(out);
  };
  await startOver();
  for (let isKilled = true; done < kills || isKilled; ) {
    // Three in ten kills come at any moment, the others while it changes files. After the last one, it may finish.
    const fromFirstChange = random.uniform() < 0.7;
    const delay = random.between(0, fromFirstChange ? last - first : 1.1 * ended);
    const end = await startAndKill(await work.command(out), done < kills ? { delay, fromFirstChange } : NEVER);
    isKilled = end.isKilled;
    if (isKilled) {
      done++;
      if (done % 50 === 0) console.error(`${work.name}: ${done} kills`);
      if (end.first < end.ended) inside++;
      continue;
    }
    const result = await work.result(out);
    if (!isDeepStrictEqual(result, expected)) {
      const paths = result instanceof Map && expected instanceof Map ? differences(result, expected) : [];
      isKept = true;
      assert.fail(`${work.name}: after ${done} kills, seed ${SEED}, ${out} differs: ${paths.join(", ")}`);
    }
    compared++;
    await startOver();
  }
  await rm(out, { recursive: true, force: true });
  console.log(`${work.name}: ${done} kills, ${inside} of them after its first change; ${compared} results, all equal`);
}

try {
  await mkdir(at("work"));
  await writeSmallDataset(at("photos"), 240);
  await writeFaces(at("faces"), 40);
  for (const part of ["0/3", "1/3", "2/3"]) {
    const args = ["preprocess", at("photos"), at("parts"), "--format", "jpg", "--part", part, ...PREPROCESS];
    const { code, stderr } = await runNode(fromRoot("bin/elegant.js"), args);
    assert.equal(code, 0, stderr);
  }
  for (const work of WORKS.filter(({ name }) => name.includes(ONLY))) {
    await soak(work, Math.round(Number(KILLS) * work.share), Random.fromSeed(Number(SEED), work.name));
  }
} finally {
  if (!isKept) await rm(folder, { recursive: true, force: true });
}
