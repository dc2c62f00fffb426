/** Our kernels of the `wasm` device, compared with TensorFlow.js's own. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../../src/device/open.js";
import { Random } from "../../../src/random.js";
import { assertClose } from "../../support/close.js";
import { randomFloats } from "../../support/team.js";

const SEED = 20265;
type Work = () => tf.Tensor | tf.Tensor[];

function draw(name: string, shape: number[]): tf.Tensor {
  return tf.tensor(randomFloats(Random.fromSeed(SEED, name), tf.util.sizeFromShape(shape)), shape);
}
const draw4d = (name: string, shape: number[]): tf.Tensor4D => draw(name, shape) as tf.Tensor4D;

function fused(bias: tf.Tensor | null, activation: "linear" | "relu" | "relu6"): tf.Tensor {
  const [x, filter] = [draw4d("x", [2, 6, 5, 3]), draw4d("f", [3, 1, 3, 5])];
  return tf.fused.conv2d({ x, filter, strides: 1, pad: "same", activation, ...(bias && { bias }) });
}

/** Operations whose kernels on the `wasm` device are ours, with shapes that we cover and shapes left to the stock ones. */
const WORKS: Readonly<Record<string, Work>> = {
  "slice of the first axis": () => tf.slice(draw("x", [5, 4, 3, 2]), [1, 0, 0, 0], [3, -1, -1, -1]),
  "slice of an inner axis": () => tf.slice(draw("x", [2, 3, 4, 40]), [0, 0, 0, 3], [-1, -1, -1, 33]),
  "slice of a middle axis": () => tf.slice(draw("x", [2, 5, 3]), [0, 1, 0], [-1, 2, -1]),
  "slice of two axes": () => tf.slice(draw("x", [4, 5, 6]), [1, 2, 0], [2, 2, -1]),
  "slice of everything": () => tf.slice(draw("x", [4, 5]), [0, 0], [-1, -1]),
  "slice of a vector": () => tf.slice(draw("x", [9]), 3, 4),
  "slice of integers": () => tf.slice(tf.tensor1d([1, 2, 3, 4], "int32"), 1, 2),
  "split into equal parts": () => tf.split(draw("x", [6, 2, 3]), 3, 0),
  "split into sizes": () => tf.split(draw("x", [2, 3, 7]), [1, 4, 2], -1),
  "concat along the batch": () => tf.concat([draw("a", [1, 2, 3]), draw("b", [4, 2, 3])], 0),
  "concat along channels": () => tf.concat([draw("a", [2, 3, 40]), draw("b", [2, 3, 1]), draw("c", [2, 3, 2])], -1),
  "concat of more than one block": () => {
    const shapes = [3, 64, 17].map((channels) => [2, 19, 23, channels]);
    return tf.concat(
      shapes.map((shape) => draw4d(`x${shape[3]}`, shape)),
      3,
    );
  },
  "concat with nothing": () => tf.concat([draw("a", [3, 0]), draw("b", [3, 5])], 1),
  "labels as planes": () => tf.tile(draw("x", [3, 1, 1, 5]), [1, 4, 2, 1]),
  "tile of an axis that is not single": () => tf.tile(draw("x", [2, 3]), [2, 2]),
  "tile by one": () => tf.tile(draw("x", [2, 3]), [1, 1]),
  "convolution with bias and ReLU": () => fused(draw("b", [5]), "relu"),
  "convolution with bias": () => fused(draw("b", [5]), "linear"),
  "convolution with ReLU": () => fused(null, "relu"),
  "convolution with one bias for all": () => fused(draw("b", [1]), "relu"),
  "convolution with ReLU6": () => fused(draw("b", [5]), "relu6"),
  "largest of windows": () => tf.maxPool(draw4d("x", [2, 7, 5, 6]), 3, 2, "valid"),
  "largest of windows that are not square": () => tf.maxPool(draw4d("x", [1, 7, 5, 6]), [2, 3], 1, "same"),
  "average over the whole picture": () => tf.avgPool(draw4d("x", [2, 7, 7, 6]), 7, 1, "valid"),
  "halving average": () => tf.avgPool(draw4d("x", [2, 6, 4, 3]), 2, 2, "valid"),
  "average that is no halving": () => tf.avgPool(draw4d("x", [1, 7, 5, 2]), 3, 2, "same"),
  "gradient of the halving average": () =>
    tf.grad((x: tf.Tensor) => tf.mul(tf.avgPool(x as tf.Tensor4D, 2, 2, "valid"), draw("dy", [2, 3, 2, 3])))(
      draw("x", [2, 6, 4, 3]),
    ),
  "sum of equal shapes": () => tf.add(draw("a", [3, 5]), draw("b", [3, 5])),
  "sum with a bias": () => tf.add(draw("a", [3, 5]), draw("b", [5])),
  "product with one row for all": () => tf.mul(draw("a", [3, 1, 5, 4]), draw("b", [5, 4])),
  "quotient of one row by all": () => tf.div(draw("a", [1, 1, 7]), tf.add(draw("b", [300, 40, 7]), 2)),
  "pixels by a mask": () => tf.mul(draw("a", [3, 70, 40, 3]), draw("b", [3, 70, 40, 1])),
  "mask minus pixels": () => tf.sub(draw("b", [2, 5, 4, 1]), draw("a", [2, 5, 4, 3])),
  "pictures by a number each": () => tf.mul(draw("a", [3, 1, 1, 1]), draw("b", [3, 70, 40, 5])),
  "squared difference from a row that is neither first nor last": () =>
    tf.squaredDifference(draw("a", [2, 3, 4]), draw("b", [1, 3, 1])),
  "sum of a row and a column": () => tf.add(draw("a", [1, 6]), draw("b", [5, 1])),
  "sum of shapes that differ by axes of one": () => tf.add(draw("a", [1, 5, 3]), draw("b", [5, 3])),
  "sum of a row and nothing": () => tf.add(draw("a", [0, 3]), draw("b", [3])),
  "absolute values": () => tf.abs(draw("a", [3, 7001])),
  "absolute values of integers": () => tf.abs(tf.tensor1d([-1, 2], "int32")),
  "negated values": () => tf.neg(draw("a", [7])),
  "sigmoid of small and large values": () => [
    tf.sigmoid(tf.mul(draw("a", [3, 7001]), 20)),
    tf.sigmoid(tf.tensor1d([-1000, -100, -88, -20, 0, 20, 88, 1000])),
  ],
  "steps at zero": () => tf.step(tf.tensor1d([-2, -0, 0, 1e-30, 3, Number.POSITIVE_INFINITY]), -1),
  "what is not a number": () =>
    [tf.step, tf.sigmoid, tf.abs].map((work) => tf.isNaN(work(tf.tensor1d([1, Number.NaN, -1, 0, 2])))),
  "difference from a scalar": () => tf.sub(draw("a", [3, 5]), 0.5),
  "scalar minus a tensor": () => tf.sub(0.5, draw("a", [3, 5])),
  "product with one value of higher rank": () => tf.mul(draw("a", [7]), draw("b", [1, 1])),
  "quotient of equal shapes": () => tf.div(draw("a", [4, 4]), tf.add(draw("b", [4, 4]), 2)),
  "squared difference": () => tf.squaredDifference(draw("a", [33]), draw("b", [33])),
  "product of integers": () => tf.mul(tf.tensor1d([2, 3], "int32"), tf.tensor1d([4, 5], "int32")),
  "sum of equal shapes over more than one block": () => tf.add(draw("a", [3, 7001]), draw("b", [3, 7001])),
  "quotient of a scalar over more than one block": () => tf.div(2, tf.add(draw("b", [20001]), 3)),
  "sum of one": () => tf.addN([draw("a", [3, 3])]),
  "mean of everything": () => tf.mean(draw("a", [3, 6007])),
  "mean of everything, keeping axes": () => tf.mean(draw("a", [3, 5, 2]), [0, 1, 2], true),
  "mean of an axis": () => tf.mean(draw("a", [3, 5]), 1),
  "mean of the last axes": () => tf.mean(draw("x", [5, 4, 3, 7]), [1, 2, 3]),
  "mean of the last axes of many rows, keeping axes": () => tf.mean(draw("x", [3001, 3, 4]), [1, 2], true),
  "mean of the first axes": () => tf.mean(draw("x", [6, 5, 1, 19]), [0, 1, 2], true),
  "total of the first axes over more than one block": () => tf.mul(tf.sum(draw("x", [30, 51, 33]), [0, 1]), 0.1),
  "total of the last axis": () => tf.sum(draw("x", [50, 70, 3]), -1, true),
  "total of the first and the last axis": () => tf.sum(draw("x", [5, 7, 3]), [0, 2]),
  "total of a middle axis": () => tf.sum(draw("x", [5, 7, 3]), 1),
  "total of an axis of one": () => tf.sum(draw("x", [5, 1, 3]), 1),
  "total of everything but an axis of one": () => tf.sum(draw("x", [50, 1, 7]), [0, 2]),
  "total of no values": () => tf.sum(draw("x", [0, 3]), 0),
  "total of everything": () => tf.sum(draw("a", [3, 5, 7])),
  "total of a scalar": () => tf.sum(draw("a", [])),
  "total of integers": () => tf.sum(tf.tensor1d([1, 2, 3], "int32")),
  "zeros around an axis": () =>
    tf.pad(draw("x", [2, 3, 2]), [
      [0, 0],
      [1, 2],
      [0, 0],
    ]),
  "zeros around two axes": () =>
    tf.pad(draw("x", [2, 3]), [
      [1, 0],
      [0, 2],
    ]),
  "ones around an axis": () =>
    tf.pad(
      draw("x", [2, 3]),
      [
        [1, 1],
        [0, 0],
      ],
      1,
    ),
  "zeros around nothing": () => tf.pad(draw("x", [4]), [[0, 0]]),
  "slice longer than one block": () => tf.slice(draw("x", [3, 20011]), [1, 0], [1, -1]),
  "product of matrices": () => tf.matMul(draw("a", [5, 7]), draw("b", [7, 3])),
  "product with a single column": () => tf.mul(tf.matMul(draw("a", [6, 1024]), draw("b", [1024, 1])), 0.1),
  "product with the first transposed": () => tf.matMul(draw("a", [7, 5]), draw("b", [7, 18]), true),
  "product with the second transposed": () => tf.matMul(draw("a", [5, 1]), draw("b", [70, 1]), false, true),
  "product with both transposed": () => tf.matMul(draw("a", [7, 5]), draw("b", [3, 7]), true, true),
  "product of rows longer than the zeros next to them": () =>
    tf.mul(tf.matMul(draw("a", [3, 20000]), draw("b", [20000, 2])), 0.001),
  "batches of matrices": () => tf.matMul(draw("a", [2, 5, 7]), draw("b", [2, 7, 3])),
  "batches of matrices, the first transposed": () => tf.matMul(draw("a", [2, 7, 5]), draw("b", [2, 7, 3]), true),
  "batches of matrices, the second transposed": () =>
    tf.matMul(draw("a", [2, 5, 7]), draw("b", [2, 3, 7]), false, true),
  "batches of matrices, both transposed": () => tf.matMul(draw("a", [2, 7, 5]), draw("b", [2, 3, 7]), true, true),
  "one matrix by each of a batch": () => tf.matMul(draw("a", [1, 5, 7]), draw("b", [3, 7, 2])),
  "the transpose of one matrix by each of a batch": () => tf.matMul(draw("a", [1, 7, 5]), draw("b", [3, 7, 2]), true),
  "each matrix of a batch by one": () => tf.matMul(draw("a", [3, 5, 7]), draw("b", [1, 2, 7]), false, true),
  "the transposes of a batch by one": () => tf.matMul(draw("a", [3, 7, 5]), draw("b", [1, 7, 2]), true),
  "matrices of two leading axes": () => tf.matMul(draw("a", [2, 3, 5, 7]), draw("b", [2, 3, 7, 2])),
  "product with a mask that was cast": () => {
    const x = draw("x", [5, 3001]);
    const mask = tf.greater(x, 0);
    return [tf.mul(x, tf.cast(mask, "float32")), tf.logicalNot(mask)];
  },
  "sum of many": () => tf.addN([draw("a", [3, 3]), draw("b", [3, 3]), draw("c", [3, 3])]),
};

