/** The gradient penalty R1 against PyTorch's double backward. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { disposeParameters, fromDeviceLayout, uploadParameters } from "../../../src/nn/parameters.js";
import { assertClose } from "../../support/close.js";
import { withFolder } from "../../support/folder.js";
import { GAMMA, penaltyOf, SEED, specs, weights } from "../../support/penalty.js";
import { hasTorch, runPython } from "../../support/torch.js";
import { useWasm } from "../../support/use-device.js";

describe("the gradient penalty R1", () => {
  useWasm(2);

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
