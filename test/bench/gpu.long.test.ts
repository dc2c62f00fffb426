/** The measurements of `npm run bench:gpu` run on whatever adapter there is. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { networkLayers, PASSES } from "../../bench/gpu/layers.js";
import type { Row } from "../../bench/measure.js";
import { resultsFile } from "../../bench/report.js";
import { runBench } from "../support/gpu-bench.js";
import { hasWebgpu } from "../support/webgpu.js";

describe("bench/gpu", () => {
  it("runs every section on whatever adapter there is", async function () {
    if (!(await hasWebgpu())) return this.skip();
    const stdout = await runBench(["--device", "webgpu", "--tiny"]);
    assert.match(stdout, /No PyTorch to compare with: /);
    const file = resultsFile("gpu-tiny");
    const { rows, layers, rates, imagesPerSecond, skipped } = JSON.parse(await readFile(file, "utf8")) as {
      rows: Row[];
      layers: unknown[];
      rates: Record<string, number>;
      imagesPerSecond: number;
      skipped: unknown[];
    };
    assert.deepEqual(skipped, []);
    const convolutions = networkLayers(64, 4).length * PASSES.length;
    assert.equal(layers.length, convolutions);
    assert.equal(rows.filter(({ work }) => work.startsWith("convolution, ")).length, convolutions);
    const others = rows
      .filter(({ work }) => !work.startsWith("convolution, "))
      .map(({ work }) => work.split(/[ ,]/)[0]);
    assert.deepEqual(others, ["product", "max(x", "swap", "swap", "swap", "training", "Inception"]);
    for (const { work, oursMs, spread, ratio, peer, peerMs, atMost } of rows) {
      assert.ok(oursMs > 0 && spread >= 0, work);
      assert.deepEqual([ratio, peer, peerMs, atMost], [null, null, null, null], work);
    }
    for (const value of [...Object.values(rates), imagesPerSecond]) assert.ok(value > 0);
  });
});
