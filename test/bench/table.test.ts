/** The table that docs/performance.md has from the results of the benches. */
import assert from "node:assert/strict";
import { markdownTable } from "../../bench/markdown.js";
import { type Row, row } from "../../bench/measure.js";
import type { Results } from "../../bench/report.js";

const timing = (ms: number) => ({ ms, spread: 0.051 });

function results(node: string, build: string, rows: readonly Row[], command = "node dist/bench/cpu.js"): Results {
  const about = { machine: "a processor, AVX2, 2 threads", v8: "13.6", date: "2026-11-30", peers: {}, unset: [] };
  return { ...about, node, build, command, rows };
}

const torch = { name: "PyTorch", version: "2.15.0", timing: timing(1000) };
const swap = (ms: number): readonly Row[] => [
  row("swap", timing(ms), 1, torch, 1.4),
  row("swap", timing(ms), 1, { name: "onnxruntime-web", version: "1.30.0", timing: timing(80) }, 0.6),
  row("swap", timing(ms), 1, { name: "jimp", version: "1.6.1", timing: timing(900) }),
];

describe("bench:table", () => {
  it("has the rows with a target, and says what was measured where", () => {
    assert.equal(
      markdownTable([results("v24.1.0", "relaxed", swap(1234.5))]),
      `| work | ours, ms | spread | peer | peer, ms | ratio | at most |
|---|---|---|---|---|---|---|
| swap | 1,230 | 0.05 | PyTorch 2.15.0 | 1,000 | 1.23 | 1.4 |
| the same | 1,230 | 0.05 | onnxruntime-web 1.30.0 | 80 | 15.4 | 0.6 |

a processor, AVX2, 2 threads; Node.js v24.1.0 (V8 13.6), relaxed kernels; 30 November 2026; \`node dist/bench/cpu.js\`.
`,
    );
  });

  it("has a column of ratios for each engine and build, the newest first, with its times", () => {
    const moments = row("moments", timing(50), 1, { name: "numpy.cov", version: "2.4", timing: timing(20) }, 2.5);
    const all = [
      results("v20.20.2", "plain", swap(1500)),
      results("v24.1.0", "plain", swap(1400)),
      results("v24.1.0", "relaxed", swap(1200)),
      { ...results("v24.1.0", "relaxed", [moments], "node dist/bench/fid.js"), unset: ["OPENBLAS_CORETYPE=Haswell"] },
    ];
    const lines = markdownTable(all).split("\n");
    assert.deepEqual(lines.slice(0, 5), [
      "| work | ours, ms | spread | peer | peer, ms | ratio: Node 24, relaxed | ratio: Node 24, plain | ratio: Node 20, plain | at most |",
      "|---|---|---|---|---|---|---|---|---|",
      "| swap | 1,200 | 0.05 | PyTorch 2.15.0 | 1,000 | 1.2 | 1.4 | 1.5 | 1.4 |",
      "| the same | 1,200 | 0.05 | onnxruntime-web 1.30.0 | 80 | 15 | 17.5 | 18.8 | 0.6 |",
      "| moments | 50 | 0.05 | numpy.cov 2.4 | 20 | 2.5 |  |  | 2.5 |",
    ]);
    assert.match(lines[6], /`node dist\/bench\/cpu\.js`, `node dist\/bench\/fid\.js`; Python peers without OPENBLAS_/);
    assert.match(lines[7], /^a processor, .*Node\.js v24\.1\.0 .*, plain kernels/);
    assert.match(lines[8], /Node\.js v20\.20\.2 /);
  });
});
