/** The SVG of line charts and bars. */
import assert from "node:assert/strict";
import { bar } from "../../src/report/bars.js";
import { lineChart } from "../../src/report/chart.js";
import type { LossSeries } from "../../src/report/model.js";

function series(name: string, count: number, value: (i: number) => number): LossSeries {
  return { name, group: "g", points: Array.from({ length: count }, (_, i) => ({ step: i + 1, value: value(i) })) };
}

/** All coordinates of the polylines. */
function coordinates(svg: string): number[] {
  return [...svg.matchAll(/points="([^"]*)"/g)].flatMap(([, list]) => list.split(/[ ,]/).map(Number));
}

describe("line chart", () => {
  it("draws every line twice, faint and smoothed, and names it with its last mean", () => {
    const html = lineChart("Generator", [series("adversarial", 100, () => 1.5), series("total", 100, () => 2.5)]);
    assert.equal(html.match(/class="raw s\d"/g)?.length, 2);
    assert.equal(html.match(/class="mean s\d"/g)?.length, 2);
    assert.match(html, /adversarial <span class="num">1\.50<\/span>/);
    assert.match(html, /total <span class="num">2\.50<\/span>/);
  });

  it("says in words what it shows", () => {
    const html = lineChart("Generator", [series("total", 3000, (i) => 4 - i / 1000)]);
    assert.match(
      html,
      /role="img" aria-label="Generator until step 3,000, running means: total from 3\.9\d to 1\.0\d\."/,
    );
  });

  it("has a logarithmic axis where the means span more than a factor of thirty", () => {
    assert.match(lineChart("g", [series("x", 100, (i) => 10 ** (-i / 40))]), /log scale/);
    assert.doesNotMatch(lineChart("g", [series("x", 100, (i) => 1 + i / 10)]), /log scale/);
    assert.doesNotMatch(lineChart("g", [series("x", 100, (i) => 10 ** (-i / 40) - 0.5)]), /log scale/);
  });

  it("stays finite and inside its frame for peaks, constants, zeros, single points and negative values", () => {
    const shapes: readonly ((i: number) => number)[] = [
      (i) => (i === 50 ? 1e9 : 1),
      () => 0,
      () => -7,
      (i) => (i % 2 === 0 ? 1e-30 : 1e30),
      (i) => Math.max(0, 1 - i / 10),
    ];
    for (const shape of shapes) {
      for (const count of [1, 2, 100]) {
        const html = lineChart("g", [series("x", count, shape)]);
        assert.doesNotMatch(html, /NaN|Infinity|undefined/);
        for (const value of coordinates(html)) assert.ok(value >= 0 && value <= 460, `${value} with ${count} points`);
      }
    }
  });

  it("counts values that are not finite and leaves them out", () => {
    const html = lineChart("g", [series("x", 100, (i) => (i > 97 ? Number.NaN : 1))]);
    assert.match(html, /2 not finite/);
    assert.doesNotMatch(html, /points="[^"]*NaN/);
    assert.match(lineChart("g", [series("x", 3, () => Number.NaN)]), /No values/);
    assert.match(lineChart("g", [series("x", 0, () => 1), series("y", 9, () => 1)]), /aria-label="g until step 9/);
  });

  it("stays small for a long run", () => {
    const html = lineChart("g", [series("x", 200_000, (i) => Math.sin(i))]);
    assert.ok(html.length < 25_000, `${html.length} characters`);
  });
});

describe("bar", () => {
  it("fills the share that it is given, within its track", () => {
    assert.match(bar(0.5), /class="fill" width="50\.00"/);
    assert.match(bar(7), /class="fill" width="100\.00"/);
    assert.match(bar(-1), /class="fill" width="0\.00"/);
    assert.match(bar(Number.NaN), /class="fill" width="0\.00"/);
  });

  it("shows that a short stage exists", () => {
    assert.match(bar(1e-6), /class="fill" width="0\.60"/);
  });
});
