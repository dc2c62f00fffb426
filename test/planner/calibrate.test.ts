/** The costs of stages: measured on made-up work whose times are known, and kept in the cache. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { calibrate, keepStages, knownStages } from "../../src/planner/calibrate.js";
import type { Stage } from "../../src/planner/types.js";
import { useCacheHome } from "../support/cache.js";
import { ReportedWork } from "../support/work.js";

describe("costs of stages", () => {
  let folder: string;
  let giveBackCache: () => void;
  const { signal } = new AbortController();
  const entry = async (): Promise<string> => {
    const cache = join(folder, "elegant-faces");
    return join(cache, (await readdir(cache))[0]);
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    giveBackCache = useCacheHome(folder);
  });

  afterEach(async () => {
    giveBackCache();
    await rm(folder, { recursive: true, force: true });
  });

  const near = (actual: number, expected: number): void =>
    assert.ok(Math.abs(actual - expected) <= 1e-12, `${actual}, expected ${expected}`);

  it("are split into seconds per item and per call by a small and a large batch, without the first call", async () => {
    const work = new ReportedWork(
      "work",
      [
        { name: "decode", place: "pool", seconds: (batch, call) => (call === 0 ? 9 : 0.003 * batch) },
        // One slow call of another program changes nothing.
        { name: "update", place: "device", seconds: (n, call) => [9, 0.02 + 0.01 * n, 5][call] ?? 0.02 + 0.01 * n },
      ],
      [1, 2, 4, 8, 16, 32],
    );
    const [decode, update] = await calibrate(work, "machine", signal);
    assert.deepEqual(work.rehearsed, [1, 8]);
    near(decode.cost.seconds, 0.003);
    near(decode.cost.callSeconds, 0);
    near(update.cost.seconds, 0.01);
    near(update.cost.callSeconds, 0.02);
  });

  it("are all per item if there is one batch size, which is rehearsed once", async () => {
    const work = new ReportedWork("work", undefined, [16]);
    const stages = await calibrate(work, "machine", signal);
    assert.deepEqual(work.rehearsed, [16]);
    assert.deepEqual(
      stages.map(({ cost }) => cost.callSeconds),
      [0, 0],
    );
    near(stages[1].cost.seconds, 0.01);
  });

  it("are not kept if measuring is stopped", async () => {
    const controller = new AbortController();
    controller.abort(new Error("stopped"));
    const work = new ReportedWork("work");
    await assert.rejects(calibrate(work, "machine", controller.signal), /stopped/);
    assert.equal(await knownStages(work, "machine"), null);
  });

  it("are known again for the same machine and work only", async () => {
    const work = new ReportedWork("work");
    const stages = await calibrate(work, "machine", signal);
    assert.deepEqual(await knownStages(work, "machine"), stages);
    assert.equal(await knownStages(work, "another machine"), null);
    assert.equal(await knownStages(new ReportedWork("other work"), "machine"), null);
    const slower = stages.map((stage): Stage => ({ ...stage, cost: { ...stage.cost, seconds: 1 } }));
    await keepStages(work, "machine", slower);
    assert.deepEqual(await knownStages(work, "machine"), slower);
  });

  const cost = { seconds: 0.01, callSeconds: 0, bytes: 1, callBytes: 2 };
  const both = (change: object): object => ({
    stages: [
      { name: "decode", cost: { ...cost, ...change } },
      { name: "update", cost },
    ],
  });
  const wrong: readonly (readonly [string, (key: string) => string])[] = [
    ["a file that is no JSON", () => '{"key"'],
    ["the key of other work", () => JSON.stringify({ key: "other", ...both({}) })],
    ["other stages", (key) => JSON.stringify({ key, stages: [{ name: "encode", cost }] })],
    ["a negative cost", (key) => JSON.stringify({ key, ...both({ seconds: -1 }) })],
    ["a cost that is no number", (key) => JSON.stringify({ key, ...both({ seconds: null }) })],
  ];
  for (const [what, contents] of wrong) {
    it(`are measured again if the cache holds ${what}`, async () => {
      const work = new ReportedWork("work");
      await calibrate(work, "machine", signal);
      const path = await entry();
      const { key } = JSON.parse(await readFile(path, "utf8"));
      await writeFile(path, JSON.stringify({ key, ...both({}) }));
      assert.deepEqual((await knownStages(work, "machine"))?.[0].cost, cost);
      await writeFile(path, contents(key));
      assert.equal(await knownStages(work, "machine"), null);
    });
  }
});
