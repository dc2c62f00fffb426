/** `elegant label` on painted faces: lists, open labels, refusals and failures. */
import assert from "node:assert/strict";
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OPEN, readAttributes } from "../../src/dataset/lists.js";
import { COUNT, done, elegant, LIST, ONE, PROBABILITIES, useLabeller } from "../support/label.js";
import { fromRoot } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

/** The rows of a CSV file without quotes. */
async function readCsv(path: string): Promise<string[][]> {
  return (await readFile(path, "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
}

describe("elegant label", () => {
  const { at, unlabelled } = useLabeller();

  it("writes a list in which labels are open where their probability is less sure, and both files of it agree", async () => {
    const dir = await unlabelled("first");
    const { stdout } = await done(
      "label",
      dir,
      "--model",
      at("l.safetensors"),
      "--confidence",
      "0.7",
      "--json",
      ...ONE,
    );
    const json = JSON.parse(stdout);
    const table = await readAttributes(join(dir, LIST));
    const [header, ...rows] = await readCsv(join(dir, PROBABILITIES));
    assert.deepEqual(header, ["file", ...table.names]);
    assert.deepEqual(
      rows.map(([file]) => file),
      table.files,
    );
    assert.equal(table.files.length, COUNT);
    let [open, known] = [0, 0];
    for (const [row, [, ...cells]] of rows.entries()) {
      for (const [column, cell] of cells.entries()) {
        const p = Number(cell);
        assert.ok(p >= 0 && p <= 1);
        const label = table.values[row * table.names.length + column];
        if (Math.abs(Math.max(p, 1 - p) - 0.7) < 1e-4) continue; // rounded to four digits
        assert.equal(label, Math.max(p, 1 - p) < 0.7 ? OPEN : p >= 0.5 ? 1 : 0);
        if (label === OPEN) open++;
        else known++;
      }
    }
    assert.ok(open > 20 && known > 20, `${open} open, ${known} known`);
    assert.deepEqual([json.pictures, json.failed, json.confidence], [COUNT, 0, 0.7]);
    assert.ok(Math.abs(json.open - open / (open + known)) < 0.01, `${json.open}`);
    assert.deepEqual([json.list, json.probabilities], [join(dir, LIST), join(dir, PROBABILITIES)]);
    assert.equal(json.attributes.length, table.names.length);

    // The list is one to train on: its open labels are counted.
    const inspected = await done("inspect", dir, "--no-sheet", "--json");
    const counts = JSON.parse(inspected.stdout).attributes;
    assert.deepEqual(
      counts.map(({ name, positive, negative, open: o }: Record<string, unknown>) => [name, positive, negative, o]),
      json.attributes.map(({ name, positive, negative, open: o }: Record<string, unknown>) => [
        ...[name, positive, negative, o],
      ]),
    );
  });

  it("leaves out pictures that cannot be read or are missing, with the reason", async () => {
    const dir = at("broken");
    await mkdir(join(dir, "images"), { recursive: true });
    const names = (await readdir(at("faces/images"))).sort().slice(0, 5);
    for (const name of names) await copyFile(at("faces/images", name), join(dir, "images", name));
    await writeFile(join(dir, "images", names[1]), "no picture");
    const rows = [...names, "gone.png"].map((name) => `${name} 0\n`);
    await writeFile(join(dir, "list_eval_partition.txt"), rows.join(""));
    const { code, stdout, stderr } = await elegant("label", dir, "--model", at("l.safetensors"), "--json", ...ONE);
    assert.equal(code, 3, stderr);
    const { failures, pictures } = JSON.parse(stdout);
    assert.equal(pictures, 4);
    assert.deepEqual(
      failures.map(({ file }: { readonly file: string }) => file),
      [names[1], "gone.png"],
    );
    assert.match(failures[0].reason, /expected JPEG, PNG/);
    assert.match(failures[1].reason, /a list names it, and it is missing/);
    const { files } = await readAttributes(join(dir, LIST));
    assert.deepEqual(files, [names[0], ...names.slice(2)]);

    for (const name of names) await writeFile(join(dir, "images", name), "no picture");
    const before = await treeOf(dir);
    const none = await elegant("label", dir, "--model", at("l.safetensors"), "--replace", ...ONE);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /expected faces, received 6 that cannot be read/);
    assert.deepEqual(await treeOf(dir), before);
  });

  it("refuses to write over a list, and options that do not belong together", async () => {
    const [dir, other, model] = [await unlabelled("refused"), await unlabelled("other"), at("l.safetensors")];
    await mkdir(join(dir, "Anno"));
    await writeFile(join(dir, "Anno", "list_attr_celeba.csv"), "file,Bangs\na.png,1\n");
    await writeFile(join(other, PROBABILITIES), "mine");
    const before = await treeOf(at());
    for (const [args, words] of [
      [[dir, "--model", model], /Anno.list_attr_celeba\.csv: expected no such file yet.*Add --replace/],
      [[other, "--model", model], /attributes_confidence\.csv: expected no such file yet/],
      [[at("faces"), "--model", model], /list_attr_celeba\.txt: expected no such file yet/],
      [[], /DATA: expected a folder of faces, received none/],
      [["--train-on", at("faces")], /--train-on: expected DATA or --model-out, received neither/],
      [["--train-on", at("faces"), "--model-out", at("x.bin")], /--model-out: expected a file named \*\.safetensors/],
      [["--train-on", at("faces"), "--model-out", model], /l\.safetensors: expected no such file yet/],
      [["--train-on", at("faces"), "--model", model, other], /--model: expected no --train-on, received both/],
      [[other, "--model-out", at("x.safetensors")], /--model-out: expected --train-on as well/],
      [["--train-on", at("first/images"), "--model-out", at("x.safetensors")], /images: expected /],
      [[other, "--model", at("nowhere.safetensors"), "--replace"], /Reading the model/],
      [[at("nowhere"), "--model", model], /nowhere: expected a folder, received none/],
      [[other, "--model", model, "--confidence", "0.4"], /expected a number from 0\.5 to 1/i],
      [[other, "--model", fromRoot("assets/painted-64.safetensors"), "--replace"], /expected a labeller/],
    ] as const) {
      const { code, stderr } = await elegant("label", ...args, ...ONE);
      assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, words);
    }
    assert.deepEqual(await treeOf(at()), before);
  });

  it("knows CelebA's forty attributes without a model of one's own, and prints its terms", async () => {
    const dir = await unlabelled("shipped");
    const { stdout } = await done("label", dir, "--out", at("labels.txt"), ...ONE);
    assert.match(stdout, /labeller celeba-hq-attributes: .*non-commercial research only/);
    const { names, files } = await readAttributes(at("labels.txt"));
    assert.deepEqual([names.length, files.length], [40, COUNT]);
    assert.deepEqual([names[0], names[39]], ["5_o_Clock_Shadow", "Young"]);
    assert.equal((await readCsv(at(PROBABILITIES))).length, COUNT + 1);
    await assert.rejects(stat(join(dir, LIST)), { code: "ENOENT" });
  });
});
