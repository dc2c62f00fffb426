/** ELEGANT's losses against the textbook's formulas, and their weights. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import {
  adversarialLoss,
  changeLoss,
  discriminatorLoss,
  fakeCrossEntropy,
  realCrossEntropy,
  reconstructionLoss,
  type Score,
  sliceLoss,
} from "../../../src/methods/elegant/losses.js";
import { scoreWeights } from "../../../src/methods/elegant/parts.js";
import { LOSS_WEIGHTS } from "../../../src/methods/elegant/presets.js";
import { assertClose } from "../../support/close.js";
import { useWasm } from "../../support/use-device.js";

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** Computes the binary cross entropy of scores as in textbooks. */
const entropy = (logits: readonly number[], target: 0 | 1): number =>
  mean(logits.map((x) => -Math.log(target === 1 ? sigmoid(x) : sigmoid(-x))));

const LOGITS = {
  A: [0.3, -2, 5],
  B: [1, 0, -7],
  C: [-0.5, 4, 0.01],
  D: [2, -3, 9],
} as const;

describe("training/losses", () => {
  useWasm(1);

  const column = (values: readonly number[]): Score => {
    return { logits: tf.tensor2d([...values], [values.length, 1]), weights: null };
  };

  it("equal the textbook's cross entropies of scores", () => {
    const [A, B, C, D] = (["A", "B", "C", "D"] as const).map((name) => column(LOGITS[name]));
    const pairs = [
      [
        discriminatorLoss({ A, B, C, D }),
        entropy(LOGITS.A, 1) + entropy(LOGITS.B, 1) + entropy(LOGITS.C, 0) + entropy(LOGITS.D, 0),
      ],
      [adversarialLoss({ C, D }), entropy(LOGITS.C, 1) + entropy(LOGITS.D, 1)],
    ] as const;
    for (const [loss, expected] of pairs) assertClose(loss.dataSync(), [expected], { abs: 0, rel: 1e-6 });
  });

  it("keep their gradients where a sigmoid would have saturated", () => {
    // -log sigmoid(x) falls with slope sigmoid(x) - 1, and -log(1 - sigmoid(x)) rises with slope sigmoid(x).
    for (const logit of [-60, -20, 0, 20, 60]) {
      const x = tf.tensor2d([[logit]]);
      const slopes = [realCrossEntropy, fakeCrossEntropy].map(
        (loss) =>
          tf
            .grad((logits) => loss({ logits, weights: null }))(x)
            .dataSync()[0],
      );
      assertClose(slopes, [-sigmoid(-logit), sigmoid(logit)], { abs: 1e-30, rel: 1e-5 }, (i) => `${i} at ${logit}`);
    }
    assertClose(realCrossEntropy(column([-60])).dataSync(), [60], { abs: 0, rel: 1e-6 });
  });

  it("weigh the scores of a picture's own labels, its pair's attribute apart from the others", () => {
    const y = tf.tensor2d([
      [1, 0, 1],
      [0, 0, 1],
    ]);
    const own = tf.tensor2d([
      [1, 0, 0],
      [0, 0, 1],
    ]);
    const weights = scoreWeights(y, own, 0.5);
    // The logits are for without and with each attribute.
    const expected = [
      [0, 0.5, 0.25, 0, 0, 0.25],
      [0.25, 0, 0.25, 0, 0, 0.5],
    ];
    assertClose(weights.dataSync(), expected.flat(), { abs: 1e-7, rel: 0 });
    const alone = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    assertClose(scoreWeights(y, own, 0).dataSync(), alone, { abs: 0, rel: 0 });
    const one = [[1], [0]];
    assert.deepEqual(scoreWeights(tf.tensor2d(one), tf.ones([2, 1]), 0.5).arraySync(), [
      [0, 1],
      [1, 0],
    ]);

    const logits = [
      [0.3, -2, 5, 1, 0, -7],
      [-0.5, 4, 0.01, 2, -3, 9],
    ];
    const weighted = mean(
      logits.map((row, i) => row.reduce((sum, x, head) => sum + expected[i][head] * entropy([x], 1), 0)),
    );
    assertClose(realCrossEntropy({ logits: tf.tensor2d(logits), weights }).dataSync(), [weighted], {
      abs: 0,
      rel: 1e-6,
    });
  });

  it("measure what edits change, and the slices that an encoder finds in units of each picture's own latent", () => {
    const wanted = tf.tensor4d([1, -3, 0, 0, 10, 10, 10, 10], [2, 1, 2, 2]);
    const found = tf.tensor4d([2, -3, 1, 0, 10, 12, 9, 10], [2, 1, 2, 2]);
    // The relative errors are 2 of 4 and 3 of 40.
    assertClose(sliceLoss(found, wanted).dataSync(), [(2 / 4 + 3 / 40) / 2], { abs: 0, rel: 1e-6 });
    const slope = tf
      .grad((x) => sliceLoss(x as tf.Tensor4D, wanted))(found)
      .dataSync();
    assertClose(slope, [1 / 8, 0, 1 / 8, 0, 0, 1 / 80, -1 / 80, 0], { abs: 1e-8, rel: 1e-6 });
    const changes = tf.tensor4d([0, -2, 3, 0], [1, 2, 2, 1]);
    assertClose(changeLoss(changes).dataSync(), [5 / 4], { abs: 0, rel: 1e-6 });
    const ofChanges = tf
      .grad((x) => changeLoss(x as tf.Tensor4D))(changes)
      .dataSync();
    assertClose(ofChanges, [0, -1 / 4, 1 / 4, 0], { abs: 0, rel: 1e-6 });
    const nothing = tf.zeros<tf.Rank.R4>([1, 1, 1, 2]);
    assert.deepEqual([...sliceLoss(nothing, nothing).dataSync()], [0], "a latent of zeros");
  });

  it("measure the reconstruction as the code's mean square or as the paper's norm", () => {
    // A and A' differ by 0.5 everywhere, B and B' by 0.25 in half of the values.
    const pictures = tf.zeros([2, 2, 2, 2]);
    const reconstructed = tf.tensor(
      [...Array<number>(8).fill(0.5), ...[0, 1, 0, 1, 0, 1, 0, 1].map((v) => v / 4)],
      [2, 2, 2, 2],
    );
    const squared = reconstructionLoss(pictures, reconstructed, "squared").dataSync();
    assertClose(squared, [0.25 + 0.03125], { abs: 0, rel: 1e-6 });
    const norm = reconstructionLoss(pictures, reconstructed, "norm").dataSync();
    assertClose(norm, [0.5 + Math.sqrt(0.03125)], { abs: 0, rel: 1e-6 });
    const slope = tf
      .grad((x) => reconstructionLoss(pictures, x, "norm"))(pictures)
      .dataSync();
    assert.deepEqual([...slope], Array(16).fill(0), "a perfect reconstruction has no slope");
  });

  it("weigh as the published code and the paper do", () => {
    assert.deepEqual(LOSS_WEIGHTS.official, {
      ...{ adversarial1: 1, adversarial2: 0.5 },
      ...{ discriminator1: 0.25, discriminator2: 0.125 },
    });
    assert.deepEqual(new Set(Object.values(LOSS_WEIGHTS.equal)), new Set([1]));
  });
});
