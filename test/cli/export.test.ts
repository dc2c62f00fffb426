import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/device.js";
import { readModel } from "../../src/editing/generator.js";
import { decodeImage, encodePng } from "../../src/image/codec.js";
import { createConfig, OFFICIAL_NETWORK } from "../../src/model/config.js";
import { exportGenerator } from "../../src/model/generator-file.js";
import { GENERATOR, initialParameters } from "../../src/model/parameters.js";
import { saveCheckpoint } from "../../src/training/checkpoint.js";
import { assertClose } from "../support/close.js";
import { disposeState, TINY, tinyState } from "../support/model.js";
import { goldenPhoto } from "../support/pictures.js";
import { type Ended, fromRoot, runNode } from "../support/spawn.js";

describe("elegant export", () => {
  let folder: string;
  let at: (name: string) => string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    at = (name) => join(folder, name);
    const device = await openDevice("wasm", 1);
    const state = tinyState(8);
    for (const [name, weights] of state.generator.parameters) {
      // Far from a fresh model's, so that its edits are strong.
      if (name.endsWith(".weight")) tf.tidy(() => weights.assign(tf.mul(weights, 20)));
    }
    await saveCheckpoint(at("run"), state, { step: 3, best: null, options: null });
    disposeState(state);
    await device.close();
    for (const name of ["a", "b"]) await writeFile(at(`${name}.png`), await encodePng(goldenPhoto(name, 2, 64, 64)));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const elegant = (...args: string[]): Promise<Ended> => runNode(fromRoot("bin/elegant.js"), args);

  /** The picture that swapping with a model makes, in levels of 255. */
  async function swapWith(model: string): Promise<ArrayLike<number>> {
    const out = at(`swap-${model}`);
    const words = `--attribute Bangs --device wasm --workers 1 --json --model ${at(model)} --out ${out}`.split(" ");
    const { code, stdout, stderr } = await elegant(
      "swap",
      "--input",
      at("a.png"),
      "--reference",
      at("b.png"),
      ...words,
    );
    assert.equal(code, 0, stderr);
    const [path] = (JSON.parse(stdout) as { outputs: string[] }).outputs;
    return (await decodeImage(await readFile(path), path)).data;
  }

  it("writes a run's newest generator, whole or in half the bytes, that swaps as the run does", async () => {
    const run = await swapWith("run");
    for (const [name, options, levels] of [
      ["full.safetensors", [], 0],
      // float16 keeps 11 bits of each weight.
      ["half.safetensors", ["--half"], 2],
    ] as const) {
      const { code, stdout, stderr } = await elegant("export", at("run"), at(name), "--json", ...options);
      assert.equal(code, 0, stderr);
      const { files, source } = JSON.parse(stdout) as { files: [{ file: string; bytes: number }]; source: string };
      const [{ file, bytes }] = files;
      assert.equal(file, at(name));
      assert.equal(bytes, (await stat(at(name))).size);
      assert.match(source, /step-00000003\.safetensors$/);
      assert.deepEqual((await readModel(at(name))).config, TINY);
      assertClose(await swapWith(name), run, { abs: levels, rel: 0 });
    }
    const [full, half] = await Promise.all(["full", "half"].map((name) => stat(at(`${name}.safetensors`))));
    assert.ok(half.size < 0.6 * full.size, `${half.size} of ${full.size} bytes`);
    const input = (await decodeImage(await readFile(at("a.png")), "a.png")).data;
    assert.notDeepEqual(Uint8Array.from(run as Uint8Array), Uint8Array.from(input));
  });

  it("writes over files only with --overwrite, and says what is wrong with a path", async () => {
    for (const [dest, file, ...options] of [
      ["again.safetensors", "again.safetensors"],
      ["again-pth", "again-pth/Enc_iter_3.pth", "--pth"],
    ]) {
      assert.equal((await elegant("export", at("run"), at(dest), ...options)).code, 0);
      const before = await stat(at(file));
      const refused = await elegant("export", at("run"), at(dest), ...options);
      assert.deepEqual([refused.code, refused.stdout], [2, ""]);
      assert.match(
        refused.stderr,
        /^elegant: DEST .*again.*: expected a path that does not exist, received an existing file\. Choose another DEST, or pass --overwrite\.\n$/,
      );
      assert.equal((await stat(at(file))).mtimeMs, before.mtimeMs);
      assert.equal((await elegant("export", at("run"), at(dest), "--overwrite", ...options)).code, 0);
      assert.ok((await stat(at(file))).ino !== before.ino);
    }
    for (const [file, message, ...options] of [
      [
        "model.pth",
        /^elegant: DEST: expected a name ending in \.safetensors, received .*model\.pth'\. Rename it, or add --pth or --onnx\.\n$/,
      ],
      ["a.png", /^elegant: DEST: expected a folder, received the file .*a\.png\. Choose another place\.\n$/, "--pth"],
      ["none/model.safetensors", /^elegant: Cannot write .*none\/model\.safetensors'.*ENOENT.*Check the path.*\n$/],
    ] as const) {
      const { code, stdout, stderr } = await elegant("export", at("run"), at(file), ...options);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, message);
    }
  });

  it("writes the published code's files and ONNX graphs into a folder", async () => {
    for (const [flag, names] of [
      ["--pth", ["D1_iter_3.pth", "D2_iter_3.pth", "Dec_iter_3.pth", "Enc_iter_3.pth"]],
      ["--onnx", ["decoder.onnx", "encoder.onnx", "swap.onnx"]],
    ] as const) {
      const dest = at(`dest${flag}`);
      const { code, stdout, stderr } = await elegant("export", at("run"), dest, flag, "--json");
      assert.equal(code, 0, stderr);
      assert.deepEqual((await readdir(dest)).sort(), names);
      const { files } = JSON.parse(stdout) as { files: { file: string; bytes: number }[] };
      for (const { file, bytes } of files) assert.equal((await stat(file)).size, bytes);
    }
  });

  it("refuses formats that do not go together, and networks that the published code does not have", async () => {
    const config = createConfig({ ...OFFICIAL_NETWORK, upsampling: "resize", size: 64, width: 4, attributes: ["A"] });
    const resized = exportGenerator(initialParameters(config, GENERATOR, 1), config, { dtype: "F32" });
    await writeFile(at("resize.safetensors"), resized);
    for (const [args, message] of [
      [[at("run"), at("x"), "--pth", "--onnx"], /^elegant: --pth: expected without --onnx, received both\./],
      [[at("run"), at("x"), "--onnx", "--half"], /^elegant: --half: expected without --onnx, received both\./],
      [[at("run"), at("x.safetensors"), "--onnx"], /DEST: expected a folder, received '.*x\.safetensors'/],
      [[at("resize.safetensors"), at("x"), "--pth"], /--pth: upsampling: expected transposed, received resize/],
      [[at("none"), at("x"), "--onnx"], /Reading the model/],
    ] as const) {
      const { code, stdout, stderr } = await elegant("export", ...args);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, message);
      await assert.rejects(stat(at("x")), { code: "ENOENT" });
    }
  });
});
