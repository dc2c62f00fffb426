/** Descriptors of faces, compared with those of face-api's own bundle. */
import assert from "node:assert/strict";
import { descriptorDistance, FaceDescriptors } from "../../src/detection/descriptors.js";
import { loadPainter, renderAligned } from "../../src/synth/raster.js";
import { sampleFace } from "../../src/synth/sample.js";
import type { RgbaImage } from "../../src/types.js";
import { assertClose } from "../support/close.js";
import { runFaceApi } from "../support/face-api-cpu.js";

/** A painted face, about where aligned crops have it. */
function painted(index: number, size: number): RgbaImage {
  return renderAligned(sampleFace(5, index), [0.3, 0, -25, 0, 0.3, -12], size);
}

describe("face descriptors", () => {
  let descriptors: FaceDescriptors;

  before(async () => {
    await loadPainter();
    descriptors = await FaceDescriptors.open(2);
  });

  after(() => descriptors.close());

  it("are those of the package's own TensorFlow.js on its own cpu backend, within 1e-5", async () => {
    const pictures = [painted(0, 150), painted(1, 150)];
    const [expected, found] = [await runFaceApi("recognition", pictures), await descriptors.describe(pictures)];
    assert.ok(descriptorDistance(found[0], found[1]) > 0.1, "two faces have two descriptors");
    for (const [i, descriptor] of found.entries()) {
      assert.equal(descriptor.length, 128);
      assertClose(descriptor, expected[i], { abs: 1e-5, rel: 0 });
    }
  });
});
