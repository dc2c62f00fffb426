/** `elegant label` on all kinds of data, interrupted, and on faces of CelebA-HQ. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OPEN, readAttributes } from "../../src/dataset/lists.js";
import { done, LIST, ONE, PROBABILITIES, useLabeller } from "../support/label.js";
import { sharedPath } from "../support/shared.js";
import { fromRoot } from "../support/spawn.js";

describe("elegant label", () => {
  const { at, unlabelled } = useLabeller();

  it("gives the same bytes for image files, raw pixels and a folder of crops alone, with any number of workers", async () => {
    const dir = await unlabelled("second");
    const model = ["--model", at("l.safetensors")];
    await done("label", dir, ...model, ...ONE);
    const expected = await readFile(join(dir, PROBABILITIES), "utf8");
    await done("label", dir, ...model, "--device", "wasm", "--workers", "2", "--replace");
    assert.equal(await readFile(join(dir, PROBABILITIES), "utf8"), expected);
    await done("label", at("raw"), ...model, "--replace", ...ONE);
    const names = (text: string): string => text.replaceAll(".rgb", ".png");
    assert.equal(names(await readFile(at("raw", PROBABILITIES), "utf8")), expected);
    await mkdir(at("flat"));
    for (const name of await readdir(at("faces/images"))) await copyFile(at("faces/images", name), at("flat", name));
    const { stdout } = await done("label", at("flat"), ...model, ...ONE);
    assert.equal(await readFile(at("flat", PROBABILITIES), "utf8"), expected);
    assert.match(stdout, /train on them with --images \./);
    const { stdout: counted } = await done("inspect", at("flat"), "--images", ".", "--no-sheet");
    assert.match(counted, /attribute +with +without/);
  });

  it("leaves nothing behind when it is interrupted", async () => {
    const out = at("interrupted");
    await mkdir(out);
    const args = ["label", "--train-on", at("faces"), "--model-out", join(out, "l.safetensors"), "--passes", "9999"];
    const child = spawn(process.execPath, [fromRoot("bin/elegant.js"), ...args, ...ONE], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    let isKilled = false;
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.includes("train: ") || isKilled) return;
      isKilled = true; // a second signal would end it immediately
      child.kill("SIGINT");
    });
    const [code] = await once(child, "close");
    assert.equal(code, 130, said);
    assert.match(said, /Interrupted: nothing was written\./);
    assert.deepEqual(await readdir(out), []);
  });

  it("is right about most labels of CelebA-HQ that it was not trained on", async function () {
    const source = sharedPath("faces/celeba-hq-256");
    if (source === null) this.skip();
    const text = (await readFile(join(source, LIST), "utf8")).trimEnd().split(/\r?\n/);
    const last = text.slice(-120); // 1,200 faces, the last tenth
    await mkdir(at("hq"));
    await symlink(join(source, "images"), at("hq/images"));
    await writeFile(at("hq", LIST), [String(last.length), text[1], ...last, ""].join("\n"));
    await done("preprocess", at("hq"), at("hq64"), "--size", "64", "--crop", "20,30,216,216", "--format", "png");
    await done("label", at("hq64"), "--out", at("hq.txt"), "--confidence", "0.75", "--replace", ...ONE);
    const [truth, found] = [await readAttributes(at("hq64", LIST)), await readAttributes(at("hq.txt"))];
    assert.deepEqual([found.names, found.files], [truth.names, truth.files]);
    const decided = [...found.values.keys()].filter((i) => found.values[i] !== OPEN);
    const right = decided.filter((i) => found.values[i] === truth.values[i]).length;
    const [share, accuracy] = [1 - decided.length / found.values.length, right / decided.length];
    // All 1,200 faces: see docs/label.md.
    assert.ok(accuracy > 0.9 && share < 0.35, `${accuracy} of the decided, ${share} open`);
  });
});
