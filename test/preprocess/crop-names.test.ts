/** The names of a photo's crops never meet those of another photo. */
import assert from "node:assert/strict";
import { faceName, firstFaceStem, MOST_FACES } from "../../src/preprocess/crop-names.js";

const namesOf = (stem: string, count: number): string[] => {
  const first = `${firstFaceStem(stem)}.jpg`;
  return Array.from({ length: count }, (_, i) => faceName(first, i + 1));
};

describe("the names of several crops of a photo", () => {
  it("count from the second on, and from the first on if the photo's own name ends like a count", () => {
    assert.deepEqual(namesOf("a", 3), ["a.jpg", "a-2.jpg", "a-3.jpg"]);
    assert.deepEqual(namesOf("d.e/a-2", 2), ["d.e/a-2-1.jpg", "d.e/a-2-2.jpg"]);
    assert.deepEqual(namesOf("a-1", 2), ["a-1-1.jpg", "a-1-2.jpg"]);
    assert.deepEqual(namesOf("IMG-20240101", 2), ["IMG-20240101.jpg", "IMG-20240101-2.jpg"]);
    assert.deepEqual(namesOf("a-02", 1), ["a-02.jpg"]);
  });

  it("are different for all photos whose names are", () => {
    const stems = [
      "a",
      "a-1",
      "a-2",
      "a-3",
      "a-1-1",
      "a-2-1",
      "a-2-2",
      "a-1-2",
      "a-02",
      "a-0",
      "a-",
      "a-999",
      "a-1000",
    ];
    const names = stems.flatMap((stem) => namesOf(stem, MOST_FACES));
    assert.equal(new Set(names).size, names.length);
  });
});
