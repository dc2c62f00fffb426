/** Edits pasted back into photos, the mask, and warps that shrink an image a lot. */
import assert from "node:assert/strict";
import { maskAt, pasteFace } from "../../src/detection/paste.js";
import { composeAffine, invertAffine, transformPoint } from "../../src/image/align.js";
import { Pixels } from "../../src/image/pixels.js";
import { warpReduced } from "../../src/image/reduce.js";
import { loadModule } from "../../src/kernels/module.js";
import type { Affine, RgbaImage } from "../../src/types.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { goldenPhoto } from "../support/pictures.js";

/** Photo -> crop of 64: turned by `angle`, `scale` crop pixels per photo pixel, with the photo's (x, y) in the middle. */
function placement(angle: number, scale: number, x: number, y: number): { matrix: Affine; size: number } {
  const [c, s] = [Math.cos(angle) * scale, Math.sin(angle) * scale];
  return { matrix: [c, -s, 31.5 - c * x + s * y, s, c, 31.5 - s * x - c * y], size: 64 };
}

function plain(side: number, level: number): RgbaImage {
  return { width: side, height: side, data: new Uint8Array(side * side * 4).fill(level) };
}

describe("image/reduce", () => {
  let pixels: Pixels;
  before(async () => {
    pixels = new Pixels(await loadModule("image"));
  });

  it("composes matrices in the order of their names", () => {
    const [first, second]: Affine[] = [
      [1, 2, 3, 4, 5, 6],
      [-2, 1, 0.5, 3, 1, -1],
    ];
    const [x, y] = transformPoint(first, 7, -3);
    assertClose(transformPoint(composeAffine(second, first), 7, -3), transformPoint(second, x, y), {
      abs: 1e-12,
      rel: 0,
    });
  });

  it("is the plain warp down to half the size", () => {
    const photo = goldenPhoto("photo", 1, 90, 120);
    const { matrix } = placement(0.3, 0.55, 60, 45);
    assert.deepEqual(warpReduced(pixels, photo, matrix, 64), pixels.warp(photo, matrix, 64));
  });

  it("sees every pixel of a picture that becomes an eighth as large", () => {
    // A chequered board of single pixels is grey from a distance. Plain bilinear sampling finds only black or white in
    // it.
    const side = 512;
    const board = plain(side, 255);
    for (let i = 0; i < side * side; i++)
      if (((i % side) + Math.floor(i / side)) % 2 === 0) board.data.fill(0, i * 4, i * 4 + 3);
    const { data } = warpReduced(pixels, board, [0.125, 0, -0.4375, 0, 0.125, -0.4375], 64);
    const middle = Array.from({ length: 60 * 60 }, (_, i) => data[((2 + Math.floor(i / 60)) * 64 + 2 + (i % 60)) * 4]);
    assertClose(middle, new Array(3600).fill(127.5), { abs: 1, rel: 0 }, shapeIndex([60, 60]));
  });

  it("keeps places when it reduces", () => {
    // A gradient from left to right, so that its levels show where a pixel came from.
    const photo = plain(1000, 255);
    for (let i = 0; i < 1000 * 1000; i++) photo.data.fill(Math.round((i % 1000) / 4), i * 4, i * 4 + 3);
    const matrix = placement(0.4, 0.1, 480, 520).matrix;
    const { data } = warpReduced(pixels, photo, matrix, 64);
    const inverse = invertAffine(matrix);
    const expected = Array.from(
      { length: 64 * 64 },
      (_, i) => transformPoint(inverse, i % 64, Math.floor(i / 64))[0] / 4,
    );
    assertClose(
      Array.from({ length: 64 * 64 }, (_, i) => data[i * 4]),
      expected,
      { abs: 1, rel: 0 },
      shapeIndex([64, 64]),
    );
  });
});

