/** The memory that an update needs, and how a batch is divided when it does not fit. */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import type { SharedMemoryBackend } from "../../src/device/wasm/backend.js";
import { SharedHeap } from "../../src/kernels/heap.js";
import { sharedMemory } from "../../src/kernels/memory.js";
import { createConfig, OFFICIAL_NETWORK } from "../../src/methods/elegant/config.js";
import { largestTensorBytes, memoryNeeds, type UpdateFacts, updateBytes } from "../../src/methods/elegant/memory.js";
import { elegantModel, elegantState } from "../../src/methods/elegant/model.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import { stepSettings } from "../../src/methods/elegant/settings.js";
import { disposeState } from "../../src/methods/elegant/state.js";
import { trainStep } from "../../src/methods/elegant/update.js";
import { loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { describeDivision, divideBatch, type MemoryFacts, roomForTensors } from "../../src/training/batch-memory.js";
import { train } from "../../src/training/loop.js";
import { newTrainingState } from "../../src/training/run.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { disposeBatch, STEP_SETTINGS, TINY, tinyBatch, tinyState } from "../support/model.js";
import { rowsOf, tinyRun } from "../support/run.js";

const GIB = 2 ** 30;

const MIB = 2 ** 20;

const facts = (size: number, width: number, changes: Partial<UpdateFacts> = {}): UpdateFacts => ({
  config: createConfig({ ...OFFICIAL_NETWORK, size, width, attributes: ["a", "b"] }),
  ...PRESETS.official.method,
  ...changes,
});

describe("memory of an update", () => {
  it("is estimated within 5 % of what the heap has taken", () => {
    // MiB after two updates (bench/batch-memory.ts).
    const measured = [
      [64, 8, 4, true, 0, 27.0],
      [64, 32, 16, true, 0, 265.6],
      [64, 32, 2, false, 0, 107.7],
      [64, 64, 16, true, 0, 600.0],
      [64, 64, 16, true, 10, 1194.2],
      [64, 128, 2, false, 0, 1397.8],
      [128, 32, 3, false, 0, 232.4],
      [128, 64, 2, true, 10, 721.5],
      [256, 16, 4, true, 0, 549.6],
      [256, 64, 1, true, 0, 603.6],
      [256, 64, 2, true, 0, 982.8],
    ] as const;
    for (const [size, width, part, whole, r1, mebibytes] of measured) {
      const estimate = updateBytes(facts(size, width, { r1 }), part, whole) / MIB;
      const error = estimate / mebibytes - 1;
      assert.ok(Math.abs(error) <= 0.05, `${size} px, width ${width}, ${part} pairs, R1 ${r1}: ${estimate} MiB`);
    }
  });

  it("is estimated within 7 % for modern", () => {
    const { network, method } = PRESETS.modern;
    const measured = [
      [64, 8, 4, true, 29.5],
      [64, 16, 16, true, 163.1],
      [64, 32, 16, true, 325.7],
      [64, 32, 8, false, 208.4],
      [64, 32, 2, false, 122.4],
      [64, 64, 4, true, 445.9],
      [128, 32, 6, true, 448.8],
      [128, 32, 3, false, 262.8],
      [128, 64, 2, true, 564.2],
      [256, 16, 4, true, 607.8],
      [128, 16, 8, true, 312.0],
      [64, 64, 2, false, 424.9],
      [64, 64, 4, false, 477.9],
      [64, 32, 1, true, 101.1],
    ] as const;
    for (const [size, width, part, whole, mebibytes] of measured) {
      const config = createConfig({ ...network, size, width, attributes: ["a", "b"] });
      const estimate = updateBytes({ config, ...method }, part, whole) / MIB;
      const error = estimate / mebibytes - 1;
      assert.ok(Math.abs(error) <= 0.07, `${size} px, width ${width}, ${part} pairs: ${estimate} MiB`);
    }
  });

  it("is estimated within 3 % with a cycle loss", () => {
    const { network, method } = PRESETS.modern;
    const measured = [
      [64, 32, 8, true, 318.2],
      [64, 32, 4, false, 235.4],
      [64, 16, 8, true, 146.5],
      [128, 32, 4, true, 502.4],
      [128, 32, 2, false, 327.4],
    ] as const;
    for (const [size, width, part, whole, mebibytes] of measured) {
      const config = createConfig({ ...network, size, width, attributes: ["a", "b"] });
      const estimate = updateBytes({ config, ...method, cycle: 5 }, part, whole) / MIB;
      const error = estimate / mebibytes - 1;
      assert.ok(Math.abs(error) <= 0.03, `${size} px, width ${width}, ${part} pairs: ${estimate} MiB`);
    }
  });

  it("is estimated for this machine's own update too", async () => {
    const device = await openDevice("wasm", 2);
    const state = tinyState(1, { ...TINY, width: 8 });
    for (let update = 0; update < 2; update++) {
      const batch = tinyBatch(update, 1);
      await trainStep(state, batch, STEP_SETTINGS);
      disposeBatch(batch);
    }
    const { reservedBytes } = (tf.backend() as SharedMemoryBackend).team.heap.statistics;
    const estimate = updateBytes({ config: state.config, ...PRESETS.official.method }, 2, true);
    disposeState(state);
    await device.close();
    // In small heaps, blocks that the estimate omits matter.
    assert.ok(Math.abs(estimate / reservedBytes - 1) < 0.1, `${estimate / MIB} MiB, received ${reservedBytes / MIB}`);
  });
});

describe("the largest tensor of an update", () => {
  it("is found among all that an update makes", async () => {
    const device = await openDevice("wasm", 1);
    const engine = tf.engine();
    const stock = engine.trackTensor.bind(engine);
    try {
      // The cases have few attributes and many channels, and the reverse.
      for (const [preset, width, attributes] of [
        ["official", 20, ["a"]],
        ["official", 4, ["a", "b", "c"]],
        ["modern", 20, ["a"]],
        ["modern", 4, ["a", "b", "c"]],
      ] as const) {
        const config = createConfig({ ...PRESETS[preset].network, size: 64, width, attributes });
        const settings = { ...PRESETS[preset].method, ema: 0, batch: 3, seed: 1, dataset: "" };
        const state = elegantState(newTrainingState(elegantModel(config), settings), config);
        const draw = (): tf.Tensor4D => tf.randomUniform([3, 64, 64, 3], -1, 1, "float32", 1);
        const labels = (value: number): tf.Tensor2D => tf.fill([3, attributes.length], value);
        const batch = {
          groups: [{ attribute: 0, pairs: 3 }],
          A: draw(),
          B: draw(),
          yA: labels(1) as tf.Tensor2D,
          yB: labels(0) as tf.Tensor2D,
        };
        let largest = 0;
        engine.trackTensor = (tensor, owner) => {
          // Filters, of 3 x 3 or 4 x 4, do not depend on the part; batches of its pictures do.
          if (tensor.shape[0] !== 3 && tensor.shape[0] !== 4) largest = Math.max(largest, 4 * tensor.size);
          stock(tensor, owner);
        };
        await trainStep(state, batch, stepSettings(settings, 0), { part: 2 });
        engine.trackTensor = stock;
        assert.equal(largest, largestTensorBytes(config, 2), `${preset}, width ${width}`);
        disposeBatch(batch);
        disposeState(state);
      }
    } finally {
      engine.trackTensor = stock;
      await device.close();
    }
  });
});

describe("how a batch is divided", () => {
  const published = facts(256, 64);
  const roomOf = (bytes: number) => ({ bytes, tensorBytes: Number.POSITIVE_INFINITY });

  it("takes more parts where a tensor would be larger than the device takes, and says so", () => {
    // 16 MiB a pair.
    const room = { bytes: Number.POSITIVE_INFINITY, tensorBytes: 128 * MIB };
    const division = divideBatch(memoryNeeds(published), 16, room);
    assert.equal(division.part, 8);
    assert.equal(
      describeDivision(division, room),
      "batch 16 + 16 has tensors of 0.3 GiB, the device takes 0.1 GiB: computed in 2 parts of 8 + 8, same result",
    );
  });

  it("is not divided if it fits, and otherwise has the fewest equal parts that fit", () => {
    const parts = (batch: number, room: number): number =>
      divideBatch(memoryNeeds(published), batch, roomOf(room)).part;
    // About 6.6 GiB for sixteen pairs, 3.1 for eight, 2.4 for six, 1.7 for four, 0.7 for one.
    assert.equal(parts(16, Number.POSITIVE_INFINITY), 16);
    assert.equal(parts(16, 8 * GIB), 16);
    assert.equal(parts(16, 4 * GIB), 8);
    assert.equal(parts(16, 3 * GIB), 6);
    assert.equal(parts(16, 2 * GIB), 4);
    assert.equal(parts(16, 1 * GIB), 1);
    assert.equal(parts(16, 0), 1);
    assert.equal(parts(8, 4 * GIB), 8);
    assert.equal(parts(1, 4 * GIB), 1);
    assert.equal(parts(7, 2.5 * GIB), 4);
  });

  it("keeps within the room whatever the settings are", () => {
    for (const r1 of [0, 10]) {
      for (const ema of [0, 0.999]) {
        for (let room = GIB / 2; room <= 8 * GIB; room *= 1.1) {
          const { batch, part, partBytes } = divideBatch(memoryNeeds({ ...published, r1, ema }), 16, roomOf(room));
          assert.ok(partBytes <= room || part === 1, `${part} in ${room}`);
          // One part fewer would not have fitted.
          const parts = Math.ceil(batch / part);
          const larger = Math.ceil(batch / (parts - 1));
          assert.ok(parts === 1 || 1.07 * updateBytes({ ...published, r1, ema }, larger, parts === 2) > room);
        }
      }
    }
  });

  it("is explained in one line", () => {
    const tell = (batch: number, room: number) =>
      describeDivision(divideBatch(memoryNeeds(published), batch, roomOf(room)), roomOf(room));
    assert.equal(tell(16, 8 * GIB), null);
    assert.match(
      tell(16, 4 * GIB) ?? "",
      /^batch 16 \+ 16 takes about 6\.\d GiB of memory, there is room for 4\.0 GiB: computed in 2 parts of 8 \+ 8, same result$/,
    );
    assert.match(tell(16, 3 * GIB) ?? "", /: computed in 3 parts of 6 \+ 6, the last of 4 \+ 4, same result$/);
    assert.match(tell(2, 0) ?? "", /2 parts of 1 \+ 1, same result \(0\.7 GiB: may fail; close other programs or /);
    assert.match(tell(1, 0) ?? "", /room for 0\.0 GiB: computed all the same \(0\.6 GiB: may fail/);
  });
});

describe("room for tensors", () => {
  const machine = { platform: "linux", memoryBytes: 16 * GIB, freeBytes: 12 * GIB, memoryLimitBytes: null } as const;

  const room = (changes: Partial<MemoryFacts["machine"]>, reservedBytes = 0): number =>
    roomForTensors({
      heap: { limitBytes: 4 * GIB, reservedBytes },
      machine: { ...machine, ...changes },
      residentBytes: GIB / 4,
    }) / GIB;

  it("is the address space, the machine's free memory, or what the container leaves", () => {
    assert.equal(room({}), 4);
    assert.equal(room({ freeBytes: 3 * GIB }), 2.25);
    assert.equal(room({ freeBytes: 3 * GIB }, GIB), 3.25); // The reserved bytes are already ours.
    assert.equal(room({ memoryLimitBytes: 2 * GIB }), 1);
    assert.equal(room({ freeBytes: GIB / 2 }), 0);
    assert.equal(room({ freeBytes: GIB / 2, platform: "darwin" }), 4);
    assert.equal(room({ freeBytes: GIB / 2, memoryBytes: 4 * GIB, platform: "darwin" }), 1.25);
  });
});

describe("training with little memory", () => {
  it("splits the batch by itself, says so, completes, and continues on a machine with more memory", () =>
    withFolder(async (folder) => {
      const dataset = await writeFaces(join(folder, "data"), 20);
      const settings = { ...PRESETS.official.method, batch: 4, seed: 5 };
      const trainWith = async (heap: SharedHeap | undefined, run: string, steps: number, resume = false) => {
        const device = await openDevice("wasm", 1, heap);
        const lines: string[] = [];
        const options = { settings, steps, resume, onMessage: (line: string) => lines.push(line) };
        const { batch } = await train(tinyRun(dataset, join(folder, run), options));
        await device.close();
        return { batch, lines };
      };
      const whole = await trainWith(undefined, "whole", 2);
      assert.deepEqual(whole.batch, { batch: 4, part: 4, description: null });
      // A batch of four takes 19 MiB.
      const split = await trainWith(new SharedHeap(sharedMemory(MIB), 15 * MIB), "split", 1);
      assert.equal(split.batch.part, 2);
      assert.match(
        split.batch.description ?? "",
        /^batch 4 \+ 4 takes .*: computed in 2 parts of 2 \+ 2, same result$/,
      );
      assert.ok(split.lines.includes(split.batch.description ?? ""));
      const resumed = await trainWith(undefined, "split", 2, true);
      assert.equal(resumed.batch.part, 4);
      const [rows, expected] = await Promise.all(["split", "whole"].map((run) => rowsOf(join(folder, run))));
      assert.equal(rows.length, expected.length);
      const [one, other] = await Promise.all(["split", "whole"].map((run) => loadNewestCheckpoint(join(folder, run))));
      assert.deepEqual(one.checkpoint.progress.options, other.checkpoint.progress.options);
      for (const [i, row] of (rows as Record<string, number | string>[]).entries()) {
        for (const [name, value] of Object.entries(expected[i] as typeof row)) {
          if (typeof value !== "number") continue;
          // We measured 4e-5, in the row after the first update: Adam amplifies rounding errors of tiny gradients.
          assert.ok(
            Math.abs(Number(row[name]) - value) <= 1e-4 * Math.abs(value),
            `${i} ${name}: ${row[name]}, ${value}`,
          );
        }
      }
    }));

  it("takes for 'auto' the published batch, what the data have, or the run's own", () =>
    withFolder(async (folder) => {
      const device = await openDevice("wasm", 1);
      const settings = { ...PRESETS.official.method, seed: 5 };
      const chosen = async (faces: number, run: string, batch: number | "auto", resume = false) => {
        const dataset = await writeFaces(join(folder, `data-${faces}`), faces);
        const options = { settings: { ...settings, batch }, steps: 0, resume };
        return (await train(tinyRun(dataset, join(folder, run), options))).batch;
      };
      assert.deepEqual(await chosen(90, "many", "auto"), {
        batch: 16,
        part: 16,
        description: "--batch auto: 16 + 16, as published",
      });
      const few = await chosen(12, "few", "auto");
      assert.match(
        few.description ?? "",
        /^--batch auto: (\d) \+ \1, all \1 training pictures with.* (Bangs|Smiling); published are 16$/,
      );
      await chosen(90, "own", 3);
      assert.deepEqual(await chosen(90, "own", "auto", true), {
        batch: 3,
        part: 3,
        description: "--batch auto: 3 + 3, as the run has it",
      });
      await assert.rejects(chosen(90, "none", "auto", true), { name: "InputError", message: /none: expected a run/ });
      await device.close();
    }));
});
