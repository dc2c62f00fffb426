/** Edits by ELEGANT that are the mean over several views of an image. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { Device } from "../../../src/device/device.js";
import { openDevice } from "../../../src/device/open.js";
import { createConfig, type ModelConfig } from "../../../src/methods/elegant/config.js";
import { elegantModel } from "../../../src/methods/elegant/model.js";
import { PRESETS } from "../../../src/methods/elegant/presets.js";
import { type Parameters, uploadParameters } from "../../../src/nn/parameters.js";
import { assertClose } from "../../support/close.js";
import { randomPictures } from "../../support/model.js";

const ATTRIBUTES = ["Bangs", "Smiling"];
const configOf = (preset: "modern" | "official", mirror: boolean, shift = false): ModelConfig =>
  createConfig({ ...PRESETS[preset].network, mirror, shift, size: 64, width: 8, attributes: ATTRIBUTES });
const flip = (x: tf.Tensor4D): tf.Tensor4D => tf.reverse(x, 2);
/** Column i of the result is column i + by, or the one at the edge. */
function move(x: tf.Tensor4D, by: -1 | 1): tf.Tensor4D {
  const side = x.shape[2];
  const columns = Array.from({ length: side }, (_, i) => Math.min(side - 1, Math.max(0, i + by)));
  return tf.gather(x, tf.tensor1d(columns, "int32"), 2);
}

/** Weights that edit visibly; those of a fresh `modern` model make no change. */
function weightsOf(config: ModelConfig): Parameters {
  const model = elegantModel(config);
  const tensors = model.initial("generator", 3, null);
  for (const { data } of tensors.values()) for (let i = 0; i < data.length; i++) data[i] += 0.03 * Math.sin(i * 1.7);
  return uploadParameters(model.specs("generator"), tensors, "test");
}

describe("methods/elegant/edits with several views", () => {
  let device: Device;
  before(async () => {
    device = await openDevice("wasm", 1);
  });
  after(() => device.close());

  for (const preset of ["modern", "official"] as const) {
    it(`are the mean of an edit and of the mirrored edit of the mirror images (${preset})`, () => {
      const [plain, mirrored] = [false, true].map((mirror) => elegantModel(configOf(preset, mirror)));
      const parameters = weightsOf(configOf(preset, true));
      const [images, references] = [randomPictures(1, 2), randomPictures(2, 2)];
      const request = { attribute: 0, value: 1, labels: null } as const;
      const own = plain.edits.apply(parameters, { ...request, images, references });
      const other = plain.edits.apply(parameters, {
        ...request,
        images: flip(images),
        references: flip(references),
      });
      const both = mirrored.edits.apply(parameters, { ...request, images, references });
      // Clipping comes before the mean here and after it there, so only pictures inside the range are compared.
      const mean = tf.mul(tf.add(own, flip(other)), 0.5);
      const inside = tf.logicalAnd(tf.less(tf.abs(own), 1), tf.less(tf.abs(flip(other)), 1));
      const masked = (x: tf.Tensor): Float32Array => tf.mul(x, tf.cast(inside, "float32")).dataSync() as Float32Array;
      assertClose(masked(both), masked(mean), { abs: 2e-6, rel: 0 });
      const change = tf.mean(tf.abs(tf.sub(both, images))).dataSync()[0];
      assert.ok(change > 1e-3, `they change something: ${change}`);
    });
  }

  it("are the mean over the image, its mirror image, and both moved one pixel to the left", () => {
    const parameters = weightsOf(configOf("modern", true));
    // Images of low contrast leave room for every change.
    const [images, references] = [1, 2].map((seed) => tf.mul(randomPictures(seed, 2), 0.3) as tf.Tensor4D);
    const request = { attribute: 0, value: 1, labels: null } as const;
    const { edits } = elegantModel(configOf("modern", false));
    const changeOf = (look: (x: tf.Tensor4D) => tf.Tensor4D, back: (x: tf.Tensor4D) => tf.Tensor4D): tf.Tensor4D => {
      const seen = look(images);
      const edited = edits.apply(parameters, { ...request, images: seen, references: look(references) });
      return back(tf.sub(edited, seen));
    };
    const left = (x: tf.Tensor4D): tf.Tensor4D => move(x, 1);
    const right = (x: tf.Tensor4D): tf.Tensor4D => move(x, -1);
    const changes = [
      changeOf(
        (x) => x,
        (x) => x,
      ),
      changeOf(flip, flip),
      changeOf(left, right),
      changeOf(
        (x) => flip(left(x)),
        (x) => right(flip(x)),
      ),
    ];
    const all = elegantModel(configOf("modern", true, true)).edits.apply(parameters, {
      ...request,
      images,
      references,
    });
    assert.ok(tf.max(tf.abs(all)).dataSync()[0] < 1, "nothing is clipped");
    const mean = tf.mul(tf.addN(changes), 1 / 4);
    assertClose(tf.sub(all, images).dataSync() as Float32Array, mean.dataSync() as Float32Array, { abs: 2e-6, rel: 0 });
  });

  it("give the mirrored edit for mirrored images", () => {
    const model = elegantModel(configOf("modern", true));
    const parameters = weightsOf(configOf("modern", true));
    const [images, references] = [randomPictures(1, 1), randomPictures(2, 1)];
    const edit = (view: (x: tf.Tensor4D) => tf.Tensor4D): tf.Tensor4D =>
      model.edits.apply(parameters, {
        images: view(images),
        references: view(references),
        attribute: 1,
        value: 0,
        labels: null,
      });
    assertClose(edit(flip).dataSync() as Float32Array, flip(edit((x) => x)).dataSync() as Float32Array, {
      abs: 2e-6,
      rel: 0,
    });
  });

  it("keep a face whose latent is not edited, bit for bit", () => {
    const model = elegantModel(configOf("modern", true, true));
    const parameters = weightsOf(configOf("modern", true, true));
    const images = randomPictures(1, 1);
    const { exemplar } = model;
    assert.ok(exemplar?.isExact);
    const faces = { images, ...exemplar.encode(parameters, images) };
    assert.deepEqual(exemplar.apply(parameters, faces, faces.latent).dataSync(), images.dataSync());
  });
});
