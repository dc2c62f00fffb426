/** `elegant plan`: whose batch it is, and what it refuses. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useCacheHome } from "../support/cache.js";
import { writeFaces } from "../support/faces.js";
import { runHere } from "../support/in-process.js";
import { tinyGenerator } from "../support/model.js";
import type { Ended } from "../support/spawn.js";

describe("elegant plan", () => {
  let folder: string;
  let data: string;
  let giveBackCache: () => void;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    data = join(folder, "faces");
    await writeFaces(data, 12);
    giveBackCache = useCacheHome(join(folder, "cache"));
  });

  after(async () => {
    giveBackCache();
    await rm(folder, { recursive: true, force: true });
  });

  const elegant = (...args: string[]): Promise<Ended> => runHere(["plan", ...args]);

  const train = (...more: string[]): Promise<Ended> =>
    elegant(
      ...["train", data, "--attributes", "Bangs", "Smiling", "--size", "64", "--width", "4", "--batch", "2"],
      ...["--device", "wasm", "--workers", "1", ...more],
    );

  it("calls a batch that nobody requested the command's own", async () => {
    const [model, face] = [join(folder, "model.safetensors"), join(data, "images", "000001.png")];
    await writeFile(model, tinyGenerator(9));
    const words = ["--model", model, "--input", face, "--attribute", "Bangs", "--reference", face, "--device", "cpu"];
    const { code, stdout, stderr } = await elegant("swap", ...words, "--workers", "1");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^batch \d+: the command's own$/m);
  });

  it("answers what it cannot plan with one line and exit code 2", async () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [["trian", data], /unknown command 'trian' \(Did you mean train\?\)/],
      [["doctor"], /unknown command 'doctor'/],
      [
        ["train", data, "--attributes", "Bagns"],
        /expected a name of the list, received 'Bagns'\. Did you mean Bangs\?/,
      ],
      [["train", data, "--attributes", "Bangs", "--trase", "x"], /unknown option '--trase' \(Did you mean --trace\?\)/],
      [["train", data], /--attributes: expected a value \(--attributes <names\.\.\.>\), received none/],
      [["preprocess", join(folder, "none"), "out"], /none: expected a folder, received none/],
      [["fid", join(folder, "none"), data], /none: expected a folder of images, .* received nothing there/],
    ];
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = await elegant(...args);
      assert.deepEqual([code, stdout], [2, ""], `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    }
    const little = await train("--memory", "1");
    assert.equal(little.code, 2);
    assert.match(little.stderr, /memory: expected at least \d+ MiB for a batch of 2, received 1 MiB\. Allow more/);
  });
});
