/** Smooth enlargement of flat images, ramps and single samples. */
import assert from "node:assert/strict";
import { enlarge } from "../../src/sheet/enlarge.js";

function gray(width: number, height: number, value: (x: number, y: number) => number) {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) data.fill(value(i % width, Math.floor(i / width)), i * 4, i * 4 + 3);
  return { width, height, data };
}

describe("enlarge", () => {
  it("returns the picture itself for a factor of one", () => {
    const image = gray(3, 2, (x) => x);
    assert.equal(enlarge(image, 1), image);
  });

  it("keeps a flat picture flat, and opaque", () => {
    const large = enlarge(
      gray(3, 2, () => 77),
      3,
    );
    assert.deepEqual([large.width, large.height], [9, 6]);
    for (let i = 0; i < large.data.length; i += 4)
      assert.deepEqual([...large.data.subarray(i, i + 4)], [77, 77, 77, 255]);
  });

  it("keeps a ramp a ramp away from the edges, in both directions", () => {
    for (const down of [false, true]) {
      const large = enlarge(
        gray(8, 8, (x, y) => 16 * (down ? y : x)),
        4,
      );
      for (let i = 8; i < 24; i++) {
        const at = down ? i * 32 + 5 : 5 * 32 + i;
        // The centre of fine pixel i is at (i + 1/2) / 4 - 1/2 of the coarse ones.
        assert.ok(Math.abs(large.data[at * 4] - 16 * ((i + 0.5) / 4 - 0.5)) <= 0.5, `pixel ${i}`);
      }
    }
  });

  it("gives the original samples at odd factors' centres, and clips overshoot", () => {
    const image = gray(6, 1, (x) => (x < 3 ? 0 : 255));
    const large = enlarge(image, 3);
    for (let x = 0; x < 6; x++) assert.equal(large.data[(18 + 3 * x + 1) * 4], image.data[x * 4]);
  });
});
