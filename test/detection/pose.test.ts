/** Which poses are accepted, with landmarks of the mean face turned and narrowed. */
import assert from "node:assert/strict";
import { poseProblem } from "../../src/detection/pose.js";
import { MEAN_FACE } from "../../src/image/align.js";
import type { FivePoints } from "../../src/types.js";

const PHOTO = { width: 256, height: 256 };

/** The mean face turned about the middle of the photo. */
function turned(degrees: number, points: FivePoints = MEAN_FACE): FivePoints {
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return points.map(([x, y]) => [128 + c * (x - 128) - s * (y - 128), 128 + s * (x - 128) + c * (y - 128)]);
}

describe("detection/pose", () => {
  it("accepts a face from the front, however it leans", () => {
    for (let degrees = 0; degrees < 360; degrees += 15) assert.equal(poseProblem(turned(degrees), PHOTO), null);
  });

  it("refuses profiles, also when they lean", () => {
    // Seen from the side, everything is closer together across the face.
    const narrow: FivePoints = MEAN_FACE.map(([x, y]) => [128 + 0.5 * (x - 128), y]);
    const [left, right, nose, ...mouth] = MEAN_FACE;
    const pointed: FivePoints = [left, right, [nose[0] + 50, nose[1]], ...mouth];
    const [leftMouth, rightMouth] = mouth;
    const small: FivePoints = [left, right, nose, leftMouth, [leftMouth[0] + 20, rightMouth[1]]];
    for (const degrees of [0, 70]) {
      assert.match(poseProblem(turned(degrees, narrow), PHOTO)!, /from the front, received a profile \(eyes 0\.41/);
      assert.match(poseProblem(turned(degrees, small), PHOTO)!, /profile \(corners of the mouth 0\.2/);
      assert.match(poseProblem(turned(degrees, pointed), PHOTO)!, /the nose is not between the eyes/);
    }
  });

  it("refuses a face that the photo cuts off, and points that are no face", () => {
    assert.match(poseProblem(MEAN_FACE, { width: 150, height: 256 })!, /mouth is cut off/);
    assert.match(poseProblem(MEAN_FACE, { width: 256, height: 180 })!, /mouth is cut off/);
    assert.match(
      poseProblem(
        MEAN_FACE.map(() => [5, 5]),
        PHOTO,
      )!,
      /received neither/,
    );
    const [left, right, nose, leftMouth, rightMouth] = MEAN_FACE;
    assert.match(poseProblem([leftMouth, rightMouth, nose, left, right], PHOTO)!, /received neither/);
  });
});
