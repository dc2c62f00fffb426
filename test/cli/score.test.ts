/** `elegant score` of a generator file, with FID, and what it refuses. */
import assert from "node:assert/strict";
import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { type RunScores, runScoresSchema } from "../../src/report/scored.js";
import { useCacheHome } from "../support/cache.js";
import { runHere } from "../support/in-process.js";
import { TINY, tinyGenerator } from "../support/model.js";
import { done, useScoring } from "../support/use-scoring.js";

describe("elegant score", () => {
  const at = useScoring();

  it("scores a generator file without truth, and adds FID where it is asked for", async () => {
    await writeFile(at("m.safetensors"), tinyGenerator(1, { ...TINY, attributes: ["Bangs"] }));
    const record = await readFile(at("photos/synth.json"));
    await rm(at("photos/synth.json"));
    const restore = useCacheHome(at("cache"));
    try {
      const { stdout, stderr } = await done(
        ...["score", at("m.safetensors"), at("faces"), "--pairs", "2", "--fid", "--json", "--workers", "1"],
      );
      const scores: RunScores = runScoresSchema.parse(JSON.parse(stdout));
      assert.deepEqual([scores.truth, scores.kept], [undefined, undefined]); // there is no other attribute
      assert.ok(scores.noise > 0 && scores.reconstruction > 0);
      assert.equal(scores.leakage?.length, 1);
      assert.match(scores.classifier?.file ?? "", /cache\/elegant-faces\/classifier-[0-9a-f]{32}\.safetensors$/);
      const { features, dims, comparable, attributes = [] } = scores.fid ?? {};
      assert.deepEqual([features, dims, comparable], ["random-inception, seed 1", 192, false]);
      assert.ok(attributes[0].added > 0 && attributes[0].removed > 0 && attributes[0].unedited > 0);
      assert.match(stderr, /FID/);
    } finally {
      restore();
      await writeFile(at("photos/synth.json"), record);
    }
  });

  it("refuses what it cannot score, and changes nothing", async () => {
    await writeFile(at("young.safetensors"), tinyGenerator(1, { ...TINY, attributes: ["Bangs", "Hat"] }));
    await writeFile(at("there.png"), "");
    for (const [args, message] of [
      [[at("none"), at("faces")], /Reading the model/],
      [["painted", at("nowhere")], /nowhere/],
      [[at("young.safetensors"), at("faces")], /expected a name of the list, received 'Hat'/],
      [["painted", at("faces"), "--weights", at("w.pth")], /--weights: expected --fid as well, received none/],
      [["painted", at("faces"), "--pairs", "0"], /--pairs: expected an integer at least 1/],
      [["painted", at("faces"), "--sheet", at("x.jpg")], /--sheet: expected a file named \*\.png/],
      [["painted", at("faces"), "--sheet", at("there.png")], /--sheet .*existing file/],
    ] as const) {
      const { code, stderr } = await runHere(["score", ...args]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
    await assert.rejects(stat(at("x.jpg")), { code: "ENOENT" });
  });
});
