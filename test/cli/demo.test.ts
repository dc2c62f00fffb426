import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DemoResult } from "../../src/demo/demo.js";
import { PAINTED, SHIPPED_MODELS } from "../../src/model/shipped.js";
import { withFolder } from "../support/folder.js";
import { fromRoot, runNode } from "../support/spawn.js";

const signed = (value: number): string => `${value >= 0 ? "+" : ""}${value.toFixed(1)} dB`;

describe("elegant demo", () => {
  it("paints, trains, edits and writes a report that holds what it has measured", async function () {
    if (!existsSync(SHIPPED_MODELS[PAINTED])) this.skip();
    await withFolder(async (folder) => {
      const out = join(folder, "demo");
      const line = `demo --out ${out} --photos 80 --train-seconds 1 --workers 1 --json`;
      const { code, stdout, stderr } = await runNode(fromRoot("bin/elegant.js"), line.split(" "));
      assert.equal(code, 0, stderr);
      const { report, seconds, scores, gain } = JSON.parse(stdout) as DemoResult;
      assert.equal(report, join(out, "report.html"));
      assert.ok(seconds > 1);
      assert.deepEqual((await readdir(out)).sort(), ["faces", "photos", "report.html", "run"]);

      const page = await readFile(report, "utf8");
      assert.ok(page.includes(signed(gain.shipped)) && page.includes(signed(gain.trained)));
      // Two attributes, added and removed, by both models.
      assert.equal(scores.length, 8);
      for (const { attribute, n, psnrInput, psnrSwap, checkpoint } of scores) {
        assert.ok(n > 0 && psnrInput > 5 && psnrInput < 25, `${attribute}: ${n} pairs, ${psnrInput} dB`);
        for (const text of [attribute, checkpoint, psnrInput.toFixed(2), psnrSwap.toFixed(2)]) {
          assert.ok(page.includes(text), `the report holds ${text}`);
        }
      }
      assert.equal(page.match(/<figure class="sheet">/g)?.length, 6);
      assert.ok(!/src="http|href="http|url\(http/.test(page), "the report needs no network");
      assert.match(stderr, /Mean gain: shipped checkpoint .*\n(wasm: .*\n)?Done in \d+ s\./);
    });
  });
});
