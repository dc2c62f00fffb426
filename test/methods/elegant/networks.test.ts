/** ELEGANT's networks in all variants, compared with their description in plain arithmetic. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { createConfig, type ModelConfig } from "../../../src/methods/elegant/config.js";
import { decode, discriminate, encode, halve } from "../../../src/methods/elegant/networks.js";
import {
  DISCRIMINATORS,
  GENERATOR,
  initialParameters,
  parameterSpecs,
} from "../../../src/methods/elegant/parameters.js";
import { type Parameters, parameter, uploadParameters } from "../../../src/nn/parameters.js";
import { assertClose } from "../../support/close.js";
import { randomPictures, TINY } from "../../support/model.js";
import { useWasm } from "../../support/use-device.js";

/** Makes parameters far from their small initial values, so that every layer matters. */
function parametersOf(config: ModelConfig): Parameters {
  const networks = [...GENERATOR, ...DISCRIMINATORS];
  const tensors = initialParameters(config, networks, 3);
  for (const [name, { data }] of tensors) if (name.endsWith(".weight")) data.set(data.map((w) => 20 * w));
  return uploadParameters(parameterSpecs(config, networks), tensors, "test");
}

/** Computes the decoder with stock operations, from the description in docs/fidelity.md. */
function decodePlainly(parameters: Parameters, config: ModelConfig, z: tf.Tensor4D, skips: readonly tf.Tensor4D[]) {
  let x = tf.concat([z, z], 3) as tf.Tensor4D;
  for (let i = 0; i < 5; i++) {
    const weight = parameter(parameters, `Dec.main.${i}.0.weight`) as unknown as tf.Tensor4D; // [3, 3, out, in]
    const side = 2 * x.shape[1];
    // A transposed convolution of stride 1 is a convolution with the taps reversed.
    const turned = tf.transpose(tf.reverse(weight, [0, 1]), [0, 1, 3, 2]) as tf.Tensor4D;
    const convolved =
      config.upsampling === "resize"
        ? tf.conv2d(tf.image.resizeNearestNeighbor(x, [side, side]), turned, 1, "same")
        : tf.conv2dTranspose(x, weight, [x.shape[0], side, side, weight.shape[2]], 2, 1);
    const y = tf.add(convolved, parameter(parameters, `Dec.main.${i}.0.bias`));
    if (i === 4) return tf.mul(2, tf.tanh(y));
    const length = tf.maximum(tf.norm(y, 2, 3, true), 1e-12);
    const normed = tf.add(
      tf.mul(parameter(parameters, `Dec.main.${i}.1.alpha`), tf.div(y, length)),
      parameter(parameters, `Dec.main.${i}.1.beta`),
    );
    const active = config.decoderActivation === "relu" ? tf.relu(normed) : tf.leakyRelu(normed, 0.2);
    x = tf.add(active, skips[3 - i]);
  }
  throw new Error("unreachable");
}

describe("model/networks", () => {
  useWasm(2);

  for (const upsampling of ["transposed", "resize"] as const) {
    for (const decoderActivation of ["relu", "leaky-relu"] as const) {
      it(`decode with ${upsampling} doubling and ${decoderActivation}`, () => {
        const config = createConfig({ ...TINY, upsampling, decoderActivation });
        const parameters = parametersOf(config);
        const { latent, skips } = encode(parameters, config, randomPictures(1, 2));
        const { residual } = decode(parameters, config, latent, latent, skips);
        assert.deepEqual(residual.shape, [2, 64, 64, 3]);
        const expected = decodePlainly(parameters, config, latent, skips).dataSync();
        // The two add float32 values in different orders, through five layers; residuals reach 2.
        assertClose(residual.dataSync(), expected, { abs: 2e-5, rel: 0 });
        const spread = tf.moments(residual).variance.dataSync()[0];
        assert.ok(spread > 1e-3, `the residual is flat: variance ${spread}`);
      });
    }
  }

  it("treat all pixels alike when the decoder resizes: a flat picture stays flat inside", () => {
    // With a constant input, each output of a resize block meets all nine taps; a strided one meets 1, 2 or 4 of them.
    const ripple = (upsampling: ModelConfig["upsampling"]): number => {
      const config = createConfig({ ...TINY, size: 256, upsampling });
      const parameters = parametersOf(config);
      const latent = tf.ones<tf.Rank.R4>([1, 8, 8, 32]);
      const skips = [1, 2, 4, 8].map((w, i) => tf.zeros<tf.Rank.R4>([1, 128 >> i, 128 >> i, 4 * w]));
      // Only the middle counts, which the zeros outside the border do not reach.
      const { residual } = decode(parameters, config, latent, latent, skips);
      const inside = tf.slice(residual, [0, 126, 126, 0], [1, 4, 4, 3]);
      return tf.max(tf.sub(tf.max(inside, [1, 2]), tf.min(inside, [1, 2]))).dataSync()[0];
    };
    assert.ok(ripple("resize") < 1e-5, `resize: ${ripple("resize")}`);
    assert.ok(ripple("transposed") > 1e-2, `transposed: ${ripple("transposed")}`);
  });

  it("have the paper's fifth convolution in the discriminators", () => {
    const config = createConfig({ ...TINY, discriminatorBlocks: 5 });
    const shapes = new Map(parameterSpecs(config, DISCRIMINATORS).map(({ name, shape }) => [name, shape]));
    assert.deepEqual(shapes.get("D1.conv.12.weight"), [32, 32, 3, 3]);
    assert.deepEqual(shapes.get("D1.linear.0.weight"), [1, 32 * 2 * 2]);
    assert.deepEqual(shapes.get("D2.linear.0.weight"), [1, 32 * 1 * 1]);
    assert.ok(!parameterSpecs(TINY, DISCRIMINATORS).some(({ name }) => name.includes("conv.12")));

    const parameters = parametersOf(config);
    const pictures = randomPictures(2, 2);
    const labels = tf.tensor2d([
      [1, 0, 1],
      [0, 1, 1],
    ]);
    for (const network of ["D1", "D2"] as const) {
      const seen = network === "D1" ? pictures : halve(pictures);
      const logits = discriminate(parameters, config, network, seen, labels);
      assert.deepEqual(logits.shape, [2, 1]);
      // Without the fifth block's weights the function is different.
      const [before] = logits.dataSync();
      const weight = parameter(parameters, `${network}.conv.12.weight`);
      weight.assign(tf.mul(weight, -1));
      assert.ok(Math.abs(discriminate(parameters, config, network, seen, labels).dataSync()[0] - before) > 1e-3);
    }
  });
});
