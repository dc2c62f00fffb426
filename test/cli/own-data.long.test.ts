/** The whole way of docs/own-data.md, from a folder of photos that nobody labelled to an edited photo, on painted faces. */
import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAttributes } from "../../src/dataset/lists.js";
import { readImageHeader } from "../../src/image/header.js";
import { runHere } from "../support/in-process.js";
import { fromRoot } from "../support/spawn.js";

const PHOTOS = 48;
const ONE = ["--workers", "1", "--device", "wasm"];
const ATTRIBUTES = ["Eyeglasses", "Smiling"];

describe("the way from own photos to an edit", () => {
  let folder: string;
  const at = (...names: string[]): string => join(folder, ...names);
  async function done(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runHere(args);
    assert.equal(code, 0, `elegant ${args.join(" ")}\n${stderr}`);
    return stdout;
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    await done("synth", at("known"), "--count", "200", "--seed", "8", "--workers", "1");
    await done("synth", at("painted"), "--count", `${PHOTOS}`, "--seed", "9", "--workers", "1");
    await mkdir(at("photos"));
    const names = await readdir(at("painted/images"));
    for (const name of names) await copyFile(at("painted/images", name), at("photos", name));
    await copyFile(at("photos", names[0]), at("photos/copy.jpg")); // a photo that is there twice
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("finds and aligns the face of each photo", async () => {
    const options = ["--detect", "--min-face", "64", "--size", "64", "--format", "png", "--workers", "2"];
    const { done: made, failed } = JSON.parse(
      await done("preprocess", at("photos"), at("faces"), ...options, "--json"),
    );
    assert.deepEqual([made, failed], [PHOTOS + 1, 0]);
    const quality = (await readFile(at("faces/quality.csv"), "utf8")).trimEnd().split("\n");
    assert.equal(quality.length, PHOTOS + 2);
  });

  it("leaves out the photo that is there twice", async () => {
    const found = JSON.parse(
      await done("inspect", at("faces"), "--duplicates", "--leave-out", "--workers", "1", "--json"),
    );
    assert.deepEqual([found.duplicates.groups, found.duplicates.repeated], [1, 1]);
    assert.match(await readFile(at("faces/left_out.txt"), "utf8"), /^(copy|000001)\.png\n$/);
  });

  it("labels the faces, by a labeller of painted ones", async () => {
    await done("preprocess", at("known"), at("known-64"), "--size", "64", "--format", "png", "--workers", "2");
    const labeller = ["--train-on", at("known-64"), "--model-out", at("labeller.safetensors"), "--passes", "20"];
    await done("label", at("faces"), ...labeller, "--confidence", "0.5", ...ONE);
    const table = await readAttributes(at("faces/list_attr_celeba.txt"));
    assert.ok(table !== null);
    // The picture that is left out has labels, too, for the day when left_out.txt is deleted.
    assert.equal(table.files.length, PHOTOS + 1);
    assert.ok(ATTRIBUTES.every((name) => table.names.includes(name)));
  });

  it("shows the doubtful ones first", async () => {
    await done("inspect", at("faces"), "--by", "Eyeglasses", "--sheet", at("doubtful.png"), "--workers", "1");
    assert.ok((readImageHeader(await readFile(at("doubtful.png")))?.width ?? 0) > 64);
  });

  it("trains, scores, and edits a photo", async () => {
    const small = ["--size", "64", "--width", "4", "--batch", "2", "--steps", "2"];
    await done("train", at("faces"), "--attributes", ...ATTRIBUTES, "--out", at("run"), ...small, ...ONE);
    const scores = JSON.parse(await done("score", at("run"), at("faces"), "--pairs", "2", "--json", ...ONE));
    assert.ok(scores.pairs > 0 && scores.hit >= 0 && scores.hit <= 1);
    const photos = (await readdir(at("photos"))).sort();
    const edit = [
      "--attribute",
      "Eyeglasses",
      "--input",
      at("photos", photos[0]),
      "--reference",
      at("photos", photos[1]),
    ];
    await done("swap", "--model", at("run"), ...edit, "--paste-back", "--out", at("edited"), ...ONE);
    const [edited] = await readdir(at("edited"));
    const [before, after] = [at("photos", photos[0]), at("edited", edited)];
    const sizes = await Promise.all([before, after].map(async (path) => readImageHeader(await readFile(path))));
    assert.deepEqual([sizes[1]?.width, sizes[1]?.height], [sizes[0]?.width, sizes[0]?.height]);
    assert.ok((await stat(after)).size > 1000);
  });

  it("is described with these commands", async () => {
    const guide = await readFile(fromRoot("docs/own-data.md"), "utf8");
    for (const command of [
      "preprocess photos faces --detect",
      "inspect faces --duplicates",
      "label faces",
      "inspect faces --by",
    ]) {
      assert.ok(guide.includes(command), command);
    }
  });
});
