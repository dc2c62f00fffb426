/** Values and gradients of our operations on all devices, compared with PyTorch. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { biasLeaky } from "../../../src/device/ops/bias-leaky.js";
import { upsampleBilinear } from "../../../src/device/ops/upsample.js";
import { filled } from "../../../src/golden/formula.js";
import { gradientPenalty } from "../../../src/methods/elegant/losses.js";
import { assertClose } from "../../support/close.js";
import { withFolder } from "../../support/folder.js";
import { hasTorch, runPython } from "../../support/torch.js";
import { hasWebgpu, onDevice } from "../../support/webgpu.js";

const SEED = 20267;
const DEVICES = ["wasm", "cpu", "webgpu"] as const;
type Name = (typeof DEVICES)[number];
type Quad = [number, number, number, number];

/** Value and gradients of a scalar, by PyTorch or by us; pictures in [N, H, W, C]. */
interface Differentiated {
  readonly value: number;
  readonly gradients: Record<string, ArrayLike<number>>;
}

interface Expected {
  readonly first: Differentiated;
  readonly second: Differentiated;
  readonly product: Differentiated;
  /** By "SIDE FACTOR". */
  readonly enlarged: Record<string, Differentiated & { readonly y: readonly number[] }>;
}

/** Pictures that PyTorch has as [N, C, H, W]. */
function pictures(name: string, [n, c, h, w]: Quad): tf.Tensor4D {
  const values = tf.tensor4d(filled(name, SEED, n * c * h * w, 1), [n, c, h, w]);
  return tf.transpose(values, [0, 2, 3, 1]);
}

/** The discriminator of operations.py: its filters as [3, 3, in, out]. */
function criticWeights(): Record<string, tf.Tensor> {
  const filter = (name: string, shape: Quad): tf.Tensor =>
    tf.transpose(tf.tensor4d(filled(name, SEED, tf.util.sizeFromShape(shape), 0.3), shape), [2, 3, 1, 0]);
  return {
    "0.weight": filter("0.weight", [6, 3, 3, 3]),
    "0.bias": tf.tensor1d(filled("0.bias", SEED, 6, 0.3)),
    "1.weight": filter("1.weight", [9, 6, 3, 3]),
    "1.bias": tf.tensor1d(filled("1.bias", SEED, 9, 0.3)),
    linear: tf.tensor2d(filled("linear", SEED, 162, 0.3), [81, 2]),
  };
}

function critic(weights: Record<string, tf.Tensor>, images: tf.Tensor): tf.Tensor {
  let x = images as tf.Tensor4D;
  for (const layer of [0, 1]) {
    const y = tf.conv2d(x, weights[`${layer}.weight`] as tf.Tensor4D, 2, 1);
    x = biasLeaky(y, weights[`${layer}.bias`] as tf.Tensor1D, 0.2);
  }
  return tf.matMul(tf.reshape(x, [3, 81]), weights.linear as tf.Tensor2D);
}

/** Filters back in PyTorch's order. */
const torchOrder = (gradient: tf.Tensor, name: string): tf.Tensor =>
  name.endsWith("weight") ? tf.transpose(gradient, [3, 2, 0, 1]) : gradient;

async function differentiate(
  inputs: Record<string, tf.Tensor>,
  loss: (inputs: Record<string, tf.Tensor>) => tf.Tensor,
): Promise<Differentiated> {
  const names = Object.keys(inputs);
  const held = tf.memory().numTensors;
  const { value, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) =>
    loss(Object.fromEntries(names.map((name, i) => [name, tensors[i]]))),
  )(Object.values(inputs));
  assert.equal(tf.memory().numTensors, held + 1 + grads.length, "nothing else is left behind");
  const gradients: Record<string, ArrayLike<number>> = {};
  for (const [i, name] of names.entries()) gradients[name] = await torchOrder(grads[i], name).data();
  return { value: (await value.data())[0], gradients };
}

/** @param relative to the root mean square of each gradient */
function assertSame(received: Differentiated, expected: Differentiated, relative: number): void {
  assertClose([received.value], [expected.value], { abs: 0, rel: relative }, () => "value");
  for (const [name, values] of Object.entries(expected.gradients)) {
    const all = Array.from(values);
    const scale = Math.sqrt(all.reduce((sum, v) => sum + v * v, 0) / all.length);
    assert.ok(scale > 0, name);
    assertClose(received.gradients[name], all, { abs: relative * scale, rel: 0 }, (i) => `${name} [${i}]`);
  }
}

describe("src/device/ops", () => {
  let expected: Expected;
  before(async function () {
    if (!hasTorch()) return this.skip();
    await withFolder(async (folder) => {
      const out = join(folder, "operations.json");
      runPython("operations.py", [`${SEED}`, out]);
      expected = JSON.parse(await readFile(out, "utf8")) as Expected;
    });
  });

  /** A test on each device; that of the GPU is skipped where there is none. */
  function each(title: string, body: (name: Name) => Promise<void>): void {
    for (const name of DEVICES) {
      it(`${title} on ${name}`, async function () {
        if (name === "webgpu" && !(await hasWebgpu())) return this.skip();
        await onDevice(name, () => body(name));
      });
    }
  }

  each("bias and LeakyReLU have PyTorch's value and gradients", async () => {
    const inputs = { pictures: pictures("pictures", [3, 3, 12, 12]), ...criticWeights() };
    const received = await differentiate(inputs, ({ pictures, ...weights }) =>
      tf.mean(tf.softplus(critic(weights, pictures))),
    );
    assertSame(received, expected.first, 1e-5);
  });

  each("bias and LeakyReLU have PyTorch's gradients of a gradient penalty", async () => {
    const real = pictures("pictures", [3, 3, 12, 12]);
    const { "0.bias": bias0, "1.bias": bias1, ...filters } = criticWeights();
    const received = await differentiate(filters, (weights) =>
      gradientPenalty(
        (x) => ({ logits: critic({ ...weights, "0.bias": bias0, "1.bias": bias1 }, x), weights: null }),
        real,
        1,
      ),
    );
    assertSame(received, expected.second, 1e-5);
  });

  each("a residual times its mask has PyTorch's value and gradients", async () => {
    const inputs = { residual: pictures("residual", [2, 3, 7, 7]), mask: pictures("mask", [2, 1, 7, 7]) };
    const dy = pictures("product", [2, 3, 7, 7]);
    const received = await differentiate(inputs, ({ residual, mask }) => tf.sum(tf.mul(tf.mul(residual, mask), dy)));
    assertSame(received, expected.product, 1e-5);
  });

  each("bilinear enlargement has PyTorch's values and gradients", async () => {
    for (const [sizes, { y, ...gradient }] of Object.entries(expected.enlarged)) {
      const [side, factor] = sizes.split(" ").map(Number);
      const x = pictures(`small/${side}`, [3, 1, side, side]);
      const dy = pictures(`large/${side}/${factor}`, [3, 1, factor * side, factor * side]);
      const enlarged = upsampleBilinear(x, factor);
      // Values in [-1, 1): weights rounded to float32 and four summands.
      assertClose(await enlarged.data(), y, { abs: 5e-7, rel: 0 }, (i) => `value ${i} of ${sizes}`);
      const received = await differentiate({ x }, ({ x }) =>
        tf.sum(tf.mul(upsampleBilinear(x as tf.Tensor4D, factor), dy)),
      );
      assertSame(received, gradient, 1e-5);
    }
  });
});
