/** `elegant table` on a tiny run, compared with doing nothing and with other methods' images. */
import assert from "node:assert/strict";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../src/image/codec.js";
import type { TableRow } from "../../src/metrics/table.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { TINY, tinyGenerator } from "../support/model.js";
import { goldenPhoto } from "../support/pictures.js";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";

const elegant = (...args: string[]): Promise<Ended> => runNode(fromRoot("bin/elegant.js"), args);
const QUICK = ["--features", "random-inception", "--dims", "64", "--limit", "5"];

describe("elegant table", function () {
  this.timeout(120_000);

  it("scores adding and removing of each attribute, doing nothing, and other methods' pictures", () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await writeFaces(at("data"), 20);
      await writeFile(at("m.safetensors"), tinyGenerator(1, { ...TINY, attributes: ["Bangs", "Smiling"] }));
      for (const attribute of ["Bangs", "Smiling"]) {
        for (const kind of ["added", "removed"]) {
          await mkdir(at(`other/${attribute}/${kind}`), { recursive: true });
          for (let i = 0; i < 3; i++) {
            const picture = await encodePng(goldenPhoto(`${attribute}${kind}${i}`, 3, 40, 40));
            await writeFile(at(`other/${attribute}/${kind}/${i}.png`), picture);
          }
        }
      }
      const args = ["table", at("m.safetensors"), at("data"), ...QUICK, "--systems", `other=${at("other")}`];
      const { code, stdout, stderr } = await elegant(...args, "--out", at("table.html"), "--json");
      assert.equal(code, 0, stderr);
      const json = JSON.parse(stdout) as {
        rows: TableRow[];
        pictures: Record<string, number>;
        comparable: boolean;
        heldOut: boolean;
      };
      assert.deepEqual([json.comparable, json.heldOut, json.pictures], [false, false, { Bangs: 5, Smiling: 5 }]);
      assert.deepEqual(
        json.rows.map(({ system, attribute }) => `${system} ${attribute}`),
        ["this run", "no edit", "other"]
          .map((name) => `${name} Bangs`)
          .concat(["this run", "no edit", "other"].map((name) => `${name} Smiling`)),
      );
      for (const { system, attribute, added, removed } of json.rows) {
        assert.ok(added > 0 && removed > 0, `${system} ${attribute}`);
        // The distance of the two sides is the same in both directions.
        if (system === "no edit") assert.ok(Math.abs(added - removed) < 1e-9 * added);
      }
      const html = await readFile(at("table.html"), "utf8");
      for (const text of [
        "this run",
        "no edit",
        "other",
        "CycleGAN",
        "27.81 / 33.22",
        "not comparable with published scores",
        "Other data and another size",
      ]) {
        assert.ok(html.includes(text), text);
      }
      assert.match(stderr, /ELEGANT +30\.71 \/ 31\.12 +25\.71 \/ 24\.88/);
    }));

  it("refuses what it cannot score, with one line and no page", () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await writeFaces(at("data"), 20);
      await writeFile(at("m.safetensors"), tinyGenerator(1, { ...TINY, attributes: ["Bangs", "Smiling"] }));
      await writeFile(at("young.safetensors"), tinyGenerator(1, { ...TINY, attributes: ["Bangs", "Young"] }));
      for (const [args, message] of [
        [[at("none"), at("data"), ...QUICK], /Reading the model/],
        [[at("m.safetensors"), at("nowhere"), ...QUICK], /nowhere/],
        [
          [at("young.safetensors"), at("data"), ...QUICK],
          /Young: expected two pictures with and without it, received 0/,
        ],
        [
          [at("m.safetensors"), at("data"), ...QUICK, "--systems", "nothing"],
          /--systems: expected NAME=DIR, received 'nothing'/,
        ],
        [[at("m.safetensors"), at("data"), ...QUICK, "--systems", `x=${at("x")}`], /x\/Bangs\/added/],
      ] as const) {
        const { code, stderr } = await elegant("table", ...args, "--out", at("t.html"));
        assert.equal(code, 2, stderr);
        assert.match(stderr, message);
        await assert.rejects(stat(at("t.html")), { code: "ENOENT" });
      }
    }));
});
