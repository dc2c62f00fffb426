/** Inception's parameters, its three ways of resizing, and features of files. */
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { InputError } from "../../src/errors.js";
import { encodePng } from "../../src/image/codec.js";
import { type InceptionMode, toInceptionInput } from "../../src/image/inception-input.js";
import { extractFeatures } from "../../src/metrics/extract.js";
import {
  createInception,
  inceptionFeatures,
  inceptionTensors,
  randomInceptionTensors,
} from "../../src/metrics/inception.js";
import type { Feeding } from "../../src/pool/feeding.js";
import type { ItemFailure } from "../../src/pool/protocol.js";
import { assertClose } from "../support/close.js";
import { changingFeeding } from "../support/feeding.js";
import { withFolder } from "../support/folder.js";
import { goldenPhoto } from "../support/pictures.js";

describe("metrics/inception", () => {
  let device: Device;

  before(async () => {
    device = await openDevice("wasm", 2);
  });

  after(() => device.close());

  it("has as many parameters as the published network without its classifier", () => {
    const trained = inceptionTensors(2048).filter(({ name }) => !name.includes("running"));
    const count = trained.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    assert.deepEqual([inceptionTensors(2048).length, count], [94 * 5, 21_785_568]);
  });

  it("refuses weights that lack tensors, and names them", () => {
    const tensors = randomInceptionTensors(1, 64);
    tensors.set("fc.bias", { shape: [1008], data: new Float32Array(1008) });
    createInception(tensors, 64, "w.pth").dispose();
    tensors.delete("Conv2d_2a_3x3.bn.running_var");
    tensors.set("Conv2d_2b_3x3.bn.bias", { shape: [32], data: new Float32Array(32) });
    assert.throws(
      () => createInception(tensors, 64, "w.pth"),
      /w\.pth: expected tensors 'Conv2d_2a_3x3\.bn\.running_var' of shape \[32\] \(missing\), 'Conv2d_2b_3x3\.bn\.bias' of shape \[64\] \(has \[32\]\), received 15 tensors without them\. /,
    );
    assert.throws(
      () => createInception(tensors, 192, "w.pth"),
      (error: Error) =>
        error instanceof InputError &&
        /'Conv2d_3b_1x1\.bn\.weight' of shape \[80\] \(missing\), and 8 more/.test(error.message),
    );
  });

  /** Output columns of an image with these grey levels from left to right, as grey levels. */
  function columns(mode: InceptionMode, size: number, levels: readonly number[]): Float32Array {
    const [width, height] = [levels.length, 6];
    const data = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => levels[Math.floor(i / 4) % width]);
    const out = new Float32Array(size * size * 3);
    toInceptionInput({ width, height, data }, size, mode, out);
    const grey = (value: number): number => (mode === "pytorch" ? ((value + 1) * 255) / 2 : value * 128 + 128);
    return Float32Array.from({ length: size }, (_, x) => grey(out[3 * (size + x)]));
  }

  it("samples at half pixels in the mode of PyTorch, and skips pixels where it shrinks", () => {
    assertClose(columns("pytorch", 4, [40, 80]), [40, 50, 70, 80], { abs: 1e-4, rel: 0 });
    assertClose(columns("pytorch", 2, [0, 10, 20, 90, 250, 7, 8, 9]), [(10 + 20) / 2, (7 + 8) / 2], {
      abs: 1e-4,
      rel: 0,
    });
  });

  it("filters with a cubic as wide as the reduction in the clean mode, and clips what overshoots", () => {
    // Keys' cubic at 1/4, 3/4 and 5/4 of an output pixel.
    const [near, mid, far] = [0.8671875, 0.2265625, -0.0703125];
    const sum = 2 * near + mid + far;
    const expected = [(255 * 2 * near) / sum, (255 * (mid + far)) / sum];
    assertClose(columns("clean", 2, [255, 255, 0, 0]), expected, { abs: 1e-4, rel: 0 });
    assertClose(columns("clean", 2, [0, 0, 0, 255]), [0, (255 * near) / sum], { abs: 1e-4, rel: 0 });
  });

  it("samples without half pixels in the mode of TensorFlow 1", () => {
    const picture = {
      width: 4,
      height: 4,
      data: Uint8ClampedArray.from({ length: 64 }, (_, i) => 10 * (Math.floor(i / 4) % 4) + 20 * Math.floor(i / 16)),
    };
    const out = new Float32Array(8 * 8 * 3);
    toInceptionInput(picture, 8, "tensorflow", out);
    // Positions 0, 0.5, 1 ... 3.5. The last one has no right neighbour.
    const at = (x: number, y: number) => out[(y * 8 + x) * 3] * 128 + 128;
    assertClose([at(0, 0), at(1, 0), at(2, 0), at(7, 0), at(3, 5)], [0, 5, 10, 30, 15 + 50], { abs: 1e-4, rel: 0 });
  });

  it("extracts features of files of all sizes in their order, reports damaged ones, and leaks nothing", () =>
    withFolder(async (folder) => {
      const network = createInception(randomInceptionTensors(2, 64), 64, "random");
      const paths: string[] = [];
      await mkdir(join(folder, "in"));
      for (let i = 0; i < 7; i++) {
        paths.push(join(folder, "in", `${i}.png`));
        const bytes = await encodePng(goldenPhoto(`p${i}`, 2, 40 + 13 * i, 90 - 7 * i));
        await writeFile(paths[i], i === 4 ? bytes.subarray(0, 200) : bytes);
      }
      const extractor = {
        name: "random",
        comparable: false,
        dims: 64,
        size: 299,
        extract: (x: tf.Tensor4D) => inceptionFeatures(network, x),
      };
      const all = async (batch: number, workers: number | Feeding) => {
        const failures: ItemFailure[] = [];
        const rows: number[] = [];
        const indices: number[] = [];
        const options = {
          paths,
          mode: "pytorch",
          workers,
          batch,
          onFailure: (failure: ItemFailure) => failures.push(failure),
        } as const;
        for await (const part of extractFeatures(extractor, options)) {
          rows.push(...part.features);
          indices.push(...part.indices);
        }
        return { rows, indices, failed: failures.map(({ file }) => file) };
      };
      const held = tf.memory().numTensors;
      const whole = await all(8, 2);
      assert.equal(tf.memory().numTensors, held);
      assert.deepEqual([whole.rows.length, whole.failed], [6 * 64, [paths[4]]]);
      assert.deepEqual(whole.indices, [0, 1, 2, 3, 5, 6]);
      for (const batch of [1, 3]) {
        const parts = await all(batch, 1);
        assert.deepEqual([parts.failed, parts.indices], [whole.failed, whole.indices]);
        assert.deepEqual(parts.rows, whole.rows);
      }
      // On this device, the results are bit-identical for any number of threads and batches ahead.
      const { feeding, items, units } = changingFeeding(3);
      assert.deepEqual(await all(2, feeding), whole);
      assert.deepEqual([items.get("decode"), items.get("features"), units()], [7, 6, 7]);
      for await (const { indices } of extractFeatures(extractor, {
        ...{ paths, mode: "clean", workers: 2, batch: 2, onFailure: (failure) => assert.fail(failure.reason) },
      })) {
        assert.deepEqual(indices, [0, 1]);
        break; // closes its workers; otherwise mocha would wait for them
      }
      network.dispose();
      assert.equal(tf.memory().numTensors, held - 2 * 3, "filter and bias of three layers");
    }));
});
