/** The paddings that TensorFlow lacks, compared with the `cpu` device. */
import * as tf from "@tensorflow/tfjs-core";
import { installedPackages, TENSORFLOW_PACKAGES } from "../../../src/device/node/packages.js";
import { openDevice } from "../../../src/device/open.js";
import { Random } from "../../../src/random.js";
import { assertClose } from "../../support/close.js";
import { randomFloats } from "../../support/team.js";

const draw = (name: string, shape: [number, number, number, number]): tf.Tensor4D =>
  tf.tensor4d(randomFloats(Random.fromSeed(7, name), tf.util.sizeFromShape(shape)), shape);

/** Values and both gradients of a convolution and of a transposed one, with the padding of our networks. */
function convolutions(): Float32Array[] {
  return tf.tidy(() => {
    const [x, filter] = [draw("x", [2, 8, 6, 3]), draw("f", [3, 3, 3, 5])];
    const [y, dy] = [draw("y", [2, 4, 3, 5]), draw("dy", [2, 8, 6, 3])];
    const forward = (a: tf.Tensor, w: tf.Tensor): tf.Tensor => tf.conv2d(a as tf.Tensor4D, w as tf.Tensor4D, 2, 1);
    const back = (a: tf.Tensor, w: tf.Tensor): tf.Tensor =>
      tf.conv2dTranspose(a as tf.Tensor4D, w as tf.Tensor4D, [2, 8, 6, 3], 2, 1);
    const results = [
      forward(x, filter),
      ...tf.grads(forward)([x, filter], y),
      back(y, filter),
      ...tf.grads(back)([y, filter], dy),
    ];
    return results.map((result) => result.dataSync() as Float32Array);
  });
}

describe("device/tensorflow/padded-convolutions", () => {
  it("pads as PyTorch does, although tfjs-node only knows valid and same", async function () {
    // test/support/build-tfjs-node.sh makes one where its installer cannot download.
    if (installedPackages(TENSORFLOW_PACKAGES).length === 0) return this.skip();
    const device = await openDevice("tensorflow", 1);
    const received = convolutions();
    await device.close();
    const plain = await openDevice("cpu", 1);
    const expected = convolutions();
    await plain.close();
    for (const [i, values] of expected.entries()) assertClose(received[i], values, { abs: 1e-5, rel: 0 });
  });
});
