/** What the published files of StarGAN, CycleGAN and UNIT must contain. */
import assert from "node:assert/strict";
import { InputError } from "../../src/errors.js";
import { decodePth, toNamedTensors } from "../../src/interop/pth.js";
import { encodePth } from "../../src/interop/pth-writer.js";
import type { NamedTensors } from "../../src/interop/safetensors.js";
import { methodOf } from "../../src/methods/registry.js";
import { Random } from "../../src/random.js";
import { mutate } from "../support/mutants.js";

type Files = Readonly<Record<string, NamedTensors>>;

interface Tiny {
  readonly files: Files;
  /** All tensors by our names. */
  readonly tensors: NamedTensors;
  readonly config: object;
}

/** A model of width 4 with its published files, by the files' names. */
function tinyOf(method: string, attributes: readonly string[], choices: object = {}): Tiny {
  const model = methodOf(method).create({ size: 64, width: 4, attributes, ...choices });
  const tensors = new Map(model.groups.flatMap((group) => [...model.initial(group, 5, null)]));
  const files = model.files.published?.(tensors, 12) ?? [];
  return { files: Object.fromEntries(files.map((file) => [file.name, file.tensors])), tensors, config: model.config };
}

/** Reads files as `elegant import` does, from the bytes that PyTorch saves. */
function read(method: string, files: Files, attributes?: readonly string[], size?: number) {
  const decoded = Object.entries(files).map(([source, tensors]) => {
    return { source, tensors: toNamedTensors(decodePth(encodePth(tensors), source)) };
  });
  const { readPublished } = methodOf(method);
  if (readPublished === null) throw new Error(`${method} has no published files`);
  return readPublished(decoded, { attributes, size });
}

const changed = (tensors: NamedTensors, name: string, shape: readonly number[] | null): NamedTensors => {
  const copy = new Map(tensors);
  if (shape === null) copy.delete(name);
  else copy.set(name, { shape, data: new Float32Array(shape.reduce((size, extent) => size * extent, 1)) });
  return copy;
};

const BOTH = ["Bangs", "Smiling"];
const STARGAN = tinyOf("stargan", BOTH, { generatorBlocks: 1 });
const CYCLEGAN = tinyOf("cyclegan", ["Bangs"], { generatorBlocks: 1 });
const UNIT = tinyOf("unit", ["Bangs"]);
const TINY: Readonly<Record<string, Tiny>> = { stargan: STARGAN, cyclegan: CYCLEGAN, unit: UNIT };

/** Layers of each method whose norms had statistics in files of PyTorch 0.3. */
const NORMS: Readonly<Record<string, readonly string[]>> = {
  stargan: ["main.1", "main.9.main.1"],
  cyclegan: ["model.2", "model.10.conv_block.2"],
  unit: ["encode_A.3.model.1"],
};

function withStatistics(tensors: NamedTensors, norms: readonly string[]): NamedTensors {
  let result = tensors;
  for (const norm of norms) {
    for (const name of ["running_mean", "running_var"]) result = changed(result, `${norm}.${name}`, [4]);
    result = changed(result, `${norm}.num_batches_tracked`, [1]);
  }
  return result;
}