type Results = Map<string, { readonly shape: number[]; readonly values: ArrayLike<number> }[]>;

async function runAll(device: "wasm" | "cpu"): Promise<Results> {
  const opened = await openDevice(device, 2);
  try {
    const results: Results = new Map();
    for (const [name, work] of Object.entries(WORKS)) {
      tf.tidy(() => {
        const tensors = [work()].flat();
        results.set(
          name,
          tensors.map((tensor) => ({ shape: tensor.shape, values: tensor.dataSync().slice() })),
        );
      });
    }
    return results;
  } finally {
    await opened.close();
  }
}

describe("kernels of the wasm device and the stock ones", () => {
  let results: { readonly ours: Results; readonly stock: Results };
  before(async () => {
    results = { ours: await runAll("wasm"), stock: await runAll("cpu") };
  });
  for (const name of Object.keys(WORKS)) {
    it(`agree on the ${name}`, () => {
      const [ours, stock] = [results.ours.get(name) ?? [], results.stock.get(name) ?? []];
      assert.equal(ours.length, stock.length);
      for (const [part, { shape, values }] of ours.entries()) {
        assert.deepEqual(shape, stock[part].shape);
        assertClose(
          values,
          stock[part].values,
          { abs: 1e-6, rel: 0 },
          (i) => `${name}, part ${part} [${i}] (seed ${SEED})`,
        );
      }
    });
  }
});
