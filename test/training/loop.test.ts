/** The training loop: what it writes, how it stops, what it refuses, and that it leaks no tensors. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import type { SharedMemoryBackend } from "../../src/device/wasm/backend.js";
import { DeviceError } from "../../src/device/webgpu/failure.js";
import { decodeImage } from "../../src/image/codec.js";
import { OFFICIAL_NETWORK } from "../../src/methods/elegant/config.js";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import { listCheckpoints, loadCheckpoint } from "../../src/models/checkpoint-store.js";
import { PairBatches } from "../../src/training/batches.js";
import { readLossLog } from "../../src/training/log.js";
import { train } from "../../src/training/loop.js";
import type { TrainOptions } from "../../src/training/options.js";
import { LOSSES_FILE, SCORES_FILE } from "../../src/training/run-report.js";
import { RunWriter } from "../../src/training/run-writer.js";
import type { Progress } from "../../src/types.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { ATTRIBUTES, configOf, NEVER, tinyRun } from "../support/run.js";
import { bytesOf, readFields, readRecords } from "../support/tfevents.js";
import { treeOf } from "../support/tree.js";

describe("training loop", () => {
  let device: Device;

  before(async () => {
    device = await openDevice("wasm", 1);
  });

  after(async () => {
    await device.close();
  });

  it("reports the error that ended it, even if closing fails as well, and leaves no tensors", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 20);
      const before = tf.memory().numTensors;
      const fails = (what: string) => async (): Promise<never> => {
        throw new Error(`${what} fails`);
      };
      const stock = {
        batches: PairBatches.prototype.close,
        writer: RunWriter.prototype.close,
        open: RunWriter.open,
      };
      const attempt = (run: string, changes: Partial<TrainOptions>, message: string): Promise<void> =>
        assert.rejects(train(tinyRun(dataset, join(folder, run), { steps: 1, ...changes })), { message });
      const onProgress = (): never => {
        throw new Error("the step fails");
      };
      try {
        // The original method runs too, so that nothing stays open.
        PairBatches.prototype.close = async function () {
          await stock.batches.call(this);
          throw new Error("closing batches fails");
        };
        await attempt("a", {}, "closing batches fails");
        RunWriter.prototype.close = async function () {
          await stock.writer.call(this);
          throw new Error("closing files fails");
        };
        await attempt("b", { onProgress }, "the step fails");
        PairBatches.prototype.close = stock.batches;
        await attempt("c", {}, "closing files fails");
        RunWriter.open = fails("opening files");
        await attempt("d", {}, "opening files fails");
      } finally {
        PairBatches.prototype.close = stock.batches;
        RunWriter.prototype.close = stock.writer;
        RunWriter.open = stock.open;
      }
      assert.equal(tf.memory().numTensors, before);
    }));

  it("leaves no tensors where an update fails", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 20);
      const engine = tf.engine();
      const before = tf.memory().numTensors;
      const stock = engine.runKernel.bind(engine);
      engine.runKernel = (...args) => {
        if (args[0] === "ElegantChannelNormGradient") throw new Error("out of memory");
        return stock(...args);
      };
      try {
        await assert.rejects(train(tinyRun(dataset, join(folder, "run"))), { message: "out of memory" });
      } finally {
        engine.runKernel = stock;
      }
      assert.equal(tf.memory().numTensors, before);
    }));

  it("writes checkpoints, a loss row for each step and attribute, events and sample sheets, and leaks nothing", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 20);
      const run = join(folder, "run");
      const heap = (tf.backend() as SharedMemoryBackend).team.heap;
      const before = { tensors: tf.memory().numTensors, bytes: heap.statistics.usedBytes };
      const seen: Progress[] = [];
      const lines: string[] = [];
      const result = await train(
        tinyRun(dataset, run, {
          steps: 11,
          saveEvery: 4,
          sampleEvery: 5,
          onProgress: (progress) => seen.push(progress),
          onMessage: (line) => lines.push(line),
        }),
      );
      assert.deepEqual({ tensors: tf.memory().numTensors, bytes: heap.statistics.usedBytes }, before);
      assert.deepEqual([result.step, result.updates], [11, 22]);
      assert.ok(result.trainingSeconds > 0);
      assert.deepEqual(lines, ["16 training pictures; a new run"]);
      assert.deepEqual(
        seen.map(({ done, total }) => [done, total]),
        Array.from({ length: 11 }, (_, i) => [i + 1, 11]),
      );
      assert.match(seen[0].note ?? "", /^D \d+\.\d{3} G \d+\.\d{3} rec 0\.\d{4}$/);

      assert.deepEqual(
        (await listCheckpoints(run)).map(({ step }) => step),
        [4, 8, 11],
      );
      const rows = await readLossLog(join(run, LOSSES_FILE));
      assert.deepEqual(
        rows.map(({ step, attribute }) => [step, attribute]),
        Array.from({ length: 22 }, (_, i) => [Math.floor(i / 2) + 1, ATTRIBUTES[i % 2]]),
      );
      const sheets = (await readdir(join(run, "samples"))).sort();
      assert.deepEqual(sheets, ["step-00000005.png", "step-00000010.png", "step-00000011.png"]);
      const sheet = await decodeImage(await readFile(join(run, "samples", sheets[2])), sheets[2]);
      // Six columns and six rows (two attributes of two or three pairs each) of 64 px, twice as large.
      assert.ok(sheet.width > 6 * 128 && sheet.height > 4 * 128, `${sheet.width} x ${sheet.height}`);

      const [file] = await readdir(join(run, "events"));
      const steps = readRecords(await readFile(join(run, "events", file))).flatMap((record) => {
        const fields = readFields(record);
        const summary = fields.find(([field]) => field === 5);
        return summary === undefined ? [] : [Number(fields.find(([field]) => field === 2)?.[1])];
      });
      // Scores at 4, 8 and 11; pictures at 5, 10 and 11; curves of both attributes at 10.
      assert.deepEqual(steps, [4, 5, 8, 10, 10, 10, 11, 11]);
      const scores = await readLossLog(join(run, SCORES_FILE));
      assert.deepEqual(
        scores.map(({ step }) => step),
        [4, 8, 11],
      );
      const best = scores.reduce((a, b) => (b.score < a.score ? b : a));
      assert.deepEqual(result.best, { step: best.step, score: best.score });
      const kept = await loadCheckpoint(join(run, "checkpoints", "best.safetensors"));
      assert.equal(kept.progress.step, best.step);
    }));

  for (const [preset, of] of [
    ["official", { D2: 0.5, total: 0.25, reconstruction: 5, adversarial2: 0.5 }],
    ["paper", { D2: 1, total: 1, reconstruction: 1, adversarial2: 1 }],
  ] as const) {
    it(`weights the losses as the ${preset} preset says`, () =>
      withFolder(async (folder) => {
        const dataset = await writeFaces(join(folder, "data"), 12);
        const run = join(folder, "run");
        const settings = { ...PRESETS[preset].method, batch: 2, seed: 5, learningRate: 2e-4 };
        await train(tinyRun(dataset, run, { steps: 1, settings }));
        for (const row of await readLossLog(join(run, LOSSES_FILE))) {
          const value = (name: string): number => Number(row[name]);
          const D = of.total * (value("D1") + of.D2 * value("D2"));
          const G =
            of.reconstruction * value("reconstruction") +
            value("adversarial1") +
            of.adversarial2 * value("adversarial2");
          // The rounding errors of four float32 values and their sum are some 2^-24 of each.
          assert.ok(Math.abs(value("D") - D) <= 1e-6 * D, `D ${row.D}, expected ${D}`);
          assert.ok(Math.abs(value("G") - G) <= 1e-6 * G, `G ${row.G}, expected ${G}`);
        }
      }));
  }

  it("saves and ends after its time, and shows how much of it is left", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 12);
      const run = join(folder, "run");
      const left: number[] = [];
      const result = await train(
        tinyRun(dataset, run, {
          steps: NEVER,
          seconds: 0.3,
          onProgress: ({ secondsLeft }) => left.push(secondsLeft ?? Number.NaN),
        }),
      );
      assert.ok(result.step >= 1 && result.step === left.length);
      assert.ok(
        left.every((seconds, i) => seconds < (left[i - 1] ?? 0.3)),
        `${left}`,
      );
      assert.equal((await listCheckpoints(run)).at(-1)?.step, result.step);
    }));

  it("logs scalars for TensorBoard under the attribute's name", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 12);
      const run = join(folder, "run");
      await train(
        tinyRun(dataset, run, {
          steps: 10,
          model: elegantModel({ ...OFFICIAL_NETWORK, size: 64, width: 4, attributes: ["Bangs"] }),
        }),
      );
      const [file] = await readdir(join(run, "events"));
      const records = readRecords(await readFile(join(run, "events", file))).map(readFields);
      const [summary] = records.flatMap((fields) =>
        fields.some(([field]) => field === 5) ? [bytesOf(fields, 5)] : [],
      );
      const tags = readFields(summary).map(([, value]) =>
        new TextDecoder().decode(bytesOf(readFields(value as Uint8Array), 1)),
      );
      const losses = ["D", "D1", "D2", "G", "reconstruction", "adversarial1", "adversarial2"];
      const parts = [...losses, "accuracy1", "accuracy2", "residual", "exchange"];
      assert.deepEqual(new Set(tags), new Set([...parts.map((part) => `Bangs/${part}`), "learningRate"]));
    }));

  it("saves what a failing device leaves between steps, and says which step that is and how to continue", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 12);
      for (const { lost, step } of [
        { lost: false, step: 2 },
        { lost: true, step: 0 },
      ]) {
        const run = join(folder, `lost ${lost}`);
        const fail: TrainOptions["onProgress"] = ({ done }) => {
          if (done === 2) throw new DeviceError("device webgpu: it failed.", lost);
        };
        await assert.rejects(train(tinyRun(dataset, run, { steps: NEVER, onProgress: fail })), {
          name: "DeviceError",
          exitCode: 4,
          message:
            `device webgpu: it failed. Step ${step} is saved: ` +
            "continue with the same command, --resume and --device wasm.",
        });
        assert.equal((await listCheckpoints(run)).at(-1)?.step, step);
        const resumed = await train(tinyRun(dataset, run, { steps: 3, resume: true }));
        assert.equal(resumed.step, 3);
      }
    }));

  it("saves nothing more after another process has taken its folder over", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 12);
      const run = join(folder, "run");
      const onProgress: TrainOptions["onProgress"] = ({ done }) => {
        const lock = readdirSync(run).find((name) => name.startsWith(".running-"));
        if (done === 2 && lock !== undefined) rmSync(join(run, lock));
      };
      await assert.rejects(train(tinyRun(dataset, run, { steps: 4, saveEvery: 2, onProgress })), {
        name: "RetryableError",
        message: /expected this process's lock, received another process's/,
      });
      assert.deepEqual(
        (await listCheckpoints(run)).map(({ step }) => step),
        [0],
      );
    }));

  it("continues the run of a machine that is gone, or that the user declares gone", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 12);
      const run = join(folder, "run");
      await train(tinyRun(dataset, run, { steps: 1 }));
      const lock = join(run, ".running-elsewhere-7-1");
      await writeFile(lock, "");
      await assert.rejects(train(tinyRun(dataset, run, { resume: true })), /process 7 on elsewhere.*add --take-over/);
      const lines: string[] = [];
      const onMessage = (line: string): void => {
        lines.push(line);
      };
      await train(tinyRun(dataset, run, { resume: true, takeOver: true, onMessage }));
      assert.match(lines[0], /taken over from process 7 on elsewhere/);
      assert.ok(!existsSync(lock));
    }));

  it("refuses a folder that holds something, a file, and data it cannot train on, and writes nothing", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 12);
      await mkdir(join(folder, "full", "checkpoints"), { recursive: true });
      await writeFile(join(folder, "full", "checkpoints", "step-00000000.safetensors"), "");
      await mkdir(join(folder, "notes"));
      await writeFile(join(folder, "notes", "mine.txt"), "mine");
      const held = await treeOf(folder);
      const config = configOf(tinyRun(dataset, ""));
      const wrong: readonly (readonly [string, Partial<TrainOptions>, RegExp])[] = [
        [
          "full",
          {},
          /full: expected a new or empty folder, received a run with checkpoints\. Add --resume to continue a run/,
        ],
        ["notes", {}, /notes: expected a new or empty folder, received one that holds mine\.txt/],
        ["notes/mine.txt", {}, /mine\.txt: expected a new or empty folder, received a file\. Choose another --out/],
        [
          "new",
          { model: elegantModel({ ...config, attributes: ["Young"] }) },
          /training pictures without Young, received 0/,
        ],
      ];
      for (const [name, changes, message] of wrong) {
        const run = join(folder, name);
        await assert.rejects(train(tinyRun(dataset, run, changes)), { name: "InputError", message });
      }
      assert.deepEqual(await treeOf(folder), held);
    }));

  it("stops at losses that are not finite, names step and parts, and keeps the good checkpoint", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 20);
      const run = join(folder, "run");
      // The squares of weights of 1e30 overflow float32. The first checkpoint comes before any update.
      const settings = { ...PRESETS.official.method, batch: 2, seed: 5, learningRate: 1e30 };
      await assert.rejects(train(tinyRun(dataset, run, { settings, signal: AbortSignal.abort() })), /step 0 is saved/);
      const good = (await listCheckpoints(run))[0].path;
      const held = tf.memory().numTensors;
      await assert.rejects(train(tinyRun(dataset, run, { settings, steps: 9, saveEvery: 1, resume: true })), {
        name: "RetryableError",
        message:
          /^step \d, (Bangs|Smiling): expected finite losses, received D \S+, D1 .* G .* a lower --learning-rate\.$/,
      });
      assert.equal(tf.memory().numTensors, held);
      assert.equal((await loadCheckpoint(good)).progress.step, 0);
      for (const { path } of await listCheckpoints(run)) await loadCheckpoint(path);
    }));

  it("names the picture that cannot be read, and frees what it held", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 12);
      for (const [i, file] of dataset.files.entries()) {
        if (i % 5 !== 4) await writeFile(dataset.picture(i).path, `not ${file}`);
      }
      const held = tf.memory().numTensors;
      const run = join(folder, "run");
      await assert.rejects(train(tinyRun(dataset, run)), { name: "InputError", message: /\d{6}\.png/ });
      assert.equal(tf.memory().numTensors, held);
      assert.ok(!existsSync(join(run, "checkpoints")));
    }));
});
