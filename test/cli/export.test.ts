/** Exported files must swap like the run that they come from. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../../src/device/open.js";
import { decodeImage, encodePng } from "../../src/image/codec.js";
import { type ModelConfig, type NetworkChoices, OFFICIAL_NETWORK } from "../../src/methods/elegant/config.js";
import { DISCRIMINATORS, GENERATOR, initialParameters } from "../../src/methods/elegant/parameters.js";
import { PRESETS } from "../../src/methods/elegant/presets.js";
import { publishedFiles } from "../../src/methods/elegant/published.js";
import { disposeState } from "../../src/methods/elegant/state.js";
import { saveCheckpoint } from "../../src/models/checkpoint-store.js";
import { readModel } from "../../src/models/open.js";
import { assertClose } from "../support/close.js";
import { runHere } from "../support/in-process.js";
import { TINY, tinyState, trainingState } from "../support/model.js";
import { goldenPhoto } from "../support/pictures.js";
import type { Ended } from "../support/spawn.js";

const MODERN: ModelConfig = { ...TINY, ...PRESETS.modern.network };

describe("elegant export", () => {
  let folder: string;
  let at: (name: string) => string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    at = (name) => join(folder, name);
    const device = await openDevice("wasm", 1);
    for (const [run, config] of [
      ["run", TINY],
      ["modern", MODERN],
    ] as const) {
      const state = tinyState(8, config);
      for (const [name, weights] of state.generator.parameters) {
        // The weights differ much from a new model's, so that its edits are strong.
        if (name.endsWith(".weight")) tf.tidy(() => weights.assign(tf.mul(weights, 20)));
      }
      await saveCheckpoint(at(run), trainingState(state), { step: 3, best: null, options: null });
      disposeState(state);
    }
    await device.close();
    for (const name of ["a", "b"]) await writeFile(at(`${name}.png`), await encodePng(goldenPhoto(name, 2, 64, 64)));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const elegant = (...args: string[]): Promise<Ended> => runHere(args);

  /** The image that a swap with a model makes, in levels of 255. */
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

  for (const [model, config] of [
    ["run", TINY],
    ["modern", MODERN],
  ] as const) {
    it(`writes a run's newest generator, whole or in half the bytes, that swaps as the run does: ${model}`, async () => {
      const run = await swapWith(model);
      for (const [name, options, levels] of [
        [`${model}-full.safetensors`, [], 0],
        // float16 keeps 11 bits of each weight.
        [`${model}-half.safetensors`, ["--half"], 2],
      ] as const) {
        const { code, stdout, stderr } = await elegant("export", at(model), at(name), "--json", ...options);
        assert.equal(code, 0, stderr);
        const { files, source } = JSON.parse(stdout) as { files: [{ file: string; bytes: number }]; source: string };
        const [{ file, bytes }] = files;
        assert.equal(file, at(name));
        assert.equal(bytes, (await stat(at(name))).size);
        assert.match(source, /step-00000003\.safetensors$/);
        assert.deepEqual((await readModel(at(name))).model.config, config);
        const swapped = await swapWith(name);
        assertClose(swapped, run, { abs: levels, rel: 0 });
        // A run made from the file swaps like the file.
        const imported = `${name}-imported`;
        assert.equal((await elegant("import", at(name), "--out", at(imported))).code, 0);
        assert.deepEqual(await swapWith(imported), swapped);
      }
      const [full, half] = await Promise.all(["full", "half"].map((name) => stat(at(`${model}-${name}.safetensors`))));
      assert.ok(half.size < 0.6 * full.size, `${half.size} of ${full.size} bytes`);
      const input = (await decodeImage(await readFile(at("a.png")), "a.png")).data;
      const changed = Array.from(run, (level, i) => Math.abs(level - input[i])).filter((change) => change > 10).length;
      assert.ok(changed > 100, `${changed} values changed by more than 10 levels`);
    });
  }

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
    const graphs = ["decoder.onnx", "encoder.onnx", "swap.onnx"];
    for (const [model, flag, names] of [
      ["run", "--pth", ["D1_iter_3.pth", "D2_iter_3.pth", "Dec_iter_3.pth", "Enc_iter_3.pth"]],
      ["run", "--onnx", graphs],
      ["modern", "--onnx", graphs],
    ] as const) {
      const dest = at(`${model}${flag}`);
      const { code, stdout, stderr } = await elegant("export", at(model), dest, flag, "--json");
      assert.equal(code, 0, stderr);
      assert.deepEqual((await readdir(dest)).sort(), names);
      const { files } = JSON.parse(stdout) as { files: { file: string; bytes: number }[] };
      for (const { file, bytes } of files) assert.equal((await stat(file)).size, bytes);
    }
  });

  it("refuses formats that do not go together", async () => {
    for (const [args, message] of [
      [[at("run"), at("x"), "--pth", "--onnx"], /^elegant: --pth: expected without --onnx, received both\./],
      [[at("run"), at("x"), "--onnx", "--half"], /^elegant: --half: expected without --onnx, received both\./],
      [[at("run"), at("x.safetensors"), "--onnx"], /DEST: expected a folder, received '.*x\.safetensors'/],
      [[at("none"), at("x"), "--onnx"], /Reading the model/],
    ] as const) {
      const { code, stdout, stderr } = await elegant("export", ...args);
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, message);
      await assert.rejects(stat(at("x")), { code: "ENOENT" });
    }
  });

  it("refuses to write .pth files of a network that the published code does not have, and names the choice", async () => {
    const changes: readonly (readonly [Partial<NetworkChoices>, string])[] = [
      [{ discriminatorBlocks: 5 }, "discriminatorBlocks: expected 4, received 5"],
      [{ decoderActivation: "leaky-relu" }, "decoderActivation: expected relu, received leaky-relu"],
      [{ upsampling: "resize" }, "upsampling: expected transposed, received resize"],
      [{ generatorBlocks: 4 }, "generatorBlocks: expected 5, received 4"],
      [{ edit: "difference" }, "edit: expected residual, received difference"],
      [{ mask: true }, "mask: expected off, received on"],
      [{ discriminatorNorm: "none" }, "discriminatorNorm: expected unit-length, received none"],
      [{ condition: "heads" }, "condition: expected planes, received heads"],
      [{ mirror: true }, "mirror: expected off, received on"],
      [{ shift: true }, "shift: expected off, received on"],
    ];
    assert.deepEqual(changes.map(([change]) => Object.keys(change)[0]).sort(), Object.keys(OFFICIAL_NETWORK).sort());
    for (const [change, words] of changes) {
      const config: ModelConfig = { ...TINY, ...change };
      const tensors = initialParameters(config, [...GENERATOR, ...DISCRIMINATORS], 1);
      assert.throws(() => publishedFiles(tensors, config, 1), {
        name: "InputError",
        message: `--pth: ${words}. The published code cannot load this network. Export it to a .safetensors file or with --onnx.`,
      });
    }
    const { code, stdout, stderr } = await elegant("export", at("modern"), at("x"), "--pth");
    assert.deepEqual([code, stdout], [2, ""], stderr);
    assert.match(stderr, /^elegant: --pth: upsampling: expected transposed, received resize\. .*\n$/);
    await assert.rejects(stat(at("x")), { code: "ENOENT" });
  });
});
