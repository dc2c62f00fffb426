/** `elegant plan`: whose batch it is, and what it refuses. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tinyGenerator } from "../support/model.js";
import { plan, useTrainingFaces } from "../support/use-training-faces.js";

describe("elegant plan", () => {
  const { at, data, planTraining } = useTrainingFaces();

  it("calls a batch that nobody requested the command's own", async () => {
    const [model, face] = [at("model.safetensors"), join(data(), "images", "000001.png")];
    await writeFile(model, tinyGenerator(9));
    const words = ["--model", model, "--input", face, "--attribute", "Bangs", "--reference", face, "--device", "cpu"];
    const { code, stdout, stderr } = await plan("swap", ...words, "--workers", "1");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^batch \d+: the command's own$/m);
  });

  it("answers what it cannot plan with one line and exit code 2", async () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [["trian", data()], /unknown command 'trian' \(Did you mean train\?\)/],
      [["doctor"], /unknown command 'doctor'/],
      [
        ["train", data(), "--attributes", "Bagns"],
        /expected a name of the list, received 'Bagns'\. Did you mean Bangs\?/,
      ],
      [
        ["train", data(), "--attributes", "Bangs", "--trase", "x"],
        /unknown option '--trase' \(Did you mean --trace\?\)/,
      ],
      [["train", data()], /--attributes: expected a value \(--attributes <names\.\.\.>\), received none/],
      [["preprocess", at("none"), "out"], /none: expected a folder, received none/],
      [["fid", at("none"), data()], /none: expected a folder of images, .* received nothing there/],
    ];
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = await plan(...args);
      assert.deepEqual([code, stdout], [2, ""], `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    }
    const little = await planTraining("--memory", "1");
    assert.equal(little.code, 2);
    assert.match(little.stderr, /memory: expected at least \d+ MiB for a batch of 2, received 1 MiB\. Allow more/);
  });
});
