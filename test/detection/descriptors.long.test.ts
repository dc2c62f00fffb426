/** Descriptors of faces, compared with those of face-api's own bundle. */
import assert from "node:assert/strict";
import { descriptorDistance } from "../../src/detection/descriptors.js";
import { assertClose } from "../support/close.js";
import { runFaceApi } from "../support/face-api-cpu.js";
import { painted, useDescriptors } from "../support/use-detection.js";

describe("face descriptors", () => {
  const descriptors = useDescriptors();

  it("are those of the package's own TensorFlow.js on its own cpu backend, within 1e-5", async () => {
    const pictures = [painted(0, 150), painted(1, 150)];
    const [expected, found] = [await runFaceApi("recognition", pictures), await descriptors().describe(pictures)];
    assert.ok(descriptorDistance(found[0], found[1]) > 0.1, "two faces have two descriptors");
    for (const [i, descriptor] of found.entries()) {
      assert.equal(descriptor.length, 128);
      assertClose(descriptor, expected[i], { abs: 1e-5, rel: 0 });
    }
  });
});
