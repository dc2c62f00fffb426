/** Checkpoints: their contents, how many are kept, and the fallback from damaged ones. */
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { decodeSafetensors } from "../../src/interop/safetensors.js";
import { elegantState } from "../../src/methods/elegant/model.js";
import { DISCRIMINATORS, GENERATOR, parameterSpecs } from "../../src/methods/elegant/parameters.js";
import { disposeState, type ElegantState } from "../../src/methods/elegant/state.js";
import { trainStep } from "../../src/methods/elegant/update.js";
import { restoreTrainingState } from "../../src/models/checkpoint.js";
import {
  listCheckpoints,
  loadCheckpoint,
  loadNewestCheckpoint,
  newestCheckpoint,
  saveCheckpoint,
} from "../../src/models/checkpoint-store.js";
import { exportGenerator, parseGenerator } from "../../src/models/generator-file.js";
import { withFolder } from "../support/folder.js";
import { disposeBatch, STEP_SETTINGS, TINY, tinyBatch, tinyState, trainingState } from "../support/model.js";

const PROGRESS = { best: { step: 7, score: 0.25 }, options: { learningRate: 2e-4, preset: "official" } };

async function train(state: ElegantState, seed: number): Promise<void> {
  const batch = tinyBatch(seed, seed % 3);
  await trainStep(state, batch, STEP_SETTINGS);
  disposeBatch(batch);
}

/** Reads all parameters and moments in the device's layout. */
function valuesOf({ generator, discriminator }: ElegantState): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>();
  for (const { parameters, first, second } of [generator, discriminator]) {
    for (const [kind, part] of Object.entries({ parameters, first, second })) {
      for (const [name, variable] of part) values.set(`${kind} ${name}`, variable.dataSync() as Float32Array);
    }
  }
  return values;
}

async function damage(path: string, at: (length: number) => number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at(bytes.length)] ^= 1;
  await writeFile(path, bytes);
}

