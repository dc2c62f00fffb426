/** Trainings that are killed with SIGKILL at random moments resume to the bits of one that was never stopped. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { listCheckpoints } from "../../src/models/checkpoint-store.js";
import { Random } from "../../src/random.js";
import { readLossLog } from "../../src/training/log.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { ATTRIBUTES, NEVER, rowsOf } from "../support/run.js";
import { fromRoot, runNode } from "../support/spawn.js";

const KILLS = 25;
const WORDS = "--size 64 --width 4 --batch 2 --save-every 1 --sample-every 3 --device wasm".split(" ");
const PRESETS = {
  official: "--preset official --ema 0.9 --flip".split(" "),
  // Each step is scored. With one view of each picture, more steps fit between two kills.
  modern: "--preset modern --set mirror=off".split(" "),
} as const;
type Preset = keyof typeof PRESETS;

const commandOf = (preset: Preset, data: string, run: string, steps: number, ...more: string[]): string[] => {
  const words = [...WORDS, ...PRESETS[preset], ...more];
  return ["train", data, "--attributes", ...ATTRIBUTES, "--out", run, "--steps", `${steps}`, ...words];
};

/**
 * Starts a training and kills it `delay` milliseconds after it reports that it trains.
 * @returns whether it was killed; false if it ended before
 */
function startAndKill(args: readonly string[], delay: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fromRoot("bin/elegant.js"), ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    let timer: NodeJS.Timeout | undefined;
    const kill = (): void => {
      timer ??= setTimeout(() => child.kill("SIGKILL"), Math.max(0, delay));
    };
    child.stdout.on("data", kill);
    // A negative delay kills it while it still starts, before its first line.
    if (delay < 0) setTimeout(kill, -delay);
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (signal === "SIGKILL" || code === 0) resolve(signal === "SIGKILL");
      else reject(new Error(`exit ${code}: ${said}`));
    });
  });
}

/**
 * Factor of the time before a kill. It doubles after every eight kills in a row at the same step, because on a busy machine a step
 * and its sheet may take longer than any of the times.
 */
function patience(reached: readonly number[]): number {
  const inARow = reached.length - 1 - reached.findLastIndex((step) => step !== reached.at(-1));
  return 2 ** Math.floor(inARow / 8);
}

/** Fails unless a run that was killed has all files of a run that never stopped, with the same bytes. */
async function assertSameRun(killed: string, whole: string): Promise<void> {
  for (const subfolder of ["checkpoints", "samples"]) {
    const names = (await readdir(join(whole, subfolder))).sort();
    assert.deepEqual((await readdir(join(killed, subfolder))).sort(), names);
    assert.ok(names.length > 3, `${names}`);
    for (const name of names) {
      const [expected, actual] = await Promise.all([whole, killed].map((run) => readFile(join(run, subfolder, name))));
      assert.ok(expected.equals(actual), `${subfolder}/${name} differs`);
    }
  }
  assert.deepEqual(await rowsOf(killed), await rowsOf(whole));
  const scores = await Promise.all([whole, killed].map((run) => readLossLog(join(run, "scores.jsonl"))));
  assert.deepEqual(scores[1], scores[0]);
  const strange = (await filesOf(killed)).filter((path) => /\.tmp$|\.running-/.test(path));
  assert.deepEqual(strange, []);
}

