/** The image that shows a change. */
import assert from "node:assert/strict";
import { changePicture } from "../../src/sheet/change.js";
import type { RgbaImage } from "../../src/types.js";

const picture = (...pixels: readonly (readonly number[])[]): RgbaImage => ({
  width: pixels.length,
  height: 1,
  data: Uint8Array.from(pixels.flatMap(([red, green, blue]) => [red, green, blue, 255])),
});

describe("the picture of a change", () => {
  it("is mid grey where nothing changed, and opaque", () => {
    const same = picture([0, 17, 255], [3, 4, 5]);
    assert.deepEqual([...changePicture(same, same).data], [128, 128, 128, 255, 128, 128, 128, 255]);
  });

  it("adds the signed difference of each channel", () => {
    const change = changePicture(picture([100, 100, 100]), picture([110, 90, 100]));
    assert.deepEqual([...change.data], [138, 118, 128, 255]);
  });

  it("clips differences that do not fit instead of wrapping them", () => {
    const change = changePicture(picture([0, 255, 0]), picture([255, 0, 127]));
    assert.deepEqual([...change.data], [255, 0, 255, 255]);
  });

  it("refuses pictures of two sizes", () => {
    const [small, large] = [picture([1, 2, 3]), picture([1, 2, 3], [4, 5, 6])];
    assert.throws(() => changePicture(small, large), /picture size: expected 1x1, received 2x1\. Compare one size\./);
  });
});
