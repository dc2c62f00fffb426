/** Conversion between 8-bit images and floats. */
import assert from "node:assert/strict";
import { fromFloats, toFloats } from "../../src/image/floats.js";
import { goldenPhoto } from "../support/pictures.js";

describe("image/floats", () => {
  it("returns every level through floats, and rounds between levels instead of cutting off", async () => {
    const levels = { width: 16, height: 16, data: new Uint8Array(16 * 16 * 4) };
    for (let i = 0; i < 256; i++) levels.data.set([i, 255 - i, i, 255], i * 4);
    const floats = await toFloats([levels], 16);
    assert.equal(floats[0], -1);
    assert.equal(floats[1], 1);
    assert.deepEqual([...fromFloats(floats, 16).data], [...levels.data]);

    const level = (value: number): number => (value / 255) * 2 - 1;
    const between = Float32Array.from([level(99.6), level(99.4), -1.5]);
    assert.deepEqual([...fromFloats(between, 1).data], [100, 99, 0, 255]);
    assert.deepEqual([...fromFloats(Float32Array.from([1.7, 1, Number.NaN]), 1).data], [255, 255, 0, 255]);
  });

  it("resizes pictures of other sizes and keeps those of the model's", async () => {
    const photo = goldenPhoto("face", 1, 64, 64);
    const large = goldenPhoto("face", 1, 130, 130);
    const floats = await toFloats([photo, large], 64);
    assert.equal(floats.length, 2 * 64 * 64 * 3);
    assert.deepEqual([...fromFloats(floats.subarray(0, 64 * 64 * 3), 64).data], [...photo.data]);
    const means = [floats.subarray(0, 12288), floats.subarray(12288)].map((f) => f.reduce((a, b) => a + b) / 12288);
    assert.ok(Math.abs(means[0] - means[1]) < 0.02, `means ${means}`);
  });
});
