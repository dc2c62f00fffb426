/** Scores of a run as tables and as a section of the report. */
import assert from "node:assert/strict";
import { heatMap } from "../../src/report/heat-map.js";
import { describeAccuracy, leakageTable, scoreTables } from "../../src/report/score-tables.js";
import { parseRunScores, type RunScores } from "../../src/report/scored.js";
import { renderScored } from "../../src/report/scored-section.js";

const ROW = {
  name: "Bangs",
  pairs: 4,
  noise: 2.345,
  reconstruction: 68.1308,
  hit: 0.75,
  kept: 1,
  same: 1,
  distance: 0.25,
};
const TRUTH = { regionGain: 4.126, wholeGain: -0.5, outside: 37.04, rightShare: 0.613 };

const SCORES: RunScores = {
  model: "/runs/first/checkpoints/step-00000040.safetensors",
  data: "/data/faces-64",
  heldOut: { pictures: 1200, listed: false },
  pairs: 8,
  noise: 2.345,
  reconstruction: 68.1308,
  hit: 0.75,
  kept: 1,
  leakage: [[0.75]],
  identity: { pairs: 8, same: 1, distance: 0.25 },
  attributes: [
    { ...ROW, direction: "added" },
    { ...ROW, direction: "removed" },
  ],
  classifier: {
    ...{ file: "classifier.safetensors", seed: 1, updates: 9, training: 10_800, heldOut: 1200 },
    attributes: [
      { name: "Bangs", accuracy: 0.9114 },
      { name: "<Hat>", accuracy: null },
    ],
  },
};

const PAINTED: RunScores = {
  ...SCORES,
  truth: { pairs: 8, noise: 2.345, ...TRUTH },
  attributes: SCORES.attributes.map((row) => ({ ...row, ...TRUTH })),
};

describe("the scores of a run as text", () => {
  it("have one row per attribute and direction, each with its pairs, and one for all", () => {
    const [edits, ...others] = scoreTables(SCORES);
    assert.deepEqual(others, []);
    assert.deepEqual(edits.columns, [
      "attribute",
      "pairs",
      "hit",
      "others kept",
      "same person",
      "distance",
      "noise",
      "reconstruction dB",
    ]);
    const cells = ["75.0 %", "100.0 %", "100.0 %", "0.250", "2.35", "68.1"];
    assert.deepEqual(edits.rows, [
      ["Bangs added", "4", ...cells],
      ["Bangs removed", "4", ...cells],
      ["all", "8", ...cells],
    ]);
  });

  it("compare with the truth on painted faces, and leave out columns without numbers", () => {
    const [, truth] = scoreTables(PAINTED);
    assert.deepEqual(truth.rows.at(-1), ["all", "8", "+4.13", "-0.50", "37.0", "61.3 %"]);
    const { hit, kept, ...rest } = PAINTED;
    const plain = rest.attributes.map(({ hit, kept, ...row }) => row);
    const [edits] = scoreTables({ ...rest, attributes: plain });
    assert.ok(!edits.columns.includes("hit") && !edits.columns.includes("others kept"));
  });

  it("name the features of FID and say that random ones are not comparable", () => {
    const attributes = [{ name: "Bangs", pairs: 4, added: 1.234, removed: 2, unedited: 3 }];
    const fid = { features: "random-inception, seed 1", dims: 192, comparable: false, heldOut: true, attributes };
    const [, table] = scoreTables({ ...SCORES, fid });
    assert.deepEqual(table.rows, [["Bangs", "4", "1.23", "2.00", "3.00"]]);
    assert.match(table.caption, /random-inception, seed 1, 192 dims.*not comparable/);
  });

  it("show leakage in percent and the classifier's accuracy", () => {
    assert.deepEqual(leakageTable(SCORES), [
      ["edited", "Bangs"],
      ["Bangs", "75"],
    ]);
    assert.equal(describeAccuracy(SCORES.classifier!), "Bangs 91.1 %, <Hat> unknown");
  });
});

describe("the report's section of scores", () => {
  it("shows tables, the heat map, the data and the classifier, with texts escaped", () => {
    const html = renderScored(PAINTED);
    for (const text of [
      "Swaps of 8 pairs from 1,200 pictures of the last tenth of the list, which has no partition, of faces-64.",
      "step-00000040.safetensors",
      "<h3>Edits</h3>",
      "<h3>Against the truth</h3>",
      "<h3>Leakage</h3>",
      "10,800 training pictures",
      "Bangs 91.1 %, &lt;Hat&gt; unknown",
    ]) {
      assert.ok(html.includes(text), text);
    }
    assert.ok(!html.includes("<Hat>"));
    assert.equal(renderScored(null), "");
  });

  it("fills cells by their share; strong ones have the page's colour as their text", () => {
    const html = heatMap({
      title: "T",
      caption: "C",
      names: ["A", "B"],
      shares: [
        [1, 0.054],
        [0.2, 0.55],
      ],
    });
    const cells = [...html.matchAll(/<td( class="strong")? style="--share:([\d.]+)">([^<]+)<\/td>/g)];
    assert.deepEqual(
      cells.map(([, strong, share, text]) => [strong !== undefined, share, text]),
      [
        [true, "1.000", "100&nbsp;%"],
        [false, "0.054", "5&nbsp;%"],
        [false, "0.200", "20&nbsp;%"],
        [true, "0.550", "55&nbsp;%"],
      ],
    );
    assert.equal([...html.matchAll(/scope="(col|row)"/g)].length, 4);
  });

  it("is read from score.json, and left out if that is damaged or of another version", () => {
    assert.deepEqual(parseRunScores(JSON.stringify(SCORES)), SCORES);
    assert.equal(parseRunScores(JSON.stringify(SCORES).slice(0, -5)), null);
    assert.equal(parseRunScores(JSON.stringify({ ...SCORES, pairs: "8" })), null);
  });
});
