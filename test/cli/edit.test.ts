/** `elegant edit` on small models of every method: what each needs, what it writes, and its refusals. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { encodePng } from "../../src/image/codec.js";
import { readImageHeader } from "../../src/image/header.js";
import { readPicture } from "../../src/image/picture-files.js";
import { useCacheHome } from "../support/cache.js";
import { FACE_LABELS, faceNames, facePart, writeFaces } from "../support/faces.js";
import { runHere } from "../support/in-process.js";
import { smallGenerator } from "../support/method-models.js";
import { TINY, tinyGenerator } from "../support/model.js";
import { goldenPhoto } from "../support/pictures.js";
import type { Ended } from "../support/spawn.js";

interface Answer {
  readonly outputs: readonly string[];
  readonly milliseconds: number;
  readonly references: readonly { readonly attribute: string; readonly value: number; readonly file: string }[];
  readonly labels: readonly Readonly<Record<string, number>>[] | null;
}

/** Number of pictures in the data set; 8 of them are held out. */
const FACES = 40;
/** The side in pixels of an image of 64 pixels on a sheet, which is twice as large. */
const SHOWN = 2 * 64;
const TWO = ["Bangs", "Smiling"];

describe("elegant edit", () => {
  let folder: string;
  let restoreCache: () => void;
  const at = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    restoreCache = useCacheHome(at("cache"));
    await mkdir(at("many"));
    await mkdir(at("cache"));
    for (const name of [
      "a.png",
      "b.png",
      "r1.png",
      "r2.png",
      ...Array.from({ length: 9 }, (_, i) => `many/${i}.png`),
    ]) {
      await writeFile(at(name), await encodePng(goldenPhoto(name, 2, 64, 64)));
    }
    await writeFile(at("oblong.png"), await encodePng(goldenPhoto("oblong", 2, 64, 48)));
    await writeFile(at("elegant.safetensors"), tinyGenerator(9, { ...TINY, attributes: TWO }));
    await writeFile(at("hat.safetensors"), tinyGenerator(9, { ...TINY, attributes: ["Hat"] }));
    for (const method of ["stargan", "dnagan"])
      await writeFile(at(`${method}.safetensors`), smallGenerator(method, TWO));
    for (const method of ["cyclegan", "unit"]) {
      await writeFile(at(`${method}.safetensors`), smallGenerator(method, ["Bangs"]));
    }
    await writeFile(at("young.safetensors"), smallGenerator("stargan", ["Bangs", "Young"]));
    await writeFaces(at("data"), FACES);
    await mkdir(at("bare/images"), { recursive: true });
    await writeFile(at("bare/images/a.png"), await encodePng(goldenPhoto("bare", 2, 64, 64)));
  });

  after(async () => {
    restoreCache();
    await rm(folder, { recursive: true, force: true });
  });

  /** Words that start with @ name files in the test's folder. */
  function elegant(line: string): Promise<Ended> {
    const words = line.split(" ").map((word) => (word.startsWith("@") ? at(word.slice(1)) : word));
    return runHere([...words, "--device", "wasm", "--workers", "1"]);
  }

  async function answerOf(line: string): Promise<Answer> {
    const { code, stdout, stderr } = await elegant(`${line} --json`);
    assert.equal(code, 0, stderr);
    const answer = JSON.parse(stdout) as Answer;
    assert.ok(answer.milliseconds > 0);
    return answer;
  }

  /** Mean difference of the values of two pictures. */
  async function difference(one: string, other: string): Promise<number> {
    const [a, b] = await Promise.all([one, other].map(readPicture));
    assert.deepEqual([a.width, a.height], [b.width, b.height]);
    let sum = 0;
    for (const [i, value] of a.data.entries()) sum += Math.abs(value - b.data[i]);
    return sum / a.data.length;
  }

  const bytesOf = (answer: Answer): Promise<Buffer> => readFile(answer.outputs[0]);

  for (const [method, what, words] of [
    ["elegant", "adds", "Bangs=1 --reference @r1.png"],
    ["elegant", "removes", "Bangs=0 --reference @r1.png"],
    ["stargan", "adds", "Bangs=1 --labels Bangs=0 Smiling=1"],
    ["stargan", "removes", "Bangs=0 --labels Bangs=1 Smiling=1"],
    ["cyclegan", "adds", "Bangs=1"],
    ["cyclegan", "removes", "Bangs=0"],
    ["unit", "adds", "Bangs=1"],
    ["unit", "removes", "Bangs=0"],
    ["dnagan", "adds", "Bangs=1 --reference @r1.png"],
    ["dnagan", "removes", "Bangs=0"],
  ] as const) {
    it(`${what} an attribute with ${method}`, async () => {
      const out = `${method}-${what}`;
      const answer = await answerOf(`edit @${method}.safetensors @a.png --set ${words} --out @${out}`);
      const [change] = words.split(" ");
      const names = [`a-${change}.png`, "sheet.png"];
      assert.deepEqual(
        answer.outputs,
        names.map((name) => join(at(out), name)),
      );
      assert.deepEqual((await readdir(at(out))).sort(), names);
      assert.ok((await difference(answer.outputs[0], at("a.png"))) > 1);
      const byReference = words.includes("--reference");
      const reference = { attribute: "Bangs", value: Number(change.at(-1)), file: at("r1.png") };
      assert.deepEqual(answer.references, byReference ? [reference] : []);
      assert.deepEqual(answer.labels, method === "stargan" ? [{ Bangs: what === "adds" ? 0 : 1, Smiling: 1 }] : null);
      const { width } = readImageHeader(await readFile(answer.outputs[1])) ?? { width: 0 };
      const columns = byReference ? 4 : 3; // input, reference, result, change, after a name
      assert.ok(width > columns * SHOWN && width < (columns + 1) * SHOWN, `${width}`);
    });
  }

  it("adds and removes with different results", async () => {
    for (const method of ["cyclegan", "unit"]) {
      const [added, removed] = ["adds/a-Bangs=1.png", "removes/a-Bangs=0.png"].map((path) => at(`${method}-${path}`));
      assert.ok((await difference(added, removed)) > 1, method);
    }
  });

  it("makes the edits one after the other, in the order of --set", async () => {
    const line = "edit @elegant.safetensors";
    const both = await answerOf(`${line} @a.png --set Bangs=1 --set Smiling=0 --reference @r1.png @r2.png --out @both`);
    assert.equal(basename(both.outputs[0]), "a-Bangs=1+Smiling=0.png");
    assert.deepEqual(
      both.references.map(({ attribute, value, file }) => `${attribute}=${value} ${basename(file)}`),
      ["Bangs=1 r1.png", "Smiling=0 r2.png"],
    );
    const turned = await answerOf(`${line} @a.png --set Smiling=0 Bangs=1 --reference @r2.png @r1.png --out @turned`);
    assert.equal(basename(turned.outputs[0]), "a-Smiling=0+Bangs=1.png");
    const first = await answerOf(`${line} @a.png --set Smiling=0 --reference @r2.png --out @step1`);
    const second = await answerOf(`${line} @step1/a-Smiling=0.png --set Bangs=1 --reference @r1.png --out @step2`);
    // The file between the two steps is rounded to 8 bits.
    assert.ok((await difference(turned.outputs[0], second.outputs[0])) < 2);
    assert.ok((await difference(turned.outputs[0], first.outputs[0])) > 2);
    const single = await answerOf(`${line} @a.png --set Bangs=1 Smiling=0 --reference @r1.png --out @single`);
    assert.notDeepEqual(await bytesOf(single), await bytesOf(both));
  });

  it("gives only those edits a reference that need one", async () => {
    const { references } = await answerOf(
      "edit @dnagan.safetensors @a.png --set Smiling=0 Bangs=1 --reference @r1.png --out @mixed",
    );
    assert.deepEqual(references, [{ attribute: "Bangs", value: 1, file: at("r1.png") }]);
  });

  it("edits by all labels, of which the edited ones change from edit to edit", async () => {
    const line = "edit @stargan.safetensors @a.png";
    const both = await answerOf(`${line} --set Bangs=1 Smiling=0 --labels Bangs=0 Smiling=1 --out @labels-both`);
    const other = await answerOf(`${line} --set Bangs=1 --labels Bangs=0 Smiling=0 --out @labels-other`);
    assert.deepEqual(both.labels, [{ Bangs: 0, Smiling: 1 }]); // before the edits
    // The first edit gives Bangs the label 1, so the second one is the same as with that label from the beginning.
    await answerOf(`${line} --set Bangs=1 --labels Bangs=0 Smiling=1 --out @labels-1`);
    const after = await answerOf(
      "edit @stargan.safetensors @labels-1/a-Bangs=1.png --set Smiling=0 --labels Bangs=1 Smiling=1 --out @labels-2",
    );
    const wrong = await answerOf(
      "edit @stargan.safetensors @labels-1/a-Bangs=1.png --set Smiling=0 --labels Bangs=0 Smiling=1 --out @labels-3",
    );
    const [near, far] = await Promise.all([after, wrong].map((one) => difference(both.outputs[0], one.outputs[0])));
    assert.ok(near < far, `${near} and ${far}`);
    assert.notDeepEqual(await bytesOf(both), await bytesOf(other));
  });

  it("lets a classifier decide the labels of each input with --data, and keeps it for the next time", async () => {
    const line = "edit @stargan.safetensors @a.png @b.png --set Bangs=1 --data @data";
    const answer = await answerOf(`${line} --out @decided`);
    assert.deepEqual(
      answer.labels?.map((labels) => Object.keys(labels)),
      [TWO, TWO],
    );
    const stored = async (): Promise<readonly string[]> =>
      (await readdir(at("cache/elegant-faces"))).filter((name) => name.startsWith("classifier-"));
    const [name, ...more] = await stored();
    assert.deepEqual(more, []);
    const again = await elegant(`${line} --out @decided --overwrite`);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, new RegExp(`\nlabels by the classifier .*${name}\n`));
    assert.deepEqual(await stored(), [name]);
    const [own] = answer.labels ?? [];
    const given = await answerOf(
      `edit @stargan.safetensors @a.png --set Bangs=1 --labels Bangs=${own.Bangs} Smiling=${own.Smiling} --out @given`,
    );
    assert.deepEqual(await bytesOf(given), await bytesOf(answer));
  });

  it("keeps the classifier in the run's folder if the model is a run", async () => {
    const size = "--size 64 --width 4 --batch 2 --steps 1 --set generatorBlocks=1";
    const trained = await elegant(`train @data --method stargan --attributes Bangs Smiling --out @run ${size}`);
    assert.equal(trained.code, 0, trained.stderr);
    const { code, stdout, stderr } = await elegant("edit @run @a.png --set Bangs=1 --data @data --out @by-run");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^labels by the classifier .*run\/classifier\.safetensors$/m);
    assert.ok(existsSync(at("run/classifier.safetensors")));
  });

  it("draws a held-out reference with the wanted value by --seed", async () => {
    const draw = (seed: number, out: string, change = "Bangs=1"): Promise<Answer> =>
      answerOf(`edit @elegant.safetensors @a.png --set ${change} --data @data --seed ${seed} --out @${out}`);
    const drawn = await draw(1, "drawn");
    const fileOf = ({ references: [{ file }] }: Answer): string => file;
    const repeated = await draw(1, "repeated");
    assert.equal(fileOf(repeated), fileOf(drawn));
    assert.deepEqual(await bytesOf(repeated), await bytesOf(drawn));
    const others = await Promise.all([2, 3, 4].map((seed) => draw(seed, `drawn-${seed}`)));
    const different = others.find((other) => fileOf(other) !== fileOf(drawn));
    assert.ok(different !== undefined, others.map(fileOf).join());
    assert.notDeepEqual(await bytesOf(different), await bytesOf(drawn));
    const names = faceNames(FACES);
    for (const answer of [drawn, ...others, await draw(5, "drawn-0", "Bangs=0")]) {
      const [{ value, file }] = answer.references;
      const index = names.indexOf(file);
      assert.deepEqual([facePart(index), FACE_LABELS.Bangs(index)], [2, value], file);
    }
  });

  it("prints the drawn reference, and its edit is the one by --reference with that file", async () => {
    const line = "edit @elegant.safetensors @a.png --set Bangs=1";
    const { code, stdout, stderr } = await elegant(`${line} --data @data --out @printed`);
    assert.equal(code, 0, stderr);
    const [, file] = /^reference for Bangs=1: (\d+\.png)$/m.exec(stdout) ?? [];
    const named = await answerOf(`${line} --reference @data/images/${file} --out @named`);
    assert.deepEqual(await bytesOf(named), await readFile(at("printed/a-Bangs=1.png")));
  });

  it("draws a training picture if no held-out picture has the value", async () => {
    await writeFaces(at("some"), 4); // none is held out, so the last one is
    const { references } = await answerOf(
      "edit @elegant.safetensors @a.png --set Bangs=0 --data @some --out @from-training",
    );
    assert.match(references[0].file, /^00000[13]\.png$/);
  });

  it("says when --data is not used", async () => {
    const { code, stdout, stderr } = await elegant(
      "edit @unit.safetensors @a.png --set Bangs=1 --data @data --out @un",
    );
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^--data is not used: these edits need nothing from it$/m);
  });

  it("takes folders as inputs, and edits more faces than go through a model together", async () => {
    const { outputs } = await answerOf("edit @dnagan.safetensors @many --set Bangs=1 --reference @r1.png --out @all");
    assert.deepEqual(
      outputs.map((path) => basename(path)),
      [...Array.from({ length: 9 }, (_, i) => `${i}-Bangs=1.png`), "sheet.png"],
    );
    await answerOf("edit @dnagan.safetensors @many/8.png --set Bangs=1 --reference @r1.png --out @last");
    assert.deepEqual(await readFile(at("all/8-Bangs=1.png")), await readFile(at("last/8-Bangs=1.png")));
  });

  it("writes over files only with --overwrite", async () => {
    const line = "edit @unit.safetensors @a.png --set Bangs=1 --out @there";
    await answerOf(line);
    const { code, stderr } = await elegant(line);
    assert.equal(code, 2);
    assert.match(stderr, /a-Bangs=1\.png: expected a path that does not exist, .* or pass --overwrite\.\n$/);
    await answerOf(`${line} --overwrite`);
  });

  const byLabels = "edit @stargan.safetensors @a.png --set Bangs=1 --out @never";
  const byReference = "edit @elegant.safetensors @a.png --set Bangs=1 --out @never";
  const alone = "edit @unit.safetensors @a.png --set Bangs=1 --out @never";
  const wrong: readonly (readonly [string, string, RegExp])[] = [
    [
      "a value that is neither 0 nor 1",
      alone.replace("=1", "=2"),
      /--set: expected NAME=0 or NAME=1, received 'Bangs=2'/,
    ],
    ["an edit without a value", alone.replace("=1", ""), /--set: expected NAME=0 or NAME=1, received 'Bangs'/],
    ["an edit without a name", alone.replace("Bangs", ""), /--set: expected NAME=0 or NAME=1, received '=1'/],
    ["an unknown attribute", alone.replace("Bangs", "bang"), /--set: .*one of Bangs, .*'bang'\. Did you mean Bangs\?/],
    ["an attribute twice", `${alone} --set Bangs=0`, /--set: expected each attribute once, received 'Bangs' twice/],
    ["no edit", alone.replace("--set Bangs=1 ", ""), /--set: expected a value/],
    [
      "no labels",
      byLabels,
      /--labels: .*stargan edits by them, received none\. .*--labels Bangs=0 Smiling=0, .*--data DATA/,
    ],
    ["a missing label", `${byLabels} --labels Bangs=0`, /--labels: .*\(Bangs, Smiling\), received none of Smiling/],
    [
      "a label twice",
      `${byLabels} --labels Bangs=0 Bangs=1`,
      /--labels: .*each attribute once, received 'Bangs' twice/,
    ],
    ["another label", `${byLabels} --labels Bangs=0 Smilin=1`, /--labels: .*'Smilin'\. Did you mean Smiling\?/],
    ["a label that is none", `${byLabels} --labels Bangs=no Smiling=1`, /--labels: .*received 'Bangs=no'/],
    ["labels without use", `${alone} --labels Bangs=0`, /--labels: expected none, .*unit does not edit by the labels/],
    [
      "no reference",
      byReference,
      /--reference: expected a face with Bangs for --set Bangs=1, received none\. .*--reference FACE.*--data DATA/,
    ],
    ["no reference for removal", byReference.replace("=1", "=0"), /expected a face without Bangs for --set Bangs=0/],
    ["a reference too many", `${byReference} --reference @r1.png @r2.png`, /expected 1 face for 1 edit, received 2/],
    [
      "a number of references",
      `${byReference.replace("=1", "=1 Smiling=1")} --reference @r1.png @r2.png @a.png`,
      /expected 2 faces for 2 edits, or 1 for all, received 3/,
    ],
    ["a reference without use", `${alone} --reference @r1.png`, /--reference: expected none, received 1\. .*omit/],
    ["a missing reference", `${byReference} --reference @none.png`, /none\.png: .*ENOENT/],
    ["a missing data set", `${byReference} --data @nowhere`, /nowhere/],
    ["a data set without labels", `${byReference} --data @bare`, /bare: expected list_attr_celeba\.txt/],
    [
      "a data set without the attribute",
      "edit @hat.safetensors @a.png --set Hat=1 --data @data --out @never",
      /expected a name of the list, received 'Hat'/,
    ],
    [
      "a data set on one side of an attribute",
      "edit @young.safetensors @a.png --set Bangs=1 --data @data --out @never",
      /--data .*data: expected 4 training images with and 4 without Young .*, or give the labels with --labels/,
    ],
    ["--images without --data", `${alone} --images images`, /--images: expected --data as well/],
    ["a missing input", alone.replace("@a.png", "@none.png"), /none\.png: .*ENOENT/],
    ["an input that is not square", alone.replace("@a.png", "@oblong.png"), /expected a square picture/],
    ["a missing model", alone.replace("@unit", "@none"), /Reading the model .*none\.safetensors/],
    ["a file for a folder", alone.replace("@never", "@a.png/sub"), /--out: expected a folder, received the file/],
    ...["stargan", "cyclegan", "unit"].flatMap((method) =>
      ["swap --out @never", "linear --out @never.png", "matrix --out @never.png"].map(
        (words): [string, string, RegExp] => [
          `${words.split(" ", 1)[0]} with ${method}`,
          `${words} --model @${method}.safetensors --input @a.png --attribute Bangs --reference @r1.png${
            words.startsWith("matrix") ? " @r2.png @a.png" : ""
          }`,
          new RegExp(`a model that edits by references, received one of ${method}\\. .*use elegant edit --set NAME=1`),
        ],
      ),
    ),
  ];
  for (const [what, line, message] of wrong) {
    it(`answers ${what} with one line, writes nothing and exits with 2`, async () => {
      const held = (await readdir(folder)).sort();
      const { code, stdout, stderr } = await elegant(line);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, message);
      assert.match(stderr, /^elegant: .*\n$/);
      assert.ok(!existsSync(at("never")));
      assert.deepEqual((await readdir(folder)).sort(), held);
    });
  }
});
