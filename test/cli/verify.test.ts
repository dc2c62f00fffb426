/** `elegant verify` on golden files that pass, fail or cannot be checked. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatVerification } from "../../src/cli/verify.js";
import type { ElegantGolden } from "../../src/golden/elegant-schema.js";
import { withFolder } from "../support/folder.js";
import { runHere } from "../support/in-process.js";
import { type Ended, fromRoot } from "../support/spawn.js";

const verify = (...args: string[]): Promise<Ended> => runHere(["verify", ...args]);

describe("elegant verify", () => {
  it("answers files that it cannot check with one line and exits with 2", async () => {
    await withFolder(async (folder) => {
      const cases: readonly (readonly [string, string | null, RegExp])[] = [
        ["missing.json", null, /Cannot read .*missing\.json.*Check the path/],
        ["text.json", "no JSON", /text\.json: expected JSON, received/],
        ["other.json", '{"a":1}', /other\.json: expected golden numbers, received the fields a\./],
        ["list.json", "[]", /list\.json: expected golden numbers, received the fields \(none\)\./],
        [
          "cut.json",
          '{"seed":1,"img_size":64,"iterations":[]}',
          /cut\.json: expected golden numbers of training updates/,
        ],
        [
          "features.json",
          '{"seed":1,"cases":[{"features":{}}]}',
          /features\.json: expected golden numbers of Inception features, received cases\.0\.image/,
        ],
      ];
      for (const [name, text, message] of cases) {
        const path = join(folder, name);
        if (text !== null) await writeFile(path, text);
        const { code, stdout, stderr } = await verify(path, "--json");
        assert.deepEqual([code, stdout], [2, ""], name);
        assert.match(stderr, message);
        assert.equal(stderr.split("\n").length, 2, `one line, received: ${stderr}`);
      }
    });
  });

  it("checks alignment, and exits with 0", async () => {
    const path = fromRoot("test/fixtures/align.json");
    const good = await verify(path, "--json");
    assert.equal(good.code, 0, good.stderr);
    const { ok, files } = JSON.parse(good.stdout) as { ok: boolean; files: { file: string; quantities: object[] }[] };
    assert.deepEqual([ok, files[0].file, files[0].quantities.length], [true, path, 24]);
    assert.deepEqual(Object.keys(files[0].quantities[0]), ["name", "error", "tolerance", "at"]);
  });

  it("agrees with the published networks in float64, and names the one number that was changed", () =>
    withFolder(async (folder) => {
      const path = fromRoot("test/fixtures/elegant-s1-64px-b2-n3.json");
      const golden = JSON.parse(await readFile(path, "utf8")) as ElegantGolden;
      golden.iterations[0].z_C.mean += golden.iterations[0].z_C.rms;
      const changed = join(folder, "changed.json");
      await writeFile(changed, JSON.stringify(golden));
      const { code, stdout, stderr } = await verify(path, changed, "--device", "wasm", "--workers", "1", "--json");
      assert.equal(code, 2, stderr);
      const { ok, files } = JSON.parse(stdout) as {
        ok: boolean;
        files: { file: string; quantities: { name: string; error: number; tolerance: number }[] }[];
      };
      const failed = files.map(({ quantities }) =>
        quantities.filter(({ error, tolerance }) => !(error <= tolerance)).map(({ name }) => name),
      );
      assert.deepEqual([ok, failed[0]], [false, []]);
      // What fails elsewhere is not tried again near kinks, where a few points of the weights may be off.
      assert.deepEqual(
        failed[1].filter((name) => !name.endsWith("points after")),
        ["z_C"],
      );
      assert.ok(files[0].quantities.length > 250, `${files[0].quantities.length} quantities`);
      assert.match(stderr, /verify: [12] of \d+ quantities are over their tolerance/);
    }));

  it("prints a row a group and every quantity that fails", () => {
    const quantity = (name: string, error: number) => ({ group: "grad_G", name, error, tolerance: 1e-3, at: "[0]" });
    const lines = formatVerification([
      { file: "x.json", quantities: [quantity("a", 1e-4), quantity("b", 0.02), quantity("c", Number.NaN)] },
    ]);
    const text = lines.join("\n");
    assert.match(text, /grad_G \(3\)\s+NaN\s+1\.0e-3 {2}FAIL {2}c \[0\]/);
    assert.match(text, /^ {4}b\s+2\.0e-2\s+1\.0e-3 {2}FAIL {2}\[0\]$/m);
    assert.doesNotMatch(text, /^ {4}a /m);
  });
});
