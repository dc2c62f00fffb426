/** Runs the whole demo, with a few photos and a short training. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DemoResult } from "../../src/demo/demo.js";
import { PAINTED, SHIPPED_MODELS } from "../../src/models/shipped.js";
import { formatChange } from "../../src/report/format.js";
import { withFolder } from "../support/folder.js";
import { runHere } from "../support/in-process.js";

const signed = (value: number): string => `${formatChange(value, 1)} dB`;

describe("elegant demo", () => {
  it("paints, trains, edits and writes a report that holds what it has measured", async function () {
    if (!existsSync(SHIPPED_MODELS[PAINTED].path)) this.skip();
    await withFolder(async (folder) => {
      const out = join(folder, "demo");
      const line = `demo --out ${out} --photos 60 --train-seconds 1 --workers 1 --json`;
      const { code, stdout, stderr } = await runHere(line.split(" "));
      assert.equal(code, 0, stderr);
      const { report, seconds, shipped, trained, scores } = JSON.parse(stdout) as DemoResult;
      assert.equal(report, join(out, "report.html"));
      assert.ok(seconds > 1);
      assert.deepEqual((await readdir(out)).sort(), ["faces", "photos", "report.html", "run"]);

      const page = await readFile(report, "utf8");
      assert.ok(shipped !== null && trained !== null, "both models have means");
      assert.equal(shipped.n, trained.n); // over the same swaps
      assert.ok(page.includes(`<b>${signed(shipped.wholeGain)}</b>`), "the report leads with the shipped model's gain");
      assert.ok(page.includes(`trained here: ${signed(trained.wholeGain)}`));
      const [ofShipped, ofTrained] = scores;
      assert.equal(scores.length, 2);
      const compared = ["Eyeglasses, added", "Eyeglasses, removed", "Bangs, added", "Bangs, removed"];
      assert.deepEqual(
        ofTrained.rows.map(({ name }) => name),
        compared,
      );
      // The shipped model may have further attributes.
      assert.deepEqual(
        ofShipped.rows.slice(0, 4).map(({ name }) => name),
        compared,
      );
      for (const { model, rows } of scores) {
        assert.ok(page.includes(model), `the report names ${model}`);
        for (const { name, n, outside, noise } of rows) {
          assert.ok(n > 0 && outside > 10 && outside <= 68.2, `${name}: ${n} pairs, ${outside} dB`);
          for (const text of [name, outside.toFixed(1), noise.toFixed(1)]) {
            assert.ok(page.includes(text), `the report holds ${text}`);
          }
        }
      }
      assert.equal(page.match(/<figure class="sheet">/g)?.length, 6);
      assert.ok(!/src="http|href="http|url\(http/.test(page), "the report needs no network");
      assert.match(stderr, /whole picture +region +outside[^\n]*\n +the shipped checkpoint *\n/);
      assert.match(stderr, /Done in \d+ s\./);
    });
  });
});
