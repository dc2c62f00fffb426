/** Runs made from the published code's files, from safetensors and from PyTorch's own state dicts. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePth } from "../../src/interop/pth-writer.js";
import { encodeSafetensors, type NamedTensors } from "../../src/interop/safetensors.js";
import { createConfig, type ModelConfig, OFFICIAL_NETWORK, parseConfig } from "../../src/methods/elegant/config.js";
import { DISCRIMINATORS, GENERATOR, initialParameters } from "../../src/methods/elegant/parameters.js";
import { type MethodSettings, PRESETS } from "../../src/methods/elegant/presets.js";
import { publishedFiles } from "../../src/methods/elegant/published.js";
import { parseSettings } from "../../src/methods/elegant/settings.js";
import { loadNewestCheckpoint } from "../../src/models/checkpoint-store.js";
import { writeFaces } from "../support/faces.js";
import { withFolder } from "../support/folder.js";
import { elegant, filesOf, NETWORKS } from "../support/import.js";
import { tinyGenerator } from "../support/model.js";
import { type Ended, fromRoot } from "../support/spawn.js";
import { treeOf } from "../support/tree.js";

const ATTRIBUTES = ["Bangs", "Smiling"];

/** Writes the published code's files of a new model of 64 px and width 4, named for step 12. */
async function writePublished(folder: string, attributes: readonly string[] = ATTRIBUTES, size = 64): Promise<void> {
  const config = createConfig({ ...OFFICIAL_NETWORK, size, width: 4, attributes });
  const tensors = initialParameters(config, [...GENERATOR, ...DISCRIMINATORS], 3);
  await mkdir(folder);
  for (const file of publishedFiles(tensors, config, 12)) {
    await writeFile(join(folder, file.name), encodePth(file.tensors));
  }
}

/** The method that a run was trained with. */
async function methodOf(run: string): Promise<MethodSettings> {
  const { progress, source } = (await loadNewestCheckpoint(run)).checkpoint;
  const { batch, seed, dataset, ...method } = parseSettings(progress.options, source);
  return method;
}

