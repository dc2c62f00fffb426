/** The gradient penalty R1 against PyTorch's double backward. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { gradientPenalty } from "../../../src/methods/elegant/losses.js";
import { discriminate } from "../../../src/methods/elegant/networks.js";
import { disposeParameters, fromDeviceLayout, type Parameters, uploadParameters } from "../../../src/nn/parameters.js";
import { assertClose } from "../../support/close.js";
import { withFolder } from "../../support/folder.js";
import { config, GAMMA, SEED, specs, values, weights } from "../../support/penalty.js";
import { hasTorch, runPython } from "../../support/torch.js";
import { useWasm } from "../../support/use-device.js";

describe("the gradient penalty R1", () => {
  useWasm(2);

  const inputs = () => {
    const pictures = tf.transpose(tf.tensor4d(values("pictures", 4 * 3 * 64 * 64), [4, 3, 64, 64]), [0, 2, 3, 1]);
    const labels = tf.tensor2d(
      values("labels", 12).map((v) => (v > 0 ? 1 : 0)),
      [4, 3],
    );
    return { pictures: pictures as tf.Tensor4D, labels };
  };

  const penaltyOf = (parameters: Parameters): tf.Scalar => {
    const { pictures, labels } = inputs();
    const score = (x: tf.Tensor4D) => ({
      logits: discriminate(parameters, config, "D1", x, labels, true),
      weights: null,
    });
    return gradientPenalty(score, pictures, GAMMA);
  };

  it("has the value and the gradients of PyTorch's double backward", function () {
    if (!hasTorch()) return this.skip();
    return withFolder(async (folder) => {
      const out = join(folder, "r1.json");
      runPython("r1.py", ["64", "4", "3", `${GAMMA}`, `${SEED}`, out]);
      const expected = JSON.parse(await readFile(out, "utf8")) as {
        penalty: number;
        gradients: Record<string, number[]>;
      };
      const parameters = uploadParameters(specs, weights(), "test");
      const { value, grads } = tf.variableGrads(() => penaltyOf(parameters), [...parameters.values()]);
      assertClose(value.dataSync(), [expected.penalty], { abs: 0, rel: 1e-4 });
      let compared = 0;
      for (const spec of specs) {
        const reference = expected.gradients[spec.name];
        const gradient = grads[(parameters.get(spec.name) as tf.Variable).name] as tf.Tensor | undefined;
        const scale = Math.sqrt(reference.reduce((sum, v) => sum + v * v, 0) / reference.length);
        if (scale === 0) {
          // The linear bias changes no slope, so TensorFlow.js returns zeros or nothing.
          assert.ok(!(gradient instanceof tf.Tensor) || gradient.dataSync().every((v) => v === 0), spec.name);
          continue;
        }
        const received = fromDeviceLayout(spec, gradient?.dataSync() as Float32Array);
        // This compares float32 with double after two passes. The tolerance is a share of the tensor's rms.
        assertClose(received, reference, { abs: 2e-3 * scale, rel: 0 }, (i) => `${spec.name} [${i}]`);
        compared++;
      }
      assert.ok(compared >= 16, `${compared} tensors`);
      disposeParameters(parameters);
    });
  });
});
