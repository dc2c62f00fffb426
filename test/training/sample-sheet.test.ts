/** Reading the pictures back from the sample sheet of a run. */
import assert from "node:assert/strict";
import { createConfig, OFFICIAL_NETWORK } from "../../src/methods/elegant/config.js";
import { elegantModel } from "../../src/methods/elegant/model.js";
import { enlarge } from "../../src/sheet/enlarge.js";
import { composeSheet } from "../../src/sheet/sheet.js";
import { cutSamples, sampleOptions } from "../../src/training/sample-sheet.js";
import { goldenPhoto } from "../support/pictures.js";

const MODEL = elegantModel(
  createConfig({ ...OFFICIAL_NETWORK, size: 64, width: 8, attributes: ["Eyeglasses", "Bangs"] }),
);

describe("the sample sheet of a run", () => {
  for (const pairs of [1, 2, 3]) {
    it(`gives its pictures back with ${pairs} rows for each attribute`, () => {
      const options = sampleOptions(MODEL, pairs);
      const rows = options.labels.rows.map((_, r) =>
        MODEL.sheet.columns.map((_, c) => goldenPhoto("sample", 10 * r + c, 64, 64)),
      );
      const cut = cutSamples(composeSheet(rows, options), MODEL);
      assert.deepEqual(cut?.rows, options.labels.rows);
      const shown = rows.map((row) => row.map((picture) => enlarge(picture, 2)));
      for (const [r, row] of shown.entries()) {
        for (const [c, { data }] of row.entries()) {
          assert.deepEqual([...(cut?.pictures[r][c].data ?? [])], [...data], `picture ${r},${c}`);
        }
      }
    });
  }

  it("is left as it is when another version drew it", () => {
    assert.equal(cutSamples(goldenPhoto("sample", 1, 200, 300), MODEL), null);
  });
});
