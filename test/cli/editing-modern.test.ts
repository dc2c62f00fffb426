/** Swaps by the command line with a model whose edits are differences, such as the modern preset's. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeImage, encodePng } from "../../src/image/codec.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import { loadPainter, renderPhoto } from "../../src/synth/raster.js";
import { sampleFace } from "../../src/synth/sample.js";
import type { RgbaImage } from "../../src/types.js";
import { runHere } from "../support/in-process.js";
import { TINY, tinyGenerator } from "../support/model.js";
import { goldenPhoto } from "../support/pictures.js";

describe("elegant swap with a model whose edits are differences", () => {
  let folder: string;
  const path = (name: string): string => join(folder, name);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    await loadPainter();
    for (const [i, name] of ["photo.png", "other.png"].entries()) {
      await writeFile(path(name), await encodePng(renderPhoto(sampleFace(1, 8 * i))));
    }
    for (const name of ["a.png", "b.png"]) await writeFile(path(name), await encodePng(goldenPhoto(name, 2, 64, 64)));
    await writeFile(path("model.safetensors"), tinyGenerator(9, { ...TINY, ...PRESETS.modern.network }));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const decode = async (file: string): Promise<RgbaImage> => decodeImage(await readFile(file), file);

  /** The first image that a swap writes. Words that start with @ name files in the test's folder. */
  async function swap(out: string, line: string): Promise<RgbaImage> {
    const words = line.split(" ").map((word) => (word.startsWith("@") ? path(word.slice(1)) : word));
    const common = ["--model", path("model.safetensors"), "--out", path(out), "--device", "wasm", "--workers", "1"];
    const { code, stdout, stderr } = await runHere(["swap", ...words, ...common, "--json"]);
    assert.equal(code, 0, stderr);
    return decode((JSON.parse(stdout) as { outputs: string[] }).outputs[0]);
  }

  /** Number of levels that differ, of four per pixel. */
  const changes = (a: RgbaImage, b: RgbaImage): number => a.data.filter((level, i) => level !== b.data[i]).length;

  it("writes the very input where the reference has nothing to give, and changes it otherwise", async () => {
    const input = await decode(path("a.png"));
    const same = await swap("same", "--input @a.png --attribute Bangs Smiling --reference @a.png @a.png");
    assert.deepEqual(same.data, input.data);
    const one = await swap("one", "--input @a.png --attribute Bangs --reference @b.png");
    const two = await swap("two", "--input @a.png --attribute Bangs Smiling --reference @b.png @b.png");
    for (const edited of [one, two]) assert.ok(changes(edited, input) > 1000, `${changes(edited, input)} levels`);
    assert.ok(changes(one, two) > 1000);
  });

  it("puts back into a photo what an edit changed, and nothing where it changed nothing", async () => {
    const photo = await decode(path("photo.png"));
    const options = "--attribute Bangs --paste-back --min-score 0.3 --input @photo.png --reference";
    const same = await swap("pasted-same", `${options} @photo.png`);
    assert.equal(changes(same, photo), 0);
    const other = await swap("pasted-other", `${options} @other.png`);
    assert.ok(changes(other, photo) > 1000, `${changes(other, photo)} levels`);
  });
});
