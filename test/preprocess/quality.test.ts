/** Sharpness, exposure and angles of faces whose values are known. */
import assert from "node:assert/strict";
import { Pixels } from "../../src/image/pixels.js";
import { loadModule } from "../../src/kernels/module.js";
import { anglesOf, measure, measureFace, rounded } from "../../src/preprocess/quality.js";
import type { FivePoints, RgbaImage } from "../../src/types.js";
import { paintedPhoto } from "../support/detectable.js";

/** A grey image from a function of x and y. */
function grey(side: number, value: (x: number, y: number) => number): RgbaImage {
  const data = new Uint8Array(side * side * 4).fill(255);
  for (let i = 0; i < side * side; i++) data.fill(value(i % side, Math.floor(i / side)), i * 4, i * 4 + 3);
  return { width: side, height: side, data };
}

const measureAll = (image: RgbaImage) => measure(image, new Uint8Array(image.width * image.height).fill(1));

const FRONTAL: FivePoints = [
  [40, 50],
  [80, 50],
  [60, 70],
  [45, 90],
  [75, 90],
];

describe("the quality of a face", () => {
  it("is that of the definition for a plane, a slope and a chessboard", () => {
    assert.deepEqual(measureAll(grey(16, () => 51)), { sharpness: 0, exposure: 0.2, clipped: 0 });
    assert.equal(measureAll(grey(16, (x, y) => 5 * x + 3 * y)).sharpness, 0);
    // The Laplacian of a chessboard of 100 and 110 is +40 and -40.
    const board = measureAll(grey(16, (x, y) => ((x + y) % 2 === 0 ? 100 : 110)));
    assert.deepEqual([board.sharpness, board.exposure], [1600, rounded(105 / 255, 4)]);
    const ends = measureAll(grey(16, (x) => (x < 4 ? 0 : x < 8 ? 255 : x < 12 ? 5 : 250)));
    assert.equal(ends.clipped, 0.5);
  });

  it("is of the pixels that show the photo", () => {
    const halves = grey(16, (x) => (x < 8 ? 102 : 0));
    const shown = Uint8Array.from({ length: 256 }, (_, i) => (i % 16 < 8 ? 1 : 0));
    assert.deepEqual(measure(halves, shown), { sharpness: 0, exposure: 0.4, clipped: 0 });
    assert.deepEqual(measure(halves, new Uint8Array(256)), { sharpness: 0, exposure: 0, clipped: 0 });
  });

  it("falls when the photo is blurred, and hardly depends on the size of the photo", async () => {
    const pixels = new Pixels(await loadModule("image"));
    const photo = await paintedPhoto("one");
    const { width, height } = photo;
    const points = FRONTAL.map(([x, y]) => [(x * width) / 120, (y * height) / 140] as const);
    const whole = { x: 0, y: 0, width, height };
    const small = pixels.resize(photo, whole, Math.round(width / 16), Math.round(height / 16));
    const blurred = pixels.resize(small, { x: 0, y: 0, width: small.width, height: small.height }, width, height);
    const double = pixels.resize(photo, whole, width * 2, height * 2);
    const sharpness = measureFace(pixels, photo, points).sharpness;
    const ofBlurred = measureFace(pixels, blurred, points).sharpness;
    assert.ok(ofBlurred < sharpness / 4, `${ofBlurred} and ${sharpness}`);
    const doubled = points.map(([x, y]) => [x * 2 + 0.5, y * 2 + 0.5] as const);
    const ratio = measureFace(pixels, double, doubled).sharpness / sharpness;
    assert.ok(ratio > 0.5 && ratio < 1.5, `${ratio}`);
  });

  it("has the head's angles from the eyes and the nose, with signs", () => {
    assert.deepEqual(anglesOf(FRONTAL), { yaw: 0, roll: 0 });
    const withNose = (x: number): FivePoints =>
      FRONTAL.map((point, i) => (i === 2 ? [x, 70] : point) as [number, number]);
    assert.equal(anglesOf(withNose(80)).yaw, 45);
    assert.equal(anglesOf(withNose(40)).yaw, -45);
    // The right eye lower by as much as it is to the right: a lean of 45 degrees clockwise.
    const leaning = FRONTAL.map(([x, y]) => [x - y, x + y] as const);
    assert.deepEqual(anglesOf(leaning), { yaw: 0, roll: 45 });
  });
});
