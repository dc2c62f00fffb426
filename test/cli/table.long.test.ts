/** Tiny comparisons by `elegant table` that are trained, stopped, continued and compared. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../src/image/codec.js";
import { readImageHeader } from "../../src/image/header.js";
import { METHOD_NAMES } from "../../src/methods/recipes.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { goldenPhoto } from "../support/pictures.js";
import { type Ended, fromRoot, killOnceThereIs } from "../support/spawn.js";
import { elegant, QUICK } from "../support/table.js";

interface TableJson {
  readonly systems: readonly {
    readonly name: string;
    readonly attributes: readonly { readonly name: string; readonly added: number; readonly removed: number }[];
    readonly updates: number;
    readonly seconds: number;
    readonly models: number;
    readonly parameters: number;
    readonly secondsPerImage: number;
  }[];
  readonly others: readonly { readonly system: string; readonly attribute: string; readonly added: number }[];
  readonly pictures: Readonly<Record<string, number>>;
  readonly comparable: boolean;
}

describe("elegant table", () => {
  it("trains every system within the same budget, scores all, and repeats nothing when it is started again", () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await writeFaces(at("data"), 40);
      for (const attribute of ["Bangs", "Smiling"]) {
        for (const kind of ["added", "removed"]) {
          await mkdir(at(`other/${attribute}/${kind}`), { recursive: true });
          for (let i = 0; i < 3; i++) {
            const picture = await encodePng(goldenPhoto(`${attribute}${kind}${i}`, 3, 40, 40));
            await writeFile(at(`other/${attribute}/${kind}/${i}.png`), picture);
          }
        }
      }
      const command = ["table", at("data"), "--attributes", "Bangs", "Smiling", "--updates", "4", ...QUICK];
      const whole = [...command, "--pictures", `other=${at("other")}`, "--out", at("table"), "--json"];
      const { code, stdout, stderr } = await elegant(...whole);
      assert.equal(code, 0, stderr);
      const json = JSON.parse(stdout) as TableJson;
      assert.deepEqual(
        json.systems.map(({ name, models, updates }) => [name, models, updates]),
        // One step of ELEGANT's modern preset, of StarGAN and of DNA-GAN has all attributes.
        METHOD_NAMES.map((name) => [name, ["unit", "cyclegan"].includes(name) ? 2 : 1, 4]),
      );
      for (const { name, attributes, seconds, parameters, secondsPerImage } of json.systems) {
        assert.deepEqual(
          attributes.map((attribute) => attribute.name),
          ["Bangs", "Smiling"],
        );
        for (const { added, removed } of attributes) assert.ok(added > 0 && removed > 0, name);
        assert.ok(seconds > 0 && parameters > 1000 && secondsPerImage > 0, name);
      }
      assert.deepEqual(
        json.others.map(({ system }) => system),
        ["no edit", "other", "no edit", "other"],
      );
      assert.deepEqual([json.comparable, json.pictures], [false, { Bangs: 4, Smiling: 4 }]);

      const html = await readFile(at("table/table.html"), "utf8");
      const markdown = await readFile(at("table/table.md"), "utf8");
      for (const text of [
        ...METHOD_NAMES,
        "no edit",
        "other",
        "27.81 / 33.22",
        "not comparable with published scores",
      ]) {
        assert.ok(html.includes(text) && markdown.includes(text), text);
      }
      assert.match(stderr, /ELEGANT +30\.71 \/ 31\.12 +25\.71 \/ 24\.88/);
      const sheet = readImageHeader(await readFile(at("table/sheet.png")));
      assert.ok(sheet !== null && sheet.width > 1000 && sheet.height > 800, "the sheet has all rows and columns");

      const checkpoint = at("table/runs/stargan/checkpoints/step-00000004.safetensors");
      const before = (await stat(checkpoint)).mtimeMs;
      await rm(at("table/table.json"));
      const again = await elegant(...whole);
      assert.equal(again.code, 0, again.stderr);
      const numbers = ({ systems }: TableJson) => systems.map(({ attributes, updates }) => ({ attributes, updates }));
      assert.deepEqual(numbers(JSON.parse(again.stdout) as TableJson), numbers(json));
      assert.equal((await stat(checkpoint)).mtimeMs, before);
      assert.ok((await stat(at("table/table.json"))).size > 100);

      const other = await elegant(...command.slice(0, -2), "--seed", "7", "--out", at("table"));
      assert.equal(other.code, 2);
      assert.match(
        other.stderr,
        /--out .*table: seed: expected 1, received 7\. Give the options with which it was begun/,
      );
    }));

  it("goes on after it was killed between two systems, to the table of a call that ran through", () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await writeFaces(at("data"), 40);
      const systems = ["--systems", "cyclegan,stargan"];
      const command = ["table", at("data"), "--attributes", "Bangs", ...systems, "--updates", "4", ...QUICK];
      const whole = await elegant(...command, "--out", at("whole"), "--json");
      assert.equal(whole.code, 0, whole.stderr);

      const checkpoint = at("killed/runs/cyclegan/Bangs/checkpoints/step-00000004.safetensors");
      await killOnceThereIs(checkpoint, fromRoot("bin/elegant.js"), [...command, "--out", at("killed")]);
      assert.ok(!existsSync(at("killed/table.json")), "it was killed before it was done");

      const again = await elegant(...command, "--out", at("killed"), "--json");
      assert.equal(again.code, 0, again.stderr);
      const numbers = ({ stdout }: Ended): unknown =>
        (JSON.parse(stdout) as TableJson).systems.map(({ name, attributes, updates }) => ({
          name,
          attributes,
          updates,
        }));
      assert.deepEqual(numbers(again), numbers(whole));
    }));

  it("ends a training by the time of its updates, over all of its calls", () =>
    withFolder(async (folder) => {
      const at = (name: string): string => join(folder, name);
      await writeFaces(at("data"), 40);
      const command = ["table", at("data"), "--attributes", "Bangs", "--systems", "cyclegan", ...QUICK];
      const { code, stdout, stderr } = await elegant(...command, "--hours-each", "0.001", "--out", at("t"), "--json");
      assert.equal(code, 0, stderr);
      const [{ seconds, updates }] = (JSON.parse(stdout) as TableJson).systems;
      assert.ok(seconds >= 3.6 && updates > 1, `${updates} updates in ${seconds} s`);
      const again = await elegant(...command, "--hours-each", "0.001", "--out", at("t"), "--json");
      assert.equal((JSON.parse(again.stdout) as TableJson).systems[0].updates, updates, again.stderr);
    }));
});
