/** Resizing, cropping and warping, with some results of Pillow. */
import { invertAffine, similarityFromLandmarks } from "../../src/image/align.js";
import { Pixels, wholeOf } from "../../src/image/pixels.js";
import { loadModule } from "../../src/kernels/module.js";
import type { FivePoints } from "../../src/types.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { goldenPhoto } from "../support/pictures.js";

describe("image/pixels", () => {
  let pixels: Pixels;
  before(async () => {
    pixels = new Pixels(await loadModule("image"));
  });

  it("keeps a picture of the same size and a constant one of any size", () => {
    const photo = goldenPhoto("same", 1, 21, 34);
    const same = pixels.resize(photo, wholeOf(photo), 34, 21);
    assertClose(same.data, photo.data, { abs: 0, rel: 0 }, shapeIndex([21, 34, 4]));
    const grey = { width: 31, height: 17, data: new Uint8Array(31 * 17 * 4).fill(200) };
    for (const [width, height] of [
      [1, 1],
      [5, 40],
      [64, 3],
      [31, 16],
    ]) {
      const { data } = pixels.resize(grey, wholeOf(grey), width, height);
      assertClose(
        data,
        new Uint8Array(width * height * 4).fill(200),
        { abs: 0, rel: 0 },
        shapeIndex([height, width, 4]),
      );
    }
  });

  it("resizes like a triangle filter over areas (Pillow's BILINEAR)", () => {
    // Pillow 9.4: Image.fromarray(np.array([[0, 10, 20, 250, 90, 60, 30]], np.uint8)).resize((n, 1), Image.BILINEAR)
    const row = [0, 10, 20, 250, 90, 60, 30];
    const image = { width: 7, height: 1, data: Uint8Array.from(row.flatMap((v) => [v, v, v, 255])) };
    const expected: readonly (readonly [number, readonly number[]])[] = [
      [1, [78]],
      [2, [55, 90]],
      [3, [9, 133, 56]],
      [5, [3, 16, 179, 77, 40]],
      [6, [2, 13, 121, 160, 69, 36]],
      [8, [0, 8, 17, 149, 180, 81, 54, 30]],
      [10, [0, 5, 13, 20, 170, 194, 89, 68, 46, 30]],
      [14, [0, 3, 8, 13, 18, 78, 193, 210, 130, 83, 68, 53, 38, 30]],
    ];
    for (const [width, values] of expected) {
      const { data } = pixels.resize(image, wholeOf(image), width, 1);
      assertClose(
        data.filter((_, i) => i % 4 === 0),
        values,
        { abs: 1, rel: 0 },
        (i) => `[${i}] of ${width}`,
      );
    }
  });

  it("cuts out before resizing, and writes floats of the same values", () => {
    const photo = goldenPhoto("cut", 2, 40, 50);
    const crop = { x: 7, y: 5, width: 24, height: 24 };
    const cut = pixels.resize(photo, crop, 24, 24);
    const expected = Array.from({ length: 24 * 24 * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return photo.data[((5 + Math.floor(pixel / 24)) * 50 + 7 + (pixel % 24)) * 4 + (i % 3)];
    });
    assertClose(
      cut.data.filter((_, i) => i % 4 !== 3),
      expected,
      { abs: 0, rel: 0 },
      shapeIndex([24, 24, 3]),
    );
    const floats = new Float32Array(24 * 24 * 3);
    pixels.resizeToFloat(photo, crop, 24, 24, floats);
    assertClose(
      floats,
      expected.map((v) => v / 127.5 - 1),
      { abs: 1e-6, rel: 0 },
      shapeIndex([24, 24, 3]),
    );
  });

  it("warps the same whether or not rows outside of the crop exist", () => {
    const photo = goldenPhoto("rows", 4, 300, 80);
    const points: FivePoints = [
      [30, 150],
      [50, 153],
      [39, 162],
      [31, 172],
      [47, 174],
    ];
    const matrix = similarityFromLandmarks(points, 32);
    const { data } = pixels.warp(photo, matrix, 32);
    const [a, b, tx, c, d, ty] = invertAffine(matrix);
    const expected = Array.from({ length: 32 * 32 }, (_, i) => {
      const [x, y] = [a * (i % 32) + b * Math.floor(i / 32) + tx, c * (i % 32) + d * Math.floor(i / 32) + ty];
      const [ix, iy] = [Math.floor(x), Math.floor(y)];
      const at = (u: number, v: number): number =>
        u < 0 || v < 0 || u >= 80 || v >= 300 ? 0 : photo.data[(v * 80 + u) * 4];
      const upper = at(ix, iy) * (ix + 1 - x) + at(ix + 1, iy) * (x - ix);
      const lower = at(ix, iy + 1) * (ix + 1 - x) + at(ix + 1, iy + 1) * (x - ix);
      return upper * (iy + 1 - y) + lower * (y - iy);
    });
    assertClose(
      data.filter((_, i) => i % 4 === 0),
      expected,
      { abs: 1.5, rel: 0 },
      shapeIndex([32, 32]),
    );
  });
});
