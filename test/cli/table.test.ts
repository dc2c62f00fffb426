/** What `elegant table` refuses, and a tiny comparison of one system. */
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { elegant, QUICK } from "../support/table.js";

describe("elegant table", () => {
  it("trains a system, scores it, and writes the table", () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await writeFaces(at("data"), 20);
      const command = [
        "table",
        at("data"),
        "--attributes",
        "Bangs",
        "--systems",
        "stargan",
        "--updates",
        "2",
        ...QUICK,
      ];
      const { code, stdout, stderr } = await elegant(...command, "--out", at("table"), "--json");
      assert.equal(code, 0, stderr);
      const { systems, pictures } = JSON.parse(stdout);
      assert.deepEqual(
        systems.map(({ name, updates, attributes }: Record<string, unknown>) => [
          name,
          updates,
          Array.isArray(attributes),
        ]),
        [["stargan", 2, true]],
      );
      assert.ok(systems[0].attributes[0].added > 0 && systems[0].attributes[0].removed > 0);
      assert.deepEqual(pictures, { Bangs: 4 });
      assert.match(await readFile(at("table/table.md"), "utf8"), /stargan/);
    }));

  it("refuses what it cannot do, with one line and no folder", () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await writeFaces(at("data"), 20);
      const BANGS = ["--attributes", "Bangs"];
      for (const [args, message] of [
        [[at("data"), ...BANGS], /--hours-each and --updates: expected one of them, received neither/],
        [[at("data"), ...BANGS, "--updates", "2", "--hours-each", "1"], /expected one of them, received both/],
        [
          [at("data"), ...BANGS, "--updates", "2", "--systems", "stargun"],
          /--systems: expected the name of a system, or NAME:PRESET, received 'stargun'\. Did you mean stargan\?/,
        ],
        [
          [at("data"), ...BANGS, "--updates", "2", "--systems", "elegant:best"],
          /a preset of elegant, received 'best'\. It has modern, official, paper\./,
        ],
        [[at("data"), ...BANGS, "--updates", "2", "--systems", "unit,unit"], /'unit' twice/],
        [[at("data"), "--attributes", "Bang", "--updates", "2"], /Bang/],
        [[at("nowhere"), ...BANGS, "--updates", "2"], /nowhere/],
        [
          [at("data"), ...BANGS, "--updates", "2", "--pictures", "nothing"],
          /--pictures: expected NAME=DIR, received 'nothing'/,
        ],
        [[at("data"), ...BANGS, "--updates", "2", "--features", "inception"], /weights/i],
      ] as const) {
        const { code, stderr } = await elegant("table", ...args, ...QUICK.slice(2), "--out", at("t"));
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
        await assert.rejects(stat(at("t")), { code: "ENOENT" });
      }
    }));
});