describe("published files", () => {
  for (const [method, { files, tensors, config }] of Object.entries(TINY)) {
    const { attributes } = config as { readonly attributes: readonly string[] };

    it(`of ${method} give the model that they were made of, in any order`, () => {
      const reversed = Object.fromEntries(Object.entries(files).reverse());
      const found = read(method, reversed, attributes, 64);
      assert.deepEqual(found.config, config);
      assert.equal(found.tensors.size, tensors.size);
      for (const [name, tensor] of tensors) assert.deepEqual(found.tensors.get(name), tensor, name);
    });

    it(`of ${method} may have statistics of norms and the prefixes of wrappers`, () => {
      const old = Object.entries(files).map(([name, own]): [string, NamedTensors] => {
        const renamed = [...withStatistics(own, NORMS[method])].map(
          ([key, tensor]) => [`module.${key}`, tensor] as const,
        );
        return [name, new Map(renamed)];
      });
      const found = read(method, Object.fromEntries(old), attributes, 64);
      for (const [name, tensor] of tensors) assert.deepEqual(found.tensors.get(name), tensor, name);
      assert.equal(found.tensors.size, tensors.size);
    });

    it(`of ${method} are refused if a network is missing or incomplete, or if a tensor is unknown`, () => {
      const [first, second] = Object.keys(files);
      const [key] = files[first].keys();
      const last = [...files[first].keys()].at(-1) as string;
      const refused = (given: Files, message: RegExp): void => {
        assert.throws(() => read(method, given, attributes, 64), { name: "InputError", message });
      };
      const { [first]: _, ...others } = files;
      refused(others, /^import: expected one file of (G|G_A|gen), received none\./);
      refused(
        { ...files, [`copy-${first}`]: files[first] },
        /^import: expected one file of (G|G_A|gen), received .* and copy-/,
      );
      refused({ ...files, [first]: changed(files[first], last, null) }, /: expected a tensor '.*', received none\./);
      refused({ ...files, [first]: changed(files[first], key, null) }, /received (none|one with)/);
      refused({ ...files, [first]: changed(files[first], "extra.weight", [2]) }, /one named 'extra\.weight'/);
      refused({ ...files, [second]: changed(files[second], "extra.weight", [2]) }, /one named 'extra\.weight'/);
      refused({ ...files, [first]: changed(files[first], last, [2]) }, /expected shape \[.*\], received \[2\]/);
      refused(
        { ...files, [first]: new Map([["a", { shape: [1], data: Float32Array.of(1) }]]) },
        /received one with a\./,
      );
      assert.throws(() => read(method, files, undefined, 64), /--attributes: expected the names/);
      assert.throws(() => read(method, files, ["A", "B", "C"], 64), { name: "InputError", message: /^--attributes: / });
      assert.throws(() => read(method, files, attributes, 100), { name: "InputError", message: /^--size: / });
    });

    it(`of ${method} never cause another error than an InputError, whatever is damaged`, () => {
      const random = Random.fromSeed(7, method);
      const entries = Object.entries(files).map(([source, own]) => ({ source, bytes: encodePth(own) }));
      const outcomes = { accepted: 0, refused: 0 };
      for (let round = 0; round < 150; round++) {
        const at = random.below(entries.length);
        try {
          const decoded = entries.map(({ source, bytes }, i) => {
            const own = i === at ? mutate(bytes, random) : bytes;
            return { source, tensors: toNamedTensors(decodePth(own, source)) };
          });
          methodOf(method).readPublished?.(decoded, { attributes, size: 64 });
          outcomes.accepted++;
        } catch (error) {
          assert.ok(error instanceof InputError, `round ${round}: ${error}`);
          outcomes.refused++;
        }
      }
      assert.ok(outcomes.refused > 100, JSON.stringify(outcomes));
    });

    it(`of ${method} are refused with shapes that no network has`, () => {
      const random = Random.fromSeed(8, method);
      const extents = [0, 1, 2, 3, 5, 6, 300, 2048];
      for (let round = 0; round < 150; round++) {
        const name = Object.keys(files)[random.below(Object.keys(files).length)];
        const keys = [...files[name].keys()];
        const key = keys[round < 75 ? random.below(Math.min(4, keys.length)) : random.below(keys.length)];
        const shape = Array.from({ length: random.below(6) }, () => extents[random.below(extents.length)]);
        if (shape.join() === files[name].get(key)?.shape.join()) continue;
        if (shape.reduce((size, extent) => size * extent, 1) > 1e6) continue;
        assert.throws(
          () => read(method, { ...files, [name]: changed(files[name], key, shape) }, attributes, 64),
          { name: "InputError" },
          `${name}: ${key} [${shape}]`,
        );
      }
    });
  }

  it("of StarGAN contain the side and the number of attributes if there is a discriminator", () => {
    const { "12-G.ckpt": G, "12-D.ckpt": D } = STARGAN.files;
    assert.deepEqual(read("stargan", STARGAN.files, BOTH).config, STARGAN.config);
    assert.equal((read("stargan", { "7-G.ckpt": G }, BOTH).config as { size: number }).size, 128);
    for (const [files, attributes, size, message] of [
      [
        STARGAN.files,
        BOTH,
        128,
        "--size: expected 64, as in 12-D.ckpt, received 128. Omit --size: the size is read from the discriminator.",
      ],
      [
        STARGAN.files,
        ["Bangs"],
        64,
        "--attributes: expected 2 names, as in 12-G.ckpt, received 1 (Bangs). Name the attributes that it was trained on, in their order.",
      ],
      [
        { "12-G.ckpt": G, "12-D.ckpt": changed(D, "conv2.weight", [3, 128, 1, 1]) },
        BOTH,
        64,
        /^--attributes: expected 3 names, as in 12-D\.ckpt, received 2/,
      ],
      [
        { "12-G.ckpt": G, "12-D.ckpt": changed(D, "conv2.weight", [2, 128, 3, 3]) },
        BOTH,
        undefined,
        /^12-G\.ckpt and 12-D\.ckpt: size: expected one that elegant-faces has, received 192 /,
      ],
      [
        { "12-G.ckpt": G, "13-D.ckpt": D },
        BOTH,
        64,
        /^13-D\.ckpt: expected step 12, as in 12-G\.ckpt, received step 13\./,
      ],
    ] as const) {
      assert.throws(() => read("stargan", files, attributes, size), { name: "InputError", message });
    }
  });

  it("must say in their names which network of CycleGAN they contain", () => {
    const [G_A, G_B, D_A, D_B] = ["G_A", "G_B", "D_A", "D_B"].map((name) => CYCLEGAN.files[`latest_net_${name}.pth`]);
    const swapped = read("cyclegan", { "5_net_G_B.pth": G_A, "5_net_G_A.pth": G_B }, ["Bangs"]);
    assert.deepEqual(swapped.tensors.get("G_B.model.1.weight"), CYCLEGAN.tensors.get("G_A.model.1.weight"));
    assert.deepEqual([swapped.step, (swapped.config as { size: number }).size], [0, 256], "an epoch is not a step");
    const steps = read("cyclegan", { "iter_500_net_G_A.pth": G_A, "iter_500_net_G_B.pth": G_B }, ["Bangs"]);
    assert.equal(steps.step, 500);
    for (const [files, message] of [
      [
        { "latest_net_G.pth": G_A, "latest_net_G_B.pth": G_B },
        "latest_net_G.pth: expected a name with G_A (removes the attribute) or G_B (adds it), received a name with neither. Rename the file as in latest_net_G_A.pth.",
      ],
      [
        { ...CYCLEGAN.files, "latest_net_D_A.pth": G_A },
        /^latest_net_D_A\.pth: expected a name with G_A .*, received a name with D_A\./,
      ],
      [{ ...CYCLEGAN.files, "D.pth": D_A }, /^D\.pth: expected a name with D_A or D_B, received a name with neither\./],
      [
        { "net_G_A.pth": G_A, "net_G_B.pth": G_B, "net_D_B.pth": D_B },
        /^import: expected both D_A and D_B, or neither, received net_D_B\.pth\./,
      ],
    ] as const) {
      assert.throws(() => read("cyclegan", files, ["Bangs"], 64), { name: "InputError", message });
    }
  });

  it("of UNIT contain the step in their names", () => {
    const { "gen_00000012.pkl": gen, "dis_00000012.pkl": dis } = UNIT.files;
    const alone = read("unit", { "gen_00500000.pkl": gen }, ["Bangs"]);
    assert.deepEqual([alone.step, (alone.config as { size: number }).size], [500_000, 128]);
    assert.equal(read("unit", { "gen.pkl": gen, "dis.pkl": dis }, ["Bangs"]).step, 0);
    assert.throws(() => read("unit", { "gen.pkl": gen, "dis.pkl": dis, "dis2.pkl": dis }, ["Bangs"]), {
      name: "InputError",
      message: /^import: expected one file of dis, received dis\.pkl and dis2\.pkl\./,
    });
  });
});
