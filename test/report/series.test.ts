/** Thinning, smoothing and ticks of a chart. */
import assert from "node:assert/strict";
import { linearTicks, logTicks, type Point, smooth, thin } from "../../src/report/series.js";

function points(count: number, value: (i: number) => number): Point[] {
  return Array.from({ length: count }, (_, i) => ({ step: i * 10, value: value(i) }));
}

describe("series of a chart", () => {
  it("are thinned to a limit, every peak kept, in the order of their steps", () => {
    const thinned = thin(
      points(10_000, (i) => (i === 4321 ? 99 : i === 77 ? -99 : Math.sin(i))),
      500,
    );
    assert.ok(thinned.length <= 500);
    assert.ok(thinned.some((p) => p.value === 99 && p.step === 43210));
    assert.ok(thinned.some((p) => p.value === -99));
    for (let i = 1; i < thinned.length; i++) assert.ok(thinned[i].step >= thinned[i - 1].step);
  });

  it("stay as they are when they are few", () => {
    const few = points(25, (i) => i % 3);
    assert.deepEqual(smooth(few, 200), few);
    assert.deepEqual(thin(few, 200), few);
  });

  it("stay flat when smoothed flat, and do not lag behind a ramp", () => {
    assert.ok(
      smooth(
        points(5000, () => 3),
        200,
      ).every((p) => Math.abs(p.value - 3) < 1e-12),
    );
    const ramp = smooth(
      points(5000, (i) => i),
      200,
    );
    for (const { step, value } of ramp.slice(20, -20)) assert.ok(Math.abs(value - step / 10) < 1e-6, `step ${step}`);
  });

  it("lose their noise but not their level", () => {
    const mean = smooth(
      points(6000, (i) => 2 + (i % 2 === 0 ? 1 : -1)),
      200,
    );
    for (const { value } of mean) assert.ok(Math.abs(value - 2) < 0.05);
  });
});

describe("ticks", () => {
  it("lie at round numbers within the range", () => {
    assert.deepEqual(linearTicks(0, 4.2, 5), [0, 1, 2, 3, 4]);
    assert.deepEqual(linearTicks(10, 30_000, 3), [10_000, 20_000, 30_000]);
    assert.deepEqual(
      linearTicks(-0.12, 0.31, 5).map((tick) => tick.toFixed(1)),
      ["-0.1", "0.0", "0.1", "0.2", "0.3"],
    );
  });

  it("are powers of ten on a logarithmic axis, more of them when it is short", () => {
    assert.deepEqual(logTicks(0.5, 2000), [1, 10, 100, 1000]);
    assert.deepEqual(
      logTicks(0.0015, 0.06).map((tick) => Number(tick.toPrecision(6))),
      [0.002, 0.005, 0.01, 0.02, 0.05],
    );
  });
});