describe("image/paste", () => {
  let pixels: Pixels;
  before(async () => {
    pixels = new Pixels(await loadModule("image"));
  });

  it("is 1 in the middle of the mask, 0 before the crop's edge, and falls in between", () => {
    assert.equal(maskAt(31.5, 31.5, 64), 1);
    for (const [x, y] of [
      [0, 31],
      [63, 31],
      [31, 0],
      [31, 63],
      [0, 0],
      [63, 63],
    ]) {
      assert.equal(maskAt(x, y, 64), 0);
    }
    const row = Array.from({ length: 32 }, (_, i) => maskAt(i, 31.5, 64));
    assert.deepEqual(
      row,
      [...row].sort((a, b) => a - b),
    );
  });

  for (const [what, angle, scale, x, y] of [
    ["a face as large as the crop", 0, 1, 100, 80],
    ["a face that leans", 0.7, 0.8, 100, 80],
    ["a face larger than the crop", -0.2, 0.4, 90, 80],
    ["a face far smaller than the crop", 0.2, 4, 100, 80],
    ["a face at the photo's edge", 0.1, 1, 5, 150],
  ] as const) {
    it(`adds what was edited to ${what}, and leaves the rest to the bit`, () => {
      const photo = goldenPhoto("photo", 2, 160, 200);
      const kept = photo.data.slice();
      const place = placement(angle, scale, x, y);
      const result = pasteFace(pixels, photo, place, plain(64, 100), plain(64, 120));
      assert.deepEqual(photo.data, kept, "the photo itself is not changed");
      assert.deepEqual([result.width, result.height], [200, 160]);
      let inside = 0;
      for (let i = 0; i < 200 * 160; i++) {
        const mask = maskAt(...transformPoint(place.matrix, i % 200, Math.floor(i / 200)), 64);
        const was: Uint8Array = photo.data.subarray(i * 4, i * 4 + 4) as Uint8Array;
        const is: Uint8Array = result.data.subarray(i * 4, i * 4 + 4) as Uint8Array;
        if (mask === 0) assert.deepEqual(is, was, `pixel ${i % 200}, ${Math.floor(i / 200)}`);
        // One level for the kernel's rounding. The mask ends within the crop, but its last pixels blend with those
        // outside.
        else for (let c = 0; c < 3; c++) assert.ok(Math.abs(is[c] - was[c] - 20 * mask) <= 1.6, `${i} ${c} ${mask}`);
        if (mask > 0) inside++;
      }
      assert.ok(inside > 50);
    });
  }

  it("changes nothing where the edit changed nothing, whatever the size of model and crop", () => {
    const photo = goldenPhoto("photo", 3, 120, 140);
    for (const side of [32, 64, 128]) {
      const crop = goldenPhoto("crop", 4, side, side);
      assert.deepEqual(pasteFace(pixels, photo, placement(0.5, 0.7, 70, 60), crop, crop).data, photo.data);
    }
  });

  it("puts a mark back to where it was in the photo", () => {
    const photo = plain(200, 128);
    const place = placement(0.6, 0.5, 110, 90);
    const before = plain(64, 128);
    const after = { ...before, data: before.data.slice() };
    const [u, v] = [22, 38];
    for (let y = v - 2; y <= v + 2; y++)
      for (let x = u - 2; x <= u + 2; x++) after.data.fill(255, (y * 64 + x) * 4, (y * 64 + x) * 4 + 3);
    const { data } = pasteFace(pixels, photo, place, before, after);
    let [sum, sumX, sumY] = [0, 0, 0];
    for (let i = 0; i < 200 * 200; i++) {
      const weight = data[i * 4] - 128;
      sum += weight;
      sumX += weight * (i % 200);
      sumY += weight * Math.floor(i / 200);
    }
    assertClose([sumX / sum, sumY / sum], transformPoint(invertAffine(place.matrix), u, v), { abs: 0.1, rel: 0 });
  });

  it("leaves a photo as it is that the crop does not meet", () => {
    const photo = goldenPhoto("photo", 5, 50, 50);
    assert.deepEqual(
      pasteFace(pixels, photo, placement(0, 1, 500, 500), plain(64, 0), plain(64, 255)).data,
      photo.data,
    );
  });
});