describe("checkpoint", () => {
  let device: Device;
  let state: ElegantState;

  before(async () => {
    device = await openDevice("wasm", 1);
    state = tinyState(5);
    await train(state, 1);
  });

  after(async () => {
    disposeState(state);
    await device.close();
  });

  it("gives back parameters, moments, counts and progress to the bit, and training continues unchanged", async () => {
    await withFolder(async (run) => {
      const held = tf.memory().numTensors;
      const path = await saveCheckpoint(run, trainingState(state), { step: 1234, ...PROGRESS });
      assert.equal(path, join(run, "checkpoints", "step-00001234.safetensors"));
      const checkpoint = await loadCheckpoint(path);
      assert.deepEqual(checkpoint.model.config, TINY);
      assert.deepEqual(checkpoint.progress, { step: 1234, updates: { generator: 1, discriminator: 1 }, ...PROGRESS });

      const restored = elegantState(restoreTrainingState(checkpoint), TINY);
      const original = tinyState(5);
      await train(original, 1);
      assert.deepEqual(valuesOf(restored), valuesOf(original));
      for (const one of [original, restored]) await train(one, 2);
      assert.deepEqual(valuesOf(restored), valuesOf(original));
      assert.equal(restored.generator.updates, 2);
      for (const one of [original, restored]) disposeState(one);
      assert.equal(tf.memory().numTensors, held);
    });
  });

  it("stores every tensor under its PyTorch name and shape, with its moments", async () => {
    await withFolder(async (run) => {
      const path = await saveCheckpoint(run, trainingState(state), { step: 1, ...PROGRESS });
      const { tensors, metadata } = decodeSafetensors(await readFile(path), path);
      const specs = parameterSpecs(TINY, [...GENERATOR, ...DISCRIMINATORS]);
      assert.equal(tensors.size, 3 * specs.length);
      for (const { name, shape } of specs) {
        for (const prefix of ["", "adam.first/", "adam.second/"]) {
          assert.deepEqual(tensors.get(prefix + name)?.shape, shape, prefix + name);
        }
      }
      assert.equal(metadata.format, "elegant-faces checkpoint 1");
      assert.deepEqual(JSON.parse(metadata.config), TINY);
    });
  });

  it("keeps the newest three, and removes what a killed run has left half-written", async () => {
    await withFolder(async (run) => {
      const folder = join(run, "checkpoints");
      for (const step of [10, 20, 30, 40]) await saveCheckpoint(run, trainingState(state), { step, ...PROGRESS });
      await writeFile(join(folder, ".step-00000050.safetensors.123-0.tmp"), "half");
      await writeFile(join(folder, "notes.txt"), "the user's own");
      const path = await saveCheckpoint(run, trainingState(state), { step: 50, ...PROGRESS });
      const steps = (await listCheckpoints(run)).map(({ step }) => step);
      assert.deepEqual(steps, [30, 40, 50]);
      assert.deepEqual(await newestCheckpoint(run), { path, step: 50 });
      assert.deepEqual((await readdir(folder)).length, 4);
    });
  });

  it("keeps the one just written as well as damaged ones of later steps", async () => {
    await withFolder(async (run) => {
      for (const step of [70, 80, 90]) await saveCheckpoint(run, trainingState(state), { step, ...PROGRESS });
      await saveCheckpoint(run, trainingState(state), { step: 5, ...PROGRESS });
      assert.deepEqual(
        (await listCheckpoints(run)).map(({ step }) => step),
        [5, 70, 80, 90],
      );
    });
  });

  const damages: readonly (readonly [string, (path: string) => Promise<void>, RegExp])[] = [
    [
      "a flipped bit in a weight",
      (path) => damage(path, (length) => length - 100),
      /checksum: expected \w{12}\.\.\., /,
    ],
    ["a cut file", async (path) => writeFile(path, (await readFile(path)).subarray(0, 5000)), /expected .* received/],
    [
      "another step in the state",
      async (path) => {
        const text = (await readFile(path)).toString("latin1");
        await writeFile(path, text.replace('\\"step\\":20', '\\"step\\":90'), "latin1");
      },
      /checksum/,
    ],
    ["an empty file", (path) => writeFile(path, ""), /expected at least 8 bytes, received 0/],
  ];
  for (const [what, inflict, message] of damages) {
    it(`falls back to the checkpoint before one with ${what}, and says so`, async () => {
      await withFolder(async (run) => {
        const before = await saveCheckpoint(run, trainingState(state), { step: 10, ...PROGRESS });
        const newest = await saveCheckpoint(run, trainingState(state), { step: 20, ...PROGRESS });
        await inflict(newest);
        const { checkpoint, path, warnings } = await loadNewestCheckpoint(run);
        assert.deepEqual([path, checkpoint.progress.step, warnings.length], [before, 10, 1]);
        assert.match(warnings[0], message);
        assert.ok(warnings[0].includes(basename(newest)));
        await assert.rejects(loadCheckpoint(newest), { name: "InputError", message });
      });
    });
  }

  it("keeps the best as well as the newest three, and falls back to it when they are all damaged", () =>
    withFolder(async (run) => {
      const paths: string[] = [];
      for (const [step, best] of [
        [1, 1],
        [2, 2],
        [3, 2],
        [4, 2],
        [5, 2],
      ]) {
        paths.push(
          await saveCheckpoint(run, trainingState(state), {
            step,
            best: { step: best, score: 1 / best },
            options: null,
          }),
        );
      }
      const names = (await readdir(join(run, "checkpoints"))).sort();
      assert.deepEqual(
        names,
        ["best", "step-00000003", "step-00000004", "step-00000005"].map((name) => `${name}.safetensors`),
      );
      for (const path of paths.slice(2)) await writeFile(path, "");
      const { checkpoint, path, warnings } = await loadNewestCheckpoint(run);
      assert.deepEqual([checkpoint.progress.step, basename(path), warnings.length], [2, "best.safetensors", 3]);
    }));

  it("says what to do when there is no run, no checkpoint, or none that can be read", async () => {
    await withFolder(async (run) => {
      const nothing = /expected a run with checkpoints.*received none\. .*elegant train DATA/;
      await assert.rejects(loadNewestCheckpoint(join(run, "missing")), { name: "InputError", message: nothing });
      await assert.rejects(newestCheckpoint(run), { name: "InputError", message: nothing });
      await damage(await saveCheckpoint(run, trainingState(state), { step: 1, ...PROGRESS }), (length) => length - 1);
      const damaged = /expected a checkpoint, received 1 damaged/;
      await assert.rejects(loadNewestCheckpoint(run), { name: "InputError", message: damaged });
      const missing = /Reading the checkpoint .*ENOENT/;
      await assert.rejects(loadCheckpoint(join(run, "none.safetensors")), { name: "InputError", message: missing });
    });
  });

  it("exports Enc and Dec alone, in half the bytes as F16", async () => {
    await withFolder(async (run) => {
      const { tensors, model: saved } = await loadCheckpoint(
        await saveCheckpoint(run, trainingState(state), { step: 1, ...PROGRESS }),
      );
      const specs = parameterSpecs(TINY, GENERATOR);
      const file = exportGenerator(tensors, saved, { dtype: "F32" });
      const model = parseGenerator(decodeSafetensors(file, "model"), "model");
      assert.deepEqual(model.model.config, TINY);
      assert.deepEqual(
        [...model.tensors.keys()],
        specs.map(({ name }) => name),
      );
      for (const { name } of specs) assert.deepEqual(model.tensors.get(name)?.data, tensors.get(name)?.data, name);
      const half = exportGenerator(tensors, saved, { dtype: "F16" });
      assert.ok(half.length < 0.6 * file.length, `${half.length} of ${file.length} bytes`);
    });
  });
});
