/** Commands that work by a plan: when they make one, that they print it, and that it changes only their speed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { useCacheHome } from "../support/cache.js";
import { writeFaces } from "../support/faces.js";
import { runHere } from "../support/in-process.js";
import { tinyGenerator } from "../support/model.js";
import { writeSmallDataset } from "../support/pictures.js";
import { type Ended, fromRoot } from "../support/spawn.js";

interface PlanJson {
  readonly predicted: number;
  readonly measured: number;
  readonly bottleneck: string;
  readonly workers: number;
}

describe("commands under a plan", () => {
  let folder: string;
  let giveBackCache: () => void;
  const at = (name: string): string => join(folder, name);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    giveBackCache = useCacheHome(at("cache"));
  });

  afterEach(async () => {
    giveBackCache();
    await rm(folder, { recursive: true, force: true });
  });

  async function elegant(...args: string[]): Promise<Ended & { json: Record<string, unknown> & { plan?: PlanJson } }> {
    const ended = await runHere([...args, "--workers", "2", "--json"]);
    assert.equal(ended.code, 0, ended.stderr);
    return { ...ended, json: JSON.parse(ended.stdout) };
  }

  const costFiles = async (): Promise<string[]> => {
    const names = await readdir(at("cache/elegant-faces")).catch(() => []);
    return names.filter((name) => name.startsWith("costs-")).map((name) => at(`cache/elegant-faces/${name}`));
  };

  /** Sets the costs of stages in the only file of costs. */
  async function rewriteCosts(secondsOf: (stage: string) => number): Promise<void> {
    const [path] = await costFiles();
    const { key, stages } = JSON.parse(await readFile(path, "utf8"));
    for (const stage of stages) Object.assign(stage.cost, { seconds: secondsOf(stage.name), callSeconds: 0 });
    await writeFile(path, JSON.stringify({ key, stages }));
  }

  const MEASURES = /^measuring what the stages cost, once$/m;
  const LINE = /^plan: (\d) workers? .* is the bottleneck.*; [\d.]+ (pairs|images|faces)\/s predicted/m;
  const END = /^plan: [\d.]+ \w+\/s predicted, [\d.]+ \w+\/s measured$/m;

  /** Runs without costs, with measured costs and with known costs. All must write the same bytes. */
  async function expectSame(
    args: (out: string) => string[],
    read: (out: string, json: Record<string, unknown>) => Promise<unknown>,
  ): Promise<void> {
    const plain = await elegant(...args(at("plain")));
    assert.equal(plain.json.plan, undefined);
    assert.doesNotMatch(plain.stderr, /^plan:|measuring/m);
    assert.deepEqual(await costFiles(), []);
    const measured = await elegant(...args(at("measured")), "--recalibrate");
    assert.match(measured.stderr, MEASURES);
    const known = await elegant(...args(at("known")));
    assert.doesNotMatch(known.stderr, MEASURES);
    for (const { json, stderr } of [measured, known]) {
      assert.deepEqual(Object.keys(json.plan ?? {}), ["predicted", "measured", "bottleneck", "workers"]);
      assert.ok(json.plan !== undefined && json.plan.predicted > 0 && json.plan.measured > 0);
      assert.equal(LINE.exec(stderr)?.[1], String(json.plan.workers), stderr);
      assert.match(stderr, END);
    }
    const expected = await read(at("plain"), plain.json);
    assert.deepEqual(await read(at("measured"), measured.json), expected);
    assert.deepEqual(await read(at("known"), known.json), expected);
  }

  it("train takes the plan's workers, and writes the same checkpoint with any", async () => {
    await writeFaces(at("faces"), 12);
    const args = (out: string): string[] => [
      ...["train", at("faces"), "--out", out, "--steps", "3", "--attributes", "Bangs", "Smiling"],
      ...["--size", "64", "--width", "4", "--batch", "2", "--device", "wasm"],
    ];
    const checkpoint = (out: string): Promise<Buffer> => readFile(join(out, "checkpoints/step-00000003.safetensors"));
    await expectSame(args, checkpoint);
    // Decoding takes as long as many updates, so all allowed workers decode.
    await rewriteCosts((stage) => (stage === "decode" ? 0.1 : 0.001));
    const slow = await elegant(...args(at("slow")));
    assert.equal(slow.json.plan?.bottleneck, "decode");
    if (availableParallelism() > 1) assert.equal(slow.json.plan?.workers, 2);
    await rewriteCosts((stage) => (stage === "update" ? 0.1 : 0.001));
    const fast = await elegant(...args(at("fast")));
    assert.deepEqual([fast.json.plan?.bottleneck, fast.json.plan?.workers], ["update", 1]);
    const expected = await checkpoint(at("plain"));
    for (const out of ["slow", "fast"]) assert.deepEqual(await checkpoint(at(out)), expected);
  });

  it("preprocess writes the same files", async () => {
    await writeSmallDataset(at("wild"), 10);
    await expectSame(
      (out) => ["preprocess", at("wild"), out, "--size", "32", "--format", "png"],
      async (out) => {
        const names = (await readdir(join(out, "images"))).sort();
        return Promise.all(names.map(async (name) => [name, await readFile(join(out, "images", name))]));
      },
    );
  });

  it("fid gives the same bits in the batches of the plan, and keeps one that was asked for", async () => {
    await writeFaces(at("faces"), 12);
    const args = ["fid", at("faces/images"), at("faces/images"), "--features", "random-inception", "--dims", "64"];
    await expectSame(
      () => [...args, "--no-cache", "--kid", "--device", "wasm"],
      async (_, { fid, kid }) => [fid, kid],
    );
    const asked = await elegant(...args, "--no-cache", "--batch", "3", "--device", "wasm");
    assert.ok(asked.json.plan !== undefined);
    assert.doesNotMatch(asked.stderr, /in batches of/);
  });

  it("swap decodes many faces by the plan and writes the same pictures", async () => {
    await writeFaces(at("faces"), 12);
    await writeFile(at("model.safetensors"), tinyGenerator(9));
    const face = (i: number): string => at(`faces/images/${String(i + 1).padStart(6, "0")}.png`);
    await expectSame(
      (out) => [
        ...["swap", "--model", at("model.safetensors"), "--out", out, "--device", "wasm", "--attribute", "Bangs"],
        ...["--reference", face(0), "--input", ...Array.from({ length: 11 }, (_, i) => face(i + 1))],
        // Known costs are used if there are many images.
        ...(out.endsWith("known") ? Array.from({ length: 53 }, () => face(1)) : []),
      ],
      async (out) => {
        const names = Array.from({ length: 11 }, (_, i) => `${String(i + 2).padStart(6, "0")}-Bangs.png`);
        return Promise.all(names.map((name) => readFile(join(out, name))));
      },
    );
  });

  it("swap removes what it measured with when it is interrupted, and says so", async () => {
    await writeFaces(at("faces"), 2);
    await writeFile(at("model.safetensors"), tinyGenerator(9));
    await mkdir(at("tmp"));
    const [input, reference] = [at("faces/images/000001.png"), at("faces/images/000002.png")];
    const args = ["swap", "--model", at("model.safetensors"), "--input", input, "--attribute", "Bangs"];
    args.push("--reference", reference, "--out", at("out"), "--device", "wasm", "--workers", "1", "--recalibrate");
    const child = spawn(process.execPath, [fromRoot("bin/elegant.js"), ...args], {
      env: { ...process.env, TMPDIR: at("tmp") },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    while ((await readdir(at("tmp"))).length === 0 && child.exitCode === null) await setTimeout(10);
    child.kill("SIGINT");
    assert.equal(await ended, 130, stderr);
    assert.match(stderr, /^elegant: Interrupted while measuring: nothing was written\.$/m);
    assert.deepEqual(await readdir(at("tmp")), []);
    await assert.rejects(readdir(at("out")), { code: "ENOENT" });
  });
});
