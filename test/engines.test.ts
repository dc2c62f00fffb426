/** The versions of Node.js that we promise, and the short part of the tests that CI runs on each of them. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fromRoot } from "./support/spawn.js";

const read = (path: string): Promise<string> => readFile(fromRoot(path), "utf8");

describe("the versions of Node.js", () => {
  it("are the same ones in README.md and in CI, from the oldest one that package.json allows", async () => {
    const [, inCi = ""] = /^for major in ([\d ]+); do$/m.exec(await read(".ci/run")) ?? [];
    const [, inReadme = ""] = /The tests\s+run on Node\.js ([\d, and]+)/.exec(await read("README.md")) ?? [];
    assert.deepEqual(inReadme.match(/\d+/g), inCi.split(" "));
    const { engines } = JSON.parse(await read("package.json")) as { engines: { node: string } };
    assert.match(engines.node, new RegExp(`^>=${inCi.split(" ")[0]}\\.`));
  });

  it("have a short part of the tests whose files all exist: Mocha only warns of missing ones", async () => {
    const { scripts } = JSON.parse(await read("package.json")) as { scripts: Record<string, string> };
    const files = scripts["test:engines"].split(" ").filter((word) => word.endsWith(".test.js"));
    assert.ok(files.length > 5);
    for (const file of files) {
      const source = file.replace(/^dist\//, "").replace(/js$/, "ts");
      assert.ok(existsSync(fromRoot(source)), `${file} has no source ${source}`);
    }
  });

  it("are run by a script that bash can read", function () {
    const { status, stderr, error } = spawnSync("bash", ["-n", fromRoot(".ci/run")], { encoding: "utf8" });
    if (error !== undefined) this.skip();
    assert.equal(status, 0, stderr);
  });
});
