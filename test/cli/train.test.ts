/** `elegant train` in a process of its own: JSON, resuming, signals and time limits. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listCheckpoints, loadCheckpoint } from "../../src/models/checkpoint-store.js";
import { writeFaces } from "../support/faces.js";
import { runHere } from "../support/in-process.js";
import type { Ended } from "../support/spawn.js";
import { SMALL, useTrainingFaces } from "../support/use-training-faces.js";

describe("elegant train", () => {
  const { at, data, train } = useTrainingFaces();

  it("prints one JSON object, and what it does on stderr", async () => {
    const run = at("json");
    const { code, stdout, stderr } = await train(run, "--steps", "2", "--json");
    assert.equal(code, 0, stderr);
    const { secondsPerUpdate, best, ...rest } = JSON.parse(stdout) as {
      secondsPerUpdate: number;
      best: { step: number };
    };
    assert.equal(best.step, 2);
    const alone = { size: 2, part: 2, reason: null };
    assert.deepEqual(rest, { run, step: 2, batch: alone });
    assert.ok(secondsPerUpdate > 0);
    assert.match(
      stderr,
      /^(wasm: .*\n)?10 training pictures; a new run\ntrain: 2\/2 steps.* D \d.*\n.*step 2, .* s an update; best at step 2 \(checkpoints\/best\.safetensors\)\n$/,
    );
    const again = await train(run, "--steps", "2", "--json", "--resume");
    assert.deepEqual(JSON.parse(again.stdout), { run, step: 2, batch: alone, secondsPerUpdate: null, best });
  });

  it("continues with the run's own settings when none are given, and refuses others", async () => {
    const run = at("recalled");
    const choices = "--preset paper --ema 0.9 --flip --seed 7 --learning-rate 1e-3 --upsampling resize".split(" ");
    const begun = await train(run, "--steps", "1", ...choices);
    assert.equal(begun.code, 0, begun.stderr);
    const resume = (...more: string[]): Promise<Ended> =>
      runHere(["train", data(), "--resume", "--device", "wasm", "--out", run, ...more]);
    const { code, stderr } = await resume("--steps", "2");
    assert.equal(code, 0, stderr);
    const whole = at("whole");
    await train(whole, "--steps", "2", ...choices);
    const [expected, actual] = await Promise.all(
      [whole, run].map(async (path) => loadCheckpoint((await listCheckpoints(path)).at(-1)?.path ?? "")),
    );
    assert.deepEqual(actual.tensors, expected.tensors);
    // The run that was stopped after one step has a score for that step.
    assert.deepEqual({ ...actual.progress, best: null }, { ...expected.progress, best: null });
    for (const [option, value, message] of [
      ["--width", "8", /--resume: --width: expected 4, received 8/],
      ["--seed", "1", /--resume: --seed: expected 7, received 1/],
      ["--attributes", "Bangs", /--resume: --attributes: expected Bangs Smiling, received Bangs\./],
      ["--preset", "official", /--resume: --set discriminatorBlocks: expected 5, received 4/],
    ] as const) {
      const refused = await resume("--steps", "3", option, value);
      assert.equal(refused.code, 2, refused.stderr);
      assert.match(refused.stderr, message);
    }
    const none = await runHere(["train", data(), "--resume", "--out", at("none")]);
    assert.deepEqual([none.code, none.stdout], [2, ""]);
    assert.match(none.stderr, /^elegant: .*none: expected a run with checkpoints.*received none\..*\n$/);
    const unnamed = await runHere(["train", data(), "--out", at("none")]);
    assert.match(unnamed.stderr, /^elegant: --attributes: expected a value/);
  });

  it("trains without a picture that cannot be read, with a warning and code 0", async () => {
    const many = at("many");
    const { files } = await writeFaces(many, 130);
    await writeFile(join(many, "images", files[0]), "not a picture");
    const run = at("left-out");
    const args = ["train", many, "--out", run, ...SMALL, "--steps", "30", "--json"];
    const { code, stdout, stderr } = await runHere(args);
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).leftOut, 1);
    assert.equal(stderr.match(/^Warning: left out, as it cannot be read: .*000001\.png.*$/gm)?.length, 1);
    assert.match(
      await readFile(join(run, "left-out.jsonl"), "utf8"),
      /^\{"step":\d+,"file":"000001\.png","reason":".*"\}\n$/,
    );
  });

  it("ends after --minutes with everything saved", async () => {
    const run = at("timed");
    const { code, stdout, stderr } = await train(run, "--minutes", "0.01", "--json");
    assert.equal(code, 0, stderr);
    const { step } = JSON.parse(stdout) as { step: number };
    assert.equal((await listCheckpoints(run)).at(-1)?.step, step);
  });
});
