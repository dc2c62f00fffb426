/** The landmark network, compared with face-api's own bundle, on painted faces. */
import assert from "node:assert/strict";
import { LANDMARK_SIZE } from "../../src/detection/landmark-network.js";
import { assertClose } from "../support/close.js";
import { runFaceApi } from "../support/face-api-cpu.js";
import { useNetworks } from "../support/use-detection.js";

describe("detection/networks against face-api", () => {
  const { teams, squares } = useNetworks();

  it("place the 68 landmarks, in any batch, within 0.001 px", async () => {
    const pictures = squares(LANDMARK_SIZE);
    const expected = await runFaceApi("landmarks", pictures);
    const [found, other] = teams().map(({ landmarks }) => landmarks(pictures));
    assert.deepEqual(other, found);
    assert.deepEqual(teams()[0].landmarks([pictures[1]])[0], found[1]);
    for (const [i, points] of found.entries()) {
      // face-api counts from the image's edge, we count from the centre of the first pixel.
      assertClose(
        points.flat(),
        expected[i].flat().map((position) => position - 0.5),
        { abs: 1e-3, rel: 0 },
      );
    }
  });
});
