/** Formatting of numbers and times for the report. */
import assert from "node:assert/strict";
import {
  escapeHtml,
  formatChange,
  formatCount,
  formatFixed,
  formatSeconds,
  formatStep,
  formatValue,
} from "../../src/report/format.js";

function each<T>(format: (value: T) => string, cases: readonly (readonly [T, string])[]): void {
  for (const [value, expected] of cases) assert.equal(format(value), expected);
}

describe("report format", () => {
  it("escapes what HTML would read as markup", () => {
    assert.equal(escapeHtml(`<a href="x" id='y'>&</a>`), "&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;");
  });

  it("separates thousands and shortens steps", () => {
    each(formatCount, [
      [200000, "200,000"],
      [-1234, "\u22121,234"],
    ]);
    each(formatStep, [
      [0, "0"],
      [100, "100"],
      [1500, "1.5k"],
      [30000, "30k"],
      [2_500_000, "2.5M"],
    ]);
  });

  it("gives values three significant digits", () => {
    each(formatValue, [
      [0, "0"],
      [1.0449, "1.04"],
      [0.00206, "0.00206"],
      [-12.345, "\u221212.3"],
      [1234.5, "1235"],
      [1.52e-4, "1.52e-4"],
      [-3e7, "\u22123.00e7"],
    ]);
  });

  it("shows a difference with its sign, and a dash for what is not finite", () => {
    assert.equal(formatChange(5.688, 2), "+5.69");
    assert.equal(formatChange(-0.45, 2), "\u22120.45");
    assert.equal(formatChange(Number.NaN, 2), "\u2013");
    assert.equal(formatFixed(Number.POSITIVE_INFINITY, 2), "\u2013");
  });

  it("shows times in the unit that fits, without sixty seconds or minutes", () => {
    each(formatSeconds, [
      [0.017, "0.02 s"],
      [9.996, "10.0 s"],
      [41.23, "41.2 s"],
      [59.96, "1 min 00 s"],
      [119.7, "2 min 00 s"],
      [3599.6, "1 h 00 min"],
      [7830, "2 h 11 min"],
    ]);
  });
});
