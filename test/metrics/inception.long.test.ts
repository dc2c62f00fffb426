/** Inception's features and its ways of resizing against PyTorch and Pillow. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../src/device/device.js";
import { openDevice } from "../../src/device/open.js";
import { passes } from "../../src/golden/compare.js";
import { openGolden } from "../../src/golden/verify.js";
import { toInceptionInput } from "../../src/image/inception-input.js";
import { decodePth, toNamedTensors } from "../../src/interop/pth.js";
import { createInception, INCEPTION_SIZE, inceptionFeatures } from "../../src/metrics/inception.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { withFolder } from "../support/folder.js";
import { goldenPhoto } from "../support/pictures.js";
import { sharedPath } from "../support/shared.js";
import { hasPillow, hasTorch, runPython } from "../support/torch.js";

const GOLDEN = sharedPath("golden/inception-s1.json");

describe("metrics/inception", () => {
  let device: Device;

  before(async () => {
    device = await openDevice("wasm", 2);
  });

  after(() => device.close());

  it("has the features of pytorch-fid's network at all dims", async function () {
    if (GOLDEN === null) return this.skip();
    const before = tf.memory().numTensors;
    const quantities = await (await openGolden(GOLDEN)).check(() => {});
    assert.equal(quantities.length, 12);
    for (const quantity of quantities) assert.ok(passes(quantity), `${quantity.name}: ${quantity.error}`);
    assert.equal(tf.memory().numTensors, before);
  });

  it("reads PyTorch's legacy file with strided filters, and agrees with PyTorch's layers", function () {
    if (!hasTorch()) return this.skip();
    return withFolder(async (folder) => {
      const [file, out] = [join(folder, "w.pth"), join(folder, "features.f32")];
      runPython("inception.py", [file, out]);
      const tensors = toNamedTensors(decodePth(await readFile(file), file));
      const network = createInception(tensors, 192, file);
      const length = INCEPTION_SIZE * INCEPTION_SIZE * 3;
      const inputs = new Float32Array(2 * length);
      for (let i = 0; i < inputs.length; i++) inputs[i] = (i % 977) / 488 - 1; // as in inception.py
      const features = tf.tidy(() =>
        inceptionFeatures(network, tf.tensor4d(inputs, [2, INCEPTION_SIZE, INCEPTION_SIZE, 3])).dataSync(),
      );
      network.dispose();
      const expected = new Float32Array(new Uint8Array(await readFile(out)).buffer);
      assertClose(features, expected, { abs: 1e-5, rel: 1e-5 }, shapeIndex([2, 192]));
    });
  });

  it("resizes as PyTorch and as Pillow do", function () {
    if (!hasTorch() || !hasPillow()) return this.skip();
    return withFolder(async (folder) => {
      for (const [width, height] of [
        [64, 64],
        [400, 360],
        [299, 150],
        [31, 500],
      ]) {
        const picture = goldenPhoto("resize", 3, height, width);
        const raw = join(folder, "in.raw");
        await writeFile(raw, Uint8Array.from(picture.data.filter((_, i) => i % 4 !== 3)));
        for (const [mode, back] of [
          ["pytorch", (v: number) => ((v + 1) * 255) / 2],
          ["clean", (v: number) => v * 128 + 128],
        ] as const) {
          const out = join(folder, "out.f32");
          runPython("resize.py", [raw, `${width}`, `${height}`, "97", mode, out]);
          const bytes = await readFile(out);
          const expected = new Float32Array(new Uint8Array(bytes).buffer);
          const ours = new Float32Array(97 * 97 * 3);
          toInceptionInput(picture, 97, mode, ours);
          assertClose(ours.map(back), expected, { abs: 2e-3, rel: 0 }, (i) => `${mode}, ${width} x ${height} [${i}]`);
        }
      }
    });
  });
});
