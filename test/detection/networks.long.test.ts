/** The two face detectors, compared with face-api's own bundle, on painted faces. */
import assert from "node:assert/strict";
import type { ScoredBox } from "../../src/detection/boxes.js";
import { SSD_SIZE } from "../../src/detection/ssd-detector.js";
import { assertClose } from "../support/close.js";
import { runFaceApi } from "../support/face-api-cpu.js";
import { useNetworks } from "../support/use-detection.js";

describe("detection/networks against face-api", () => {
  const { teams, squares } = useNetworks();

  /** All teams give the same bits, and these are face-api's boxes: scores within 1e-5, places within 0.01 px. */
  function checkBoxes(found: readonly (readonly ScoredBox[])[], expected: readonly ScoredBox[]): void {
    assert.deepEqual(found[1], found[0]);
    assert.equal(found[0].length, expected.length);
    for (const [i, { score, box }] of found[0].entries()) {
      assertClose([score], [expected[i].score], { abs: 1e-5, rel: 0 });
      const sides = ({ x, y, width, height }: ScoredBox["box"]): number[] => [x, y, width, height];
      assertClose(sides(box), sides(expected[i].box), { abs: 0.01, rel: 0 });
    }
  }

  it("propose the boxes of the small detector", async () => {
    const pictures = squares(320);
    const expected = await runFaceApi("tiny", pictures);
    assert.ok(expected.flat().length > 0, "there is something to compare");
    for (const [i, picture] of pictures.entries())
      checkBoxes(
        teams().map(({ tiny }) => tiny(picture, 0.1)),
        expected[i],
      );
  });

  it("propose the boxes of the large detector", async function () {
    this.timeout(240_000); // TensorFlow.js's cpu backend takes its time
    const [picture] = squares(SSD_SIZE);
    const [expected] = await runFaceApi("ssd", [picture]);
    assert.ok(expected.length > 0, "there is something to compare");
    const detectors = await Promise.all(teams().map((networks) => networks.ssd()));
    checkBoxes(
      detectors.map((ssd) => ssd(picture, 0.3)),
      expected,
    );
  });
});
