/** Choosing held-out images and pairs of them. */
import assert from "node:assert/strict";
import { labelsOf, pairUp, splitFiles, spread } from "../../src/scoring/pairs.js";
import { faceNames, listedFaces } from "../support/faces.js";

describe("the pairs of a score", () => {
  it("use each input once, in order, and references again after the last one", () => {
    const faces = [1, 2, 3, 4, 5, 6, 7];
    const has = (face: number): boolean => face % 3 === 0; // 3 and 6
    assert.deepEqual(
      [...pairUp(faces, has, true)],
      [
        [1, 3],
        [2, 6],
        [4, 3],
        [5, 6],
        [7, 3],
      ],
    );
    assert.deepEqual(
      [...pairUp(faces, has, false)],
      [
        [3, 1],
        [6, 2],
      ],
    );
    assert.deepEqual([...pairUp([1, 2], has, true)], []);
  });

  it("leave out faces of which nobody knows whether they have the attribute", () => {
    const faces = [1, 2, 3, 4, 5, 6];
    const has = (face: number): boolean | null => (face % 3 === 2 ? null : face % 3 === 0); // 2 and 5 are open
    assert.deepEqual(
      [...pairUp(faces, has, true)],
      [
        [1, 3],
        [4, 6],
      ],
    );
    assert.deepEqual(
      [...pairUp(faces, has, false)],
      [
        [3, 1],
        [6, 4],
      ],
    );
  });

  it("come from the held-out part of the partition list, or from the last tenth without one", () => {
    const listed = splitFiles(listedFaces(20));
    assert.deepEqual(listed.heldOut, [4, 9, 14, 19]);
    assert.equal(listed.training.length, 16);
    const { training, heldOut } = splitFiles(listedFaces(25, { partition: null }));
    assert.deepEqual([training.length, heldOut], [23, [23, 24]]); // as numpy.arange(25) >= 0.9 * 25
  });

  it("have the labels of the list, in the order of the model's attributes", () => {
    const labels = labelsOf(listedFaces(4), [0, 1, 3], ["Smiling", "Bangs"]);
    assert.deepEqual([...labels], [1, 0, 0, 1, 1, 1]);
    assert.throws(() => labelsOf(listedFaces(4), [0], ["Bang"]), /Did you mean Bangs/);
  });

  it("are spread evenly where there are too many", () => {
    assert.deepEqual(spread(faceNames(3), 5), faceNames(3));
    assert.deepEqual(spread([0, 1, 2, 3, 4, 5, 6, 7], 3), [0, 2, 5]);
  });
});
