/** `--quiet`: results and errors only, with the same exit codes, on all commands. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { withFolder } from "../support/folder.js";
import { runHere } from "../support/in-process.js";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";

const fixture = (...args: string[]): Promise<Ended> => runNode(fromRoot("dist/test/support/cli-fixture.js"), args);

describe("--quiet", () => {
  it("leaves out progress and warnings, and nothing of stdout", async () => {
    const loud = await fixture("fine");
    assert.match(loud.stderr, /Count: 2\/2 items\n$/);
    const quiet = await fixture("fine", "--quiet");
    assert.deepEqual(quiet, { code: 0, stdout: loud.stdout, stderr: "" });
    assert.equal(quiet.stdout, "a line for people\n");
    assert.equal((await fixture("doubtful")).stderr, "Warning: a line before trusting it\n");
    assert.deepEqual(await fixture("doubtful", "--quiet"), { code: 0, stdout: "", stderr: "" });
  });

  it("leaves only the JSON object with --json", async () => {
    const { stdout } = await fixture("fine", "--json");
    assert.deepEqual(await fixture("fine", "--json", "--quiet"), { code: 0, stdout, stderr: "" });
  });

  for (const [name, code, message] of [
    ["wrong", 2, "elegant: size: expected a power of two, received 100. Choose 64, 128 or 256.\n"],
    ["full", 4, "elegant: Cannot write 'x': no space left. Free some space.\n"],
    ["stopped", 130, "elegant: Interrupted at step 7; the state is saved.\n"],
  ] as const) {
    it(`keeps the message and the exit code ${code} of a command that fails`, async () => {
      const ended = await fixture(name, "--quiet", "--json");
      assert.deepEqual(ended, { code, stdout: "", stderr: message });
    });
  }

  it("is quiet on real commands: painting, preprocessing, an edit, and an option with its old name", () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      const lines: readonly (readonly string[])[] = [
        ["synth", at("photos"), "--count", "4"],
        ["preprocess", at("photos"), at("faces"), "--size", "64", "--format", "shard"],
        ["preprocess", at("photos"), at("crops"), "--size", "64", "--format", "png"],
        ["inspect", at("faces"), "--sheet", at("sheet.png")],
        ["synth", at("part"), "--count", "4", "--shard", "0/1"],
        ["doctor"],
      ];
      for (const line of lines) {
        const { code, stdout, stderr } = await runHere([...line, "--quiet"]);
        assert.deepEqual([code, stderr], [0, ""], line[0]);
        assert.notEqual(stdout, "", line[0]);
      }
      const faces = ["--input", at("crops/images/000001.png"), "--reference", at("crops/images/000002.png")];
      const swap = ["swap", "--model", "celeba-hq", ...faces, "--attribute", "Bangs"];
      const loud = await runHere([...swap, "--out", at("loud"), "--json"]);
      assert.match(loud.stderr, /^model celeba-hq: trained on CelebA-HQ.*\n(?:.*\n)*Swap: 1\/1 faces$/m);
      const quiet = await runHere([...swap, "--out", at("quiet"), "--json", "--quiet"]);
      assert.deepEqual([quiet.code, quiet.stderr], [0, ""]);
      const [outputs] = [JSON.parse(quiet.stdout) as { outputs: readonly string[] }].map((each) => each.outputs);
      assert.ok(outputs.length > 0);
      const failed = await runHere(["inspect", at("nowhere"), "--quiet"]);
      assert.equal(failed.code, 2);
      assert.match(failed.stderr, /^elegant: .*\n$/);
    }));
});