/** Lists all files below a folder, by path. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

describe("a training that is killed", () => {
  it(`${KILLS} times with SIGKILL at random moments ends with the bits of one that never stopped`, () =>
    withFolder(async (folder) => {
      const data = join(folder, "data");
      await writeFaces(data, 20);
      const [whole, killed] = ["whole", "killed"].map((name) => join(folder, name));
      const random = Random.fromSeed(7, "kills");
      const reached: number[] = [];
      // On a slow machine it repeats until some kills came during the training, not only during the start.
      while (reached.length < KILLS || new Set(reached).size < 6) {
        assert.ok(reached.length < 8 * KILLS, `steps at the kills: ${reached}`);
        const isStarted = (await listCheckpoints(killed)).length > 0;
        const delay =
          reached.length % 5 === 0 ? -random.between(50, 900) : random.between(100, 1000) * patience(reached);
        const args = commandOf("official", data, killed, NEVER, ...(isStarted ? ["--resume"] : []));
        assert.ok(await startAndKill(args, delay));
        reached.push((await listCheckpoints(killed)).at(-1)?.step ?? -1);
      }
      console.log(`        newest checkpoint at each kill: ${reached.join(" ")}`);
      // There are at least four sheets, even on a machine that is too slow to draw one between kills.
      const steps = Math.max((reached.at(-1) ?? 0) + 4, 12);
      const last = await runNode(fromRoot("bin/elegant.js"), commandOf("official", data, killed, steps, "--resume"));
      assert.equal(last.code, 0, last.stderr);
      const reference = await runNode(fromRoot("bin/elegant.js"), commandOf("official", data, whole, steps));
      assert.equal(reference.code, 0, reference.stderr);
      await assertSameRun(killed, whole);
      assert.equal((await readLossLog(join(whole, "scores.jsonl"))).length, steps);
    }));

  it("again and again with modern, whose learning rate depends on all its steps, ends with the same bits", () =>
    withFolder(async (folder) => {
      const data = join(folder, "data");
      await writeFaces(data, 20);
      const [whole, killed] = ["whole", "killed"].map((name) => join(folder, name));
      const random = Random.fromSeed(11, "kills");
      const steps = 24;
      const reached: number[] = [];
      for (let isKilled = true; isKilled; ) {
        assert.ok(reached.length < 12 * KILLS, `steps at the kills: ${reached}`);
        const isStarted = (await listCheckpoints(killed)).length > 0;
        const args = commandOf("modern", data, killed, steps, ...(isStarted ? ["--resume"] : []));
        isKilled = await startAndKill(args, random.between(100, 1500) * patience(reached));
        reached.push((await listCheckpoints(killed)).at(-1)?.step ?? -1);
      }
      console.log(`        newest checkpoint at each kill: ${reached.join(" ")}`);
      const reference = await runNode(fromRoot("bin/elegant.js"), commandOf("modern", data, whole, steps));
      assert.equal(reference.code, 0, reference.stderr);
      await assertSameRun(killed, whole);
      assert.ok(new Set(reached).size > 3, `${reached}`);
    }));

  for (const preset of ["official", "modern"] as const) {
    it(`does not depend on the number of its threads with ${preset}`, () =>
      withFolder(async (folder) => {
        const data = join(folder, "data");
        await writeFaces(data, 20);
        const files: Buffer[] = [];
        for (const workers of [1, 2, 3]) {
          const run = join(folder, `${workers}`);
          const words = commandOf(preset, data, run, 6, "--workers", `${workers}`);
          const { code, stderr } = await runNode(fromRoot("bin/elegant.js"), words);
          assert.equal(code, 0, stderr);
          files.push(await readFile((await listCheckpoints(run)).at(-1)?.path ?? ""));
          assert.deepEqual(await rowsOf(run), await rowsOf(join(folder, "1")));
        }
        assert.ok(files[1].equals(files[0]) && files[2].equals(files[0]), "checkpoints differ");
      }));
  }

  it("refuses a second training on its folder, and changes nothing there", () =>
    withFolder(async (folder) => {
      const data = join(folder, "data");
      await writeFaces(data, 20);
      const run = join(folder, "run");
      const args = commandOf("official", data, run, NEVER, "--save-every", `${NEVER}`, "--sample-every", `${NEVER}`);
      const first = spawn(process.execPath, [fromRoot("bin/elegant.js"), ...args]);
      try {
        // Its first line comes before its first checkpoint.
        while ((await listCheckpoints(run)).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
        for (const more of [["--resume"], []]) {
          const second = await runNode(fromRoot("bin/elegant.js"), commandOf("official", data, run, 3, ...more));
          assert.equal(second.code, 2, second.stderr);
          assert.match(
            second.stderr,
            more.length > 0 ? /no other training in this folder, received one by process/ : /a run with checkpoints/,
          );
        }
        assert.equal((await listCheckpoints(run)).length, 1);
      } finally {
        first.kill("SIGKILL");
      }
    }));
});
