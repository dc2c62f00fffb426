/** `elegant score` of a run: the numbers of its contract, its classifier, and its report. */
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { readImageHeader } from "../../src/image/header.js";
import { type RunScores, runScoresSchema } from "../../src/report/scored.js";
import { assertClose } from "../support/close.js";
import { done, useScoring } from "../support/use-scoring.js";

describe("elegant score", () => {
  const at = useScoring();

  it("writes the contract's numbers with a run, keeps its classifier, and shows both in the report from then on", async () => {
    const train = ["train", at("faces"), "--out", at("run"), "--attributes", "Eyeglasses", "Bangs", "--size", "64"];
    const small = ["--width", "4", "--batch", "2", "--workers", "1"];
    await done(...train, ...small, "--steps", "1");
    const args = ["score", at("run"), at("faces"), "--pairs", "3", "--workers", "1"];
    const { stdout } = await done(...args, "--sheet", at("swaps.png"), "--json");
    const scores: RunScores = runScoresSchema.strict().parse(JSON.parse(stdout));
    assert.deepEqual(JSON.parse(await readFile(at("run/score.json"), "utf8")), scores);
    assert.deepEqual(scores.heldOut, { pictures: 12, listed: true });
    assert.deepEqual(
      scores.attributes.map(({ name, direction }) => `${name} ${direction}`),
      ["Eyeglasses added", "Eyeglasses removed", "Bangs added", "Bangs removed"],
    );
    const pairs = scores.attributes.reduce((sum, row) => sum + row.pairs, 0);
    assert.deepEqual([scores.pairs, scores.truth?.pairs, scores.identity?.pairs], [pairs, pairs, pairs]);
    // There are two attributes, so every decision on the other one that is not kept is leakage to it.
    const { leakage = [], kept = 0, hit = 0, attributes } = scores;
    assert.deepEqual(
      leakage.map(({ length }) => length),
      [2, 2],
    );
    const turned = [0, 1].map((i) =>
      attributes.filter((_, row) => row >> 1 === i).reduce((sum, row) => sum + row.pairs * leakage[i][1 - i], 0),
    );
    assertClose([kept], [1 - (turned[0] + turned[1]) / pairs], { abs: 1e-3, rel: 0 });
    assertClose([hit], [attributes.reduce((sum, row) => sum + row.pairs * (row.hit ?? 0), 0) / pairs], {
      abs: 1e-3,
      rel: 0,
    });
    assert.equal(scores.classifier?.file, at("run/classifier.safetensors"));
    assert.equal(scores.classifier?.training, 48);

    const header = readImageHeader(await readFile(at("swaps.png")));
    // At least three columns, and five rows of 128 px for each of four groups.
    assert.ok(header !== null && header.width > 3 * 128 && header.height > 20 * 128, JSON.stringify(header));

    for (const resume of [false, true]) {
      if (resume) await done(...train, ...small, "--steps", "2", "--resume");
      const html = await readFile(at("run/report.html"), "utf8");
      for (const text of ["How good the edits are", "Leakage", "Against the truth", 'class="heat"']) {
        assert.ok(html.includes(text), `${text}, ${resume ? "resumed" : "scored"}`);
      }
    }
    const made = (await stat(at("run/classifier.safetensors"))).mtimeMs;
    const again = await done(...args);
    assert.equal((await stat(at("run/classifier.safetensors"))).mtimeMs, made);
    for (const text of [
      "Eyeglasses added",
      "Against the truth",
      "Leakage",
      "12 held-out pictures, of the partition list",
    ]) {
      assert.ok(again.stdout.includes(text), text);
    }
  });
});
