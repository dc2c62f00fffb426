/** Plans of `elegant plan` that are measured: their JSON, their files and the batches of fid. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Ended } from "../support/spawn.js";
import { plan, useTrainingFaces } from "../support/use-training-faces.js";

describe("elegant plan", () => {
  const { at, data, planTraining } = useTrainingFaces();

  it("prints the contract's JSON, writes trace and page, and keeps the costs", async () => {
    const [trace, html] = [at("trace.json"), at("plan.html")];
    const { code, stdout, stderr } = await planTraining("--json", "--trace", trace, "--html", html);
    assert.equal(code, 0, stderr);
    const { stages, batch, bottleneck, device, rate } = JSON.parse(stdout);
    assert.deepEqual(
      stages.map(({ name, place, workers }: Record<string, unknown>) => [name, place, workers]),
      [
        ["read", "pool", 1],
        ["decode", "pool", 1],
        ["normalise", "pool", 1],
        ["upload", "device", 1],
        ["update", "device", 1],
      ],
    );
    for (const stage of stages) {
      assert.deepEqual(Object.keys(stage), ["name", "place", "workers", "predictedRate", "measuredRate"]);
      assert.ok(stage.predictedRate > 0 && stage.measuredRate > 0);
    }
    assert.deepEqual([batch, bottleneck, device], [2, "update", "wasm"]);
    assert.ok(rate.predicted > 0 && rate.measured > 0);
    assert.match(stderr, /^bottleneck update: .*\n1 worker.*\nbatch 2: as requested\nqueues of up to /m);

    const events = JSON.parse(await readFile(trace, "utf8")) as Record<string, unknown>[];
    const complete = events.filter(({ ph }) => ph === "X");
    assert.deepEqual(
      new Set(complete.map(({ name }) => name)),
      new Set(["read", "decode", "normalise", "upload", "update"]),
    );
    assert.ok(complete.every(({ ts, dur }) => Number.isInteger(ts) && Number.isInteger(dur)));
    assert.ok(stderr.endsWith(`\n${html}\n`), `no progress after the result: ${stderr.slice(-300)}`);
    assert.match(await readFile(html, "utf8"), /<svg viewBox=.*role="img"/);

    assert.equal((await readdir(at("cache", "elegant-faces"))).filter((f) => /^costs-/.test(f)).length, 1);
    const again = await planTraining();
    assert.match(again.stdout, /costs are from the cache; --recalibrate measures them again/);
    assert.match(again.stdout, /^stage +place +workers +ms per item +predicted\/s +measured\/s$/m);
    assert.deepEqual((await readdir(data())).sort(), ["images", "list_attr_celeba.txt", "list_eval_partition.txt"]);
  });

  it("keeps a requested batch of fid, and chooses one otherwise", async () => {
    const fid = (...more: string[]): Promise<Ended> =>
      plan(
        ...["fid", join(data(), "images"), "--features", "random-inception", "--dims", "64", "--device", "wasm"],
        ...["--workers", "1", ...more],
      );
    const asked = await fid("--batch", "4");
    assert.equal(asked.code, 0, asked.stderr);
    assert.match(asked.stdout, /^batch 4: as requested$/m);
    // A plan that is revised while it runs keeps its batch, which is the command's own then.
    assert.match((await fid()).stdout, /^batch \d+: (the smallest|\d+ would give|the command's own)/m);
  });
});
