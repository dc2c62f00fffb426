/** What every method's training is made of: parts of a batch, sums of gradients, moving averages, decay, losses and labels. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { attributeRow, knownLabels, withLabels } from "../../src/nn/labels.js";
import { divideTensors, learn } from "../../src/nn/learn.js";
import { attributeCrossEntropy } from "../../src/nn/losses.js";
import {
  addGradients,
  createOptimizer,
  disposeOptimizer,
  gradientsOf,
  linearDecay,
  updateAverage,
} from "../../src/nn/optimizer.js";
import { fromDeviceLayout, toDeviceLayout } from "../../src/nn/parameters.js";
import { convolutionSpecs, drawParameters } from "../../src/nn/specs.js";
import { assertClose } from "../support/close.js";
import { useWasm } from "../support/use-device.js";

const ADAM = { learningRate: 0.1, adam: { beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } };

describe("nn", () => {
  useWasm(2);

  const slopes = (): Map<string, tf.Variable> =>
    new Map([
      ["slope", tf.variable(tf.tensor1d([2, -1]))],
      ["unused", tf.variable(tf.tensor1d([5]))],
    ]);

  it("learns from a batch in parts what it learns from the whole", () => {
    const learned = [5, 2, 1].map((part) => {
      const optimizer = createOptimizer(slopes());
      const slope = optimizer.parameters.get("slope") as tf.Variable;
      const batch = { x: tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [5, 2]), y: tf.tensor1d([1, 0, 2, 0, 3]) };
      const gradients: number[] = [];
      const onGradients = (all: ReadonlyMap<string, tf.Tensor>): void => {
        for (const gradient of all.values()) gradients.push(...gradient.dataSync());
      };
      const readings = learn(optimizer, divideTensors(batch), ADAM, { part, onGradients }, ({ x, y }) => {
        const total = tf.mean(tf.square(tf.sub(tf.sum(tf.mul(x, slope), 1), y))) as tf.Scalar;
        return { total, losses: { total } };
      });
      assert.deepEqual(
        readings.map(({ share }) => share),
        { 5: [1], 2: [0.4, 0.4, 0.2], 1: [0.2, 0.2, 0.2, 0.2, 0.2] }[part],
      );
      assert.equal(optimizer.updates, 1);
      return [...gradients, ...slope.dataSync()];
    });
    // By hand: predictions 0 2 4 6 8, errors -1 2 2 6 5; the gradients are 2/5 of the sums of x times the error.
    assertClose(learned[0].slice(0, 3), [(2 / 5) * (-1 + 6 + 10 + 42 + 45), (2 / 5) * (-2 + 8 + 12 + 48 + 50), 0], {
      abs: 1e-4,
      rel: 0,
    });
    for (const parts of learned.slice(1)) assertClose(parts, learned[0], { abs: 1e-4, rel: 0 });
  });

  it("gives a parameter that the loss does not read a gradient of zeros, and adds parts by their shares", () => {
    const optimizer = createOptimizer(slopes());
    const slope = optimizer.parameters.get("slope") as tf.Variable;
    const part = (): ReadonlyMap<string, tf.Tensor> =>
      gradientsOf(optimizer, () => tf.sum(tf.square(slope)) as tf.Scalar).gradients;
    const sum = addGradients(addGradients(null, part(), 0.25), part(), 0.5);
    assert.deepEqual([...(sum.get("slope") as tf.Tensor).dataSync()], [3, -1.5]);
    assert.deepEqual([...(sum.get("unused") as tf.Tensor).dataSync()], [0]);
    const before = tf.memory().numTensors;
    disposeOptimizer(optimizer);
    assert.equal(tf.memory().numTensors, before - 6, "two parameters and four moments");
  });

  it("averages weights with a share that falls to that of the decay", () => {
    const optimizer = createOptimizer(slopes());
    const average = new Map([...optimizer.parameters].map(([name, { shape }]) => [name, tf.variable(tf.zeros(shape))]));
    updateAverage(average, optimizer, 0.999); // after no update: decay 1 / 10
    assertClose((average.get("slope") as tf.Variable).dataSync(), [1.8, -0.9], { abs: 1e-6, rel: 0 });
    optimizer.updates = 1_000_000;
    updateAverage(average, optimizer, 0.5);
    assertClose((average.get("slope") as tf.Variable).dataSync(), [1.9, -0.95], { abs: 1e-6, rel: 0 });
  });

  it("lets the rate fall over the second half of a run", () => {
    assert.deepEqual([0, 0.5, 0.75, 1, 1.1].map(linearDecay), [1, 1, 0.5, 0, 0]);
  });

  it("weighs no open label, and puts labels next to colours", () => {
    const labels = tf.tensor2d([1, 0, 0.5, 1], [2, 2]);
    assert.deepEqual([...knownLabels(labels).dataSync()], [1, 1, 0, 1]);
    const logits = [0.3, -2, 9, -1];
    const entropy = (logit: number, label: number): number => Math.log1p(Math.exp(logit)) - logit * label;
    assertClose(
      attributeCrossEntropy(tf.tensor2d(logits, [2, 2]), labels).dataSync(),
      [(entropy(0.3, 1) + entropy(-2, 0) + entropy(-1, 1)) / 2],
      { abs: 1e-6, rel: 0 },
    );
    const planes = withLabels(tf.zeros([2, 2, 2, 3]) as tf.Tensor4D, labels);
    assert.deepEqual(planes.shape, [2, 2, 2, 5]);
    assert.deepEqual([...planes.dataSync()].slice(20, 25), [0, 0, 0, 0.5, 1]);
    assert.deepEqual([attributeRow(1, 3), attributeRow(0, 1)], [[0, 1, 0], [1]]);
  });

  it("draws each parameter by its own name, and moves it to the device's layout and back", () => {
    const specs = convolutionSpecs("up", "transposed", 2, 3, 4);
    assert.deepEqual(
      specs.map(({ name, shape, fanIn }) => [name, shape, fanIn]),
      [
        ["up.weight", [2, 3, 4, 4], 48],
        ["up.bias", [3], 48],
      ],
    );
    const drawn = drawParameters(specs, 1, (_, random) => random.normal());
    const alone = drawParameters(specs.slice(1), 1, (_, random) => random.normal());
    assert.deepEqual(alone.get("up.bias"), drawn.get("up.bias"));
    const weight = drawn.get("up.weight")?.data as Float32Array;
    const moved = toDeviceLayout(specs[0], weight);
    assert.equal(moved[1], weight[48], "the next value on the device is the next input's");
    assert.deepEqual(fromDeviceLayout(specs[0], moved), weight);
  });
});