describe("elegant import", () => {
  it("makes a run that trains on, with the step of the files' names and Adam's moments at zero", () =>
    withFolder(async (folder) => {
      const run = join(folder, "run");
      await writePublished(join(folder, "pth"));
      const files = filesOf(join(folder, "pth"));
      const imported = await elegant(
        "import",
        ...files.reverse(),
        "--attributes",
        ...ATTRIBUTES,
        "--out",
        run,
        "--json",
      );
      assert.equal(imported.code, 0, imported.stderr);
      assert.match(imported.stderr, /Adam's moments start at zero/);
      const { step, freshDiscriminators } = JSON.parse(imported.stdout);
      assert.deepEqual({ step, freshDiscriminators }, { step: 12, freshDiscriminators: false });
      const { checkpoint } = await loadNewestCheckpoint(run);
      const expected = initialParameters(
        parseConfig(checkpoint.model.config, "run"),
        [...GENERATOR, ...DISCRIMINATORS],
        3,
      );
      for (const [name, { shape, data }] of expected) {
        assert.deepEqual(checkpoint.tensors.get(name), { shape, data }, name);
        for (const moment of ["first", "second"]) {
          assert.ok(checkpoint.tensors.get(`adam.${moment}/${name}`)?.data.every((value) => value === 0));
        }
      }

      await writeFaces(join(folder, "data"), 12);
      const words = "--size 64 --width 4 --batch 2 --steps 14 --device wasm --workers 1 --resume --json".split(" ");
      const trained = await elegant(
        "train",
        join(folder, "data"),
        "--attributes",
        ...ATTRIBUTES,
        "--out",
        run,
        ...words,
      );
      assert.equal(trained.code, 0, trained.stderr);
      assert.equal((JSON.parse(trained.stdout) as { step: number }).step, 14);
      const again = await elegant(
        "train",
        join(folder, "data"),
        "--attributes",
        ...ATTRIBUTES,
        "--out",
        run,
        ...words,
        "--ema",
        "0.9",
      );
      assert.match(again.stderr, /--resume: --set ema: expected 0, received 0\.9/);
      assert.deepEqual(await methodOf(run), PRESETS.official.method);
    }));

  it("makes a run of a modern generator, which trains on by the modern method", () =>
    withFolder(async (folder) => {
      const [run, file] = [join(folder, "run"), join(folder, "modern.safetensors")];
      const config: ModelConfig = { ...PRESETS.modern.network, size: 64, width: 4, attributes: ATTRIBUTES };
      await writeFile(file, tinyGenerator(3, config));
      const imported = await elegant("import", file, "--out", run);
      assert.equal(imported.code, 0, imported.stderr);
      assert.match(imported.stdout, /No discriminators: new ones were drawn/);
      await writeFaces(join(folder, "data"), 12);
      const resume = (...more: string[]): Promise<Ended> =>
        elegant(
          "train",
          join(folder, "data"),
          "--resume",
          "--out",
          run,
          "--device",
          "wasm",
          "--steps",
          "1",
          "--batch",
          "2",
          ...more,
        );
      for (const [more, message] of [
        [["--set", "r1=0"], /^elegant: --set r1Every: expected 1 with r1=0, received 4\./],
        [["--preset", "official"], /^elegant: --resume: --set upsampling: expected resize, received transposed\./],
      ] as const) {
        const { code, stderr } = await resume(...more);
        assert.equal(code, 2);
        assert.match(stderr, message);
      }
      const { code, stderr } = await resume("--set", "slice=2");
      assert.equal(code, 0, stderr);
      assert.deepEqual(await methodOf(run), { ...PRESETS.modern.method, slice: 2 });
      assert.deepEqual((await loadNewestCheckpoint(run)).checkpoint.model.config, config);
    }));

  it("draws fresh discriminators, and says so, when only the generator is given", () =>
    withFolder(async (folder) => {
      await writePublished(join(folder, "pth"));
      const files = filesOf(join(folder, "pth"), ["Enc", "Dec"]);
      const { code, stdout } = await elegant(
        "import",
        ...files,
        "--size",
        "64",
        "--attributes",
        "A",
        "B",
        "C",
        "--out",
        join(folder, "run"),
      );
      assert.equal(code, 0);
      assert.match(stdout, /No discriminators: new ones were drawn from --seed 1/);
      const { checkpoint } = await loadNewestCheckpoint(join(folder, "run"));
      assert.deepEqual(checkpoint.tensors.get("D1.conv.0.weight")?.shape, [4, 6, 3, 3]);
    }));

  it("takes a safetensors file of export back, and a checkpoint", () =>
    withFolder(async (folder) => {
      const [run, second, third] = ["run", "second", "third"].map((name) => join(folder, name));
      await writePublished(join(folder, "pth"));
      const files = filesOf(join(folder, "pth"));
      assert.equal((await elegant("import", ...files, "--attributes", ...ATTRIBUTES, "--out", run)).code, 0);
      const file = join(folder, "model.safetensors");
      assert.equal((await elegant("export", run, file)).code, 0);
      assert.equal((await elegant("import", file, "--out", second)).code, 0);
      const [checkpoint] = await readdir(join(run, "checkpoints"));
      assert.equal((await elegant("import", join(run, "checkpoints", checkpoint), "--out", third)).code, 0);
      const [from, generator, whole] = await Promise.all(
        [run, second, third].map((path) => loadNewestCheckpoint(path)),
      );
      assert.deepEqual(whole.checkpoint.tensors, from.checkpoint.tensors);
      assert.deepEqual(generator.checkpoint.model.config, from.checkpoint.model.config);
      for (const [name, tensor] of from.checkpoint.tensors) {
        if (/^(Enc|Dec)\./.test(name)) assert.deepEqual(generator.checkpoint.tensors.get(name), tensor, name);
      }
    }));

  it("takes networks under any wrapper's prefix, in one file with an optimizer, and from safetensors", () =>
    withFolder(async (folder) => {
      const config = createConfig({ ...OFFICIAL_NETWORK, size: 64, width: 4, attributes: ATTRIBUTES });
      const tensors = initialParameters(config, [...GENERATOR, ...DISCRIMINATORS], 3);
      const files = publishedFiles(tensors, config, 12);
      const one: NamedTensors = new Map([["n_averaged", { shape: [], data: Float32Array.of(3) }]]);
      const nested: NamedTensors = new Map([["optimizer.state.0.exp_avg", { shape: [2], data: new Float32Array(2) }]]);
      const [enc, dec, d1, d2] = NETWORKS.map((network) => ({
        network,
        tensors: files.find(({ name }) => name.startsWith(network))?.tensors ?? new Map(),
      }));
      for (const { network, tensors: own } of [enc, dec, d1, d2]) {
        const name = `${network}_iter_12`;
        for (const prefix of ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."]) {
          const renamed = new Map([...own].map(([key, tensor]) => [prefix + key, tensor]));
          await mkdir(join(folder, prefix), { recursive: true });
          await writeFile(join(folder, prefix, `${name}.pth`), encodePth(renamed));
        }
        await writeFile(join(folder, `${name}.safetensors`), encodeSafetensors(own, { format: "pt" }));
        for (const [key, tensor] of own) one.set(`module.${network}._orig_mod.${key}`, tensor);
        for (const [key, tensor] of own) nested.set(`models.${network}.module.${key}`, tensor);
      }
      await writeFile(join(folder, "one.pth"), encodePth(one));
      await writeFile(join(folder, "nested.pth"), encodePth(nested));
      await writeFile(join(folder, "one.safetensors"), encodeSafetensors(one, {}));
      const inputs = [
        ...["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."].map((p) => filesOf(join(folder, p))),
        NETWORKS.map((network) => join(folder, `${network}_iter_12.safetensors`)),
        ...["one.pth", "nested.pth", "one.safetensors"].map((name) => [join(folder, name)]),
      ];
      for (const [i, input] of inputs.entries()) {
        const run = join(folder, `run${i}`);
        const imported = await elegant("import", ...input, "--attributes", ...ATTRIBUTES, "--out", run);
        assert.equal(imported.code, 0, `${input[0]}: ${imported.stderr}`);
        const { checkpoint } = await loadNewestCheckpoint(run);
        assert.equal(checkpoint.progress.step, input.length > 1 ? 12 : 0);
        for (const [name, tensor] of tensors)
          assert.deepEqual(checkpoint.tensors.get(name), tensor, `${input[0]}: ${name}`);
      }
      const twice = await elegant(
        "import",
        join(folder, "one.pth"),
        join(folder, "nested.pth"),
        "--attributes",
        ...ATTRIBUTES,
        "--out",
        join(folder, "twice"),
      );
      assert.equal(twice.code, 2);
      assert.match(twice.stderr, /one file of Enc, received one\.pth: Enc and nested\.pth: models\.Enc/);
    }));

  it("refuses files that are wrong, twice or missing, with one line and nothing written", () =>
    withFolder(async (folder) => {
      await writePublished(join(folder, "pth"));
      await writePublished(join(folder, "large"), ATTRIBUTES, 128);
      const [enc, dec, d1, d2] = filesOf(join(folder, "pth"));
      await writeFile(join(folder, "page.pth"), "<!DOCTYPE html>");
      await writeFile(join(folder, "cut.pth"), (await readFile(enc)).subarray(0, 5000));
      await writeFile(join(folder, "a.safetensors"), "no");
      const [page, cut, broken] = ["page.pth", "cut.pth", "a.safetensors"].map((name) => join(folder, name));
      const names = ["--attributes", ...ATTRIBUTES];
      const before = await treeOf(folder);
      for (const [args, message] of [
        [[enc, dec], /--attributes: expected the names, which \.pth files do not contain, received none/],
        [
          [enc, dec, d1, d2, "--attributes", "Bangs"],
          /--attributes: expected 2 names, as in D1_iter_12\.pth, received 1/,
        ],
        [[enc, enc, ...names], /one file of Enc, received Enc_iter_12\.pth and Enc_iter_12\.pth/],
        [[enc, d1, d2, ...names], /one file of Dec, received none/],
        [[enc, dec, d1, ...names], /both D1 and D2, or neither, received D1_iter_12\.pth/],
        [[enc, dec, d1, d2, "--size", "128", ...names], /--size: expected 64, as in D1_iter_12\.pth, received 128/],
        [[enc, dec, "--size", "100", ...names], /--size/],
        [
          [enc, dec, join(folder, "large", "D1_iter_12.pth"), d1, ...names],
          /D1_iter_12\.pth: expected D2 by its shapes, received a file named for D1/,
        ],
        [[enc, page, ...names], /page\.pth: expected a file of torch\.save, received another kind of file/],
        [[enc, cut, ...names], /cut\.pth: zip archive: expected a directory at its end/],
        [[enc, join(folder, "none.pth"), ...names], /none\.pth/],
        [[broken], /a\.safetensors/],
        [[broken, enc], /a\.safetensors: file: expected at least 8 bytes, received 2/],
        [[fromRoot("assets/painted-64.safetensors"), enc], /expected a \.safetensors file alone, received 2 files/],
        [[enc, dec, "--out", join(folder, "pth"), ...names], /--out .*a new or empty folder/],
      ] as const) {
        const { code, stderr, stdout } = await elegant("import", "--out", join(folder, "run"), ...args);
        assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
        assert.match(stderr, message);
        assert.match(stderr, /^elegant: .*\n$/, "one line");
        assert.equal(stdout, "");
      }
      assert.deepEqual(await treeOf(folder), before);
    }));
});
