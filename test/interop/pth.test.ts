/** PyTorch's checkpoint files: golden ones, hand-made ones, and hostile pickles, from which nothing may run. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../src/errors.js";
import { decodePth } from "../../src/interop/pth.js";
import { encodePth } from "../../src/interop/pth-writer.js";
import type { NamedTensors } from "../../src/interop/safetensors.js";
import { writeZip } from "../../src/interop/zip.js";
import { Random } from "../../src/random.js";
import { withFolder } from "../support/folder.js";
import { dictPickle, floats, legacyPth, type Part, pickle, tensor, text, uint32, zipPth } from "../support/pth.js";
import { sharedPath } from "../support/shared.js";
import { hasTorch, runPython } from "../support/torch.js";

const GOLDEN = sharedPath("golden/pth");

interface Expected {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

const ROW = tensor({ length: 4, shape: [4], strides: [1] });
const VALUES = floats(1, 2, 3, 4);

const refuses = (bytes: Uint8Array, message: RegExp): void => {
  assert.throws(
    () => decodePth(bytes, "a.pth"),
    (error) => error instanceof InputError && message.test(error.message),
    String(message),
  );
};

/** True if the file is decoded or refused. Any other outcome is an error. */
function survives(bytes: Uint8Array): boolean {
  try {
    decodePth(bytes, "a.pth");
    return true;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}

describe("interop/pth", () => {
  it("reads every golden file of PyTorch: strides, shared storages, half, bfloat16, int64, bool, empty", async function () {
    if (GOLDEN === null) return this.skip();
    const expected = JSON.parse(await readFile(join(GOLDEN, "values.json"), "utf8")) as Record<string, Expected>;
    const files = (await readdir(GOLDEN)).filter((name) => /^(state|dict|nested)-.*\.pth$/.test(name));
    assert.deepEqual(files, ["dict-legacy.pth", "nested-zip.pth", "state-legacy.pth", "state-zip.pth"]);
    for (const file of files) {
      const tensors = decodePth(await readFile(join(GOLDEN, file)), file);
      assert.deepEqual([...tensors.keys()].sort(), Object.keys(expected).sort(), file);
      for (const [name, { dtype, shape, values }] of Object.entries(expected)) {
        const read = tensors.get(name);
        assert.deepEqual({ dtype: read?.dtype, shape: read?.shape }, { dtype, shape }, `${file}: ${name}`);
        assert.deepEqual([...(read?.data ?? [])], values, `${file}: ${name}`);
      }
    }
  });

  it("refuses the golden truncated and hostile files, and runs nothing of them", async function () {
    if (GOLDEN === null) return this.skip();
    for (const [file, message] of [
      ["truncated-legacy.pth", /truncated-legacy\.pth: .*(cut short|ends?|storage)/],
      ["truncated-zip.pth", /truncated-zip\.pth: zip archive: expected a directory at its end, received none/],
      ["evil-legacy.pth", /imports posix\.system\. Nothing of the file was run/],
      ["evil-zip.pth", /imports posix\.system\. Nothing of the file was run/],
    ] as const) {
      const bytes = await readFile(join(GOLDEN, file));
      assert.throws(
        () => decodePth(bytes, file),
        (error) => error instanceof InputError && message.test(error.message),
        file,
      );
      assert.ok(!existsSync("pwned-by-pickle") && !existsSync(join(GOLDEN, "pwned-by-pickle")));
    }
  });

  it("reads views of one storage in both containers: offset, transposed, repeated, scalar, empty", () => {
    const data = dictPickle({
      whole: tensor({ length: 6, shape: [2, 3], strides: [3, 1] }),
      turned: tensor({ length: 6, shape: [3, 2], strides: [1, 3] }),
      column: tensor({ length: 6, offset: 1, shape: [2], strides: [3] }),
      repeated: tensor({ length: 6, offset: 5, shape: [2, 2], strides: [0, 0] }),
      scalar: tensor({ length: 6, offset: 4, shape: [], strides: [] }),
      empty: tensor({ length: 6, offset: 6, shape: [0, 4], strides: [4, 1] }),
      odd: tensor({ length: 6, shape: [1, 2, 1, 2], strides: [77, 3, 99, 2] }),
    });
    const stored = floats(0, 1, 2, 3, 4, 5);
    for (const bytes of [zipPth(data, { 0: stored }), legacyPth(data, { 0: { length: 6, bytes: stored } })]) {
      const values = [...decodePth(bytes, "a.pth")].map(([name, { shape, data }]) => [name, shape, [...data]]);
      assert.deepEqual(values, [
        ["whole", [2, 3], [0, 1, 2, 3, 4, 5]],
        ["turned", [3, 2], [0, 3, 1, 4, 2, 5]],
        ["column", [2], [1, 4]],
        ["repeated", [2, 2], [5, 5, 5, 5]],
        ["scalar", [], [4]],
        ["empty", [0, 4], []],
        ["odd", [1, 2, 1, 2], [0, 2, 3, 5]],
      ]);
    }
  });

  for (const [storage, bytes, values, dtype] of [
    ["DoubleStorage", new Float64Array([1 / 3, -1e300]), [1 / 3, -1e300], "float64"],
    ["LongStorage", BigInt64Array.of(-5n, 2n ** 40n), [-5, 2 ** 40], "int64"],
    ["IntStorage", Int32Array.of(-7, 2 ** 30 + 1), [-7, 2 ** 30 + 1], "int32"],
    ["ShortStorage", Int16Array.of(-300, 300), [-300, 300], "int16"],
    ["CharStorage", Int8Array.of(-128, 127), [-128, 127], "int8"],
    ["ByteStorage", Uint8Array.of(0, 255), [0, 255], "uint8"],
    ["BoolStorage", Uint8Array.of(0, 1), [0, 1], "bool"],
    ["HalfStorage", Uint16Array.of(0x3c00, 0xc000), [1, -2], "float16"],
    ["BFloat16Storage", Uint16Array.of(0x3f80, 0xc000), [1, -2], "bfloat16"],
  ] as const) {
    it(`reads ${dtype}`, () => {
      const data = dictPickle({ x: tensor({ storage, length: 2, shape: [2], strides: [1] }) });
      const read = decodePth(zipPth(data, { 0: new Uint8Array(bytes.buffer) }), "a.pth").get("x");
      assert.deepEqual({ dtype: read?.dtype, values: [...(read?.data ?? [])] }, { dtype, values });
    });
  }

  it("reads what PyTorch saves with every protocol, in both containers and without checksums, whatever else is in it", function () {
    if (!hasTorch()) return this.skip();
    return withFolder(async (folder) => {
      runPython("state-dicts.py", [folder]);
      const expected = Object.entries(JSON.parse(await readFile(join(folder, "values.json"), "utf8")));
      const files = (await readdir(folder)).filter((name) => name.endsWith(".pth"));
      assert.ok(files.length >= 8, `${files}`);
      for (const file of files) {
        const read = [...decodePth(await readFile(join(folder, file)), file)].map(([name, { dtype, shape, data }]) => {
          return [name.replace(/^model\./, ""), [dtype, [...shape], [...data]]];
        });
        assert.deepEqual(read, expected, file);
      }
    });
  });

  it("reads archives whose checksums were not computed", () => {
    const bytes = zipPth(dictPickle({ x: ROW }), { 0: VALUES });
    const view = new DataView(bytes.buffer);
    for (let at = 0; at + 4 <= bytes.length; at++) {
      const signature = view.getUint32(at, true);
      if (signature === 0x04034b50) view.setUint32(at + 14, 0, true);
      if (signature === 0x02014b50) view.setUint32(at + 16, 0, true);
    }
    assert.deepEqual([...(decodePth(bytes, "a.pth").get("x")?.data ?? [])], [1, 2, 3, 4]);
  });

  it("reads parameters, frames and memos of protocol 5, and passes over values that are no tensors", () => {
    const parameter: Part[] = ["ctorch._utils\n_rebuild_parameter\n(", ...ROW, 0x88, "ccollections\nOrderedDict\n)RtR"];
    const short = (value: string): Part[] => [0x8c, value.length, value, 0x94];
    const scalar: Part[] = [
      ...[...short("numpy._core.multiarray"), ...short("scalar"), 0x93, 0x94],
      ...[...short("numpy"), ...short("dtype"), 0x93, 0x94, ...short("f8"), 0x89, 0x88, 0x87, "R", 0x94],
      ...["(K", 3, ...short("<"), "NNNJ", uint32(0xffffffff), "J", uint32(0xffffffff), "K", 0, "tb"],
      ...["C", 8, "\0\0\0\0\0\0\xe0\x3f", 0x94, 0x86, "R", 0x94],
    ];
    const wide = [...uint32(3), ...uint32(0)];
    const others: Part[] = [
      ...[...text("loss"), ...scalar, ...text("bytes"), 0x96, wide, "abc", ...text("more"), 0x8e, wide, "abc"],
      ...[...text("set"), 0x8f, "(K", 1, "K", 2, 0x90, ...text("frozen"), "(K", 1, 0x91],
      ...[...text("args"), "cargparse\nNamespace\n)", 0x81, "}(", ...text("lr"), "K", 1, "ub"],
      ...[...text("dtype"), "ctorch\nfloat16\n"],
    ];
    const frame = [0x95, ...wide.map((byte, i) => (i === 0 ? 200 : byte))];
    const data = pickle(0x80, 5, frame, "}", 0x94, "(", ...text("w"), ...parameter, ...others, "u.");
    for (const bytes of [zipPth(data, { 0: VALUES }), legacyPth(data, { 0: { length: 4, bytes: VALUES } })]) {
      const read = [...decodePth(bytes, "a.pth")].map(([name, tensor]) => [name, [...tensor.data]]);
      assert.deepEqual(read, [["w", [1, 2, 3, 4]]]);
    }
  });

  it("leaves out tensors of types that hold no numbers we read, in both containers", () => {
    const data = dictPickle({
      f8: tensor({ storage: "UntypedStorage", key: "1", length: 2, shape: [2], strides: [1] }),
      c: tensor({ storage: "ComplexFloatStorage", key: "2", length: 1, shape: [1], strides: [1] }),
      w: ROW,
    });
    const stored = { 1: new Uint8Array(2), 2: new Uint8Array(8), 0: VALUES };
    const lengths = { 1: 2, 2: 1, 0: 4 };
    const legacy = Object.entries(stored).map(([key, bytes]) => {
      return [key, { length: lengths[key as unknown as keyof typeof lengths], bytes }] as const;
    });
    for (const bytes of [zipPth(data, stored), legacyPth(data, Object.fromEntries(legacy))]) {
      assert.deepEqual([...decodePth(bytes, "a.pth").keys()], ["w"]);
    }
  });

  it("finds the state dict in a wrapper, and joins the names of several with dots", () => {
    const inner = ["}(", ...text("w"), ...ROW, "u"] as const;
    const wrapped = dictPickle({ epoch: ["K", 3], model: inner });
    assert.deepEqual([...decodePth(zipPth(wrapped, { 0: VALUES }), "a.pth").keys()], ["w"]);
    const several = dictPickle({ Enc: inner, Dec: inner });
    assert.deepEqual([...decodePth(zipPth(several, { 0: VALUES }), "a.pth").keys()], ["Enc.w", "Dec.w"]);
  });

  it("refuses imports by name, whatever does the importing", () => {
    const evil = (...parts: readonly Part[]): Uint8Array => zipPth(pickle(0x80, 2, ...parts, "."));
    refuses(evil("cos\nsystem\n(", ...text("true"), "tR"), /imports os\.system\. Nothing of the file was run/);
    refuses(evil("cbuiltins\neval\n"), /imports builtins\.eval/);
    refuses(evil("ctorch.storage\n_load_from_bytes\n"), /imports torch\.storage\._load_from_bytes/);
    refuses(evil("ctorch\nload\n"), /imports torch\.load/);
    refuses(evil(...text("os"), ...text("system"), 0x93), /imports os\.system/);
    refuses(evil("cconstructor\nprototype\n"), /imports constructor\.prototype/);
    refuses(evil("ctorch\ntoString\n"), /imports torch\.toString/);
    refuses(evil("(ios\nsystem\n"), /opcode 0x69/);
    refuses(evil("ccollections\nOrderedDict\n)", 0x81), /opcode 0x81/);
    refuses(legacyPth(pickle(0x80, 2, "cos\nsystem\n.")), /imports os\.system/);
  });

  it("refuses what is no checkpoint, with its reason", () => {
    refuses(new Uint8Array(0), /expected a file of torch\.save, received an empty file/);
    refuses(new TextEncoder().encode("<!DOCTYPE html><html>"), /received another kind of file/);
    refuses(
      new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
      /received a Git LFS pointer: the file itself was not fetched/,
    );
    const tar = new Uint8Array(1024);
    tar.set(new TextEncoder().encode("ustar  "), 257);
    tar.set(new TextEncoder().encode("sys_info"), 0);
    refuses(tar, /received a tar archive, as PyTorch 0\.1 wrote it\. Load it with torch\.load and save it again/);
    refuses(
      writeZip([
        { name: "m/data.pkl", data: dictPickle({ x: ROW }) },
        { name: "m/constants.pkl", data: VALUES },
      ]),
      /received a TorchScript program of torch\.jit\.save/,
    );
    refuses(writeZip([{ name: "word/document.xml", data: VALUES }]), /a zip archive with word\/document\.xml/);
    refuses(zipPth(dictPickle({ epoch: ["K", 3] })), /expected tensors by name, received none/);
    refuses(zipPth(dictPickle({ x: ROW }), { 0: VALUES }, "big"), /little-endian numbers, received big-endian/);
    refuses(legacyPth(dictPickle({ x: ROW }), { 0: { length: 4, bytes: VALUES } }, false), /big-endian/);
    refuses(zipPth(dictPickle({ x: ROW })), /x: expected 16 bytes of data, received no storage/);
    refuses(zipPth(dictPickle({ x: ROW }), { 0: floats(1, 2) }), /x: expected 16 bytes of data, received 8 bytes/);
    refuses(legacyPth(dictPickle({ x: ROW }), { 0: { length: 5, bytes: VALUES } }), /received 5 values for 4/);
    refuses(legacyPth(dictPickle({ x: ROW }), { 7: { length: 4, bytes: VALUES } }), /that no tensor uses, '7'/);
  });

  it("refuses views that leave their storage, and sizes that would fill the memory", () => {
    const view = (changes: Partial<Parameters<typeof tensor>[0]>): Uint8Array => {
      return zipPth(dictPickle({ x: tensor({ length: 4, shape: [4], strides: [1], ...changes }) }), { 0: VALUES });
    };
    refuses(view({ offset: 1 }), /expected a view of 4 values, received shape \[4\], strides \[1\] at 1/);
    refuses(view({ shape: [2, 3], strides: [3, 1] }), /a view of 4 values/);
    refuses(view({ shape: [4], strides: [1, 1] }), /a view of 4 values/);
    refuses(view({ shape: [0xffffffff], strides: [1] }), /expected sizes of a tensor, received -1/);
    refuses(view({ shape: [2 ** 30, 2 ** 30, 2 ** 30], strides: [0, 0, 0] }), /a view of 4 values/);
    refuses(view({ shape: [2 ** 30], strides: [0] }), /at most 16 values for each byte of the file/);
  });

  it("refuses dicts that are nested without end or blown up by references", () => {
    const deep = pickle(
      0x80,
      2,
      ...Array.from({ length: 5000 }, () => ["}", ...text("a")]).flat(),
      ...ROW,
      "s".repeat(5000),
      ".",
    );
    refuses(zipPth(deep, { 0: VALUES }), /dicts \d+ deep|over/);
    // Each level contains the one below it ten times: 10^12 entries in a few hundred bytes.
    const level = (i: number) => [
      "}(",
      ...Array.from({ length: 10 }, (_, k) => [...text(`${k}`), "h", i]).flat(),
      "uq",
      i + 1,
    ];
    const bomb = pickle(0x80, 2, ...ROW, "q", 0, ...Array.from({ length: 12 }, (_, i) => level(i)).flat(), ".");
    refuses(zipPth(bomb, { 0: VALUES }), /over 1000000 entries|deep/);
    const loop = pickle(0x80, 2, "}q", 0, ...text("a"), "h", 0, "s", ...text("b"), ...ROW, "s.");
    refuses(zipPth(loop, { 0: VALUES }), /deep/);
  });

  it("refuses damaged archives by their checksum", () => {
    const bytes = zipPth(dictPickle({ x: ROW }), { 0: VALUES });
    const at = Buffer.from(bytes).indexOf(Buffer.from(VALUES));
    bytes[at + 5] ^= 1;
    refuses(bytes, /the checksum of 'made\/data\/0'/);
  });

  it("decodes or refuses whatever is cut or flipped, and never does anything else", () => {
    const data = dictPickle({ x: ROW, y: tensor({ length: 4, shape: [2, 2], strides: [1, 2] }) });
    const originals = [zipPth(data, { 0: VALUES }), legacyPth(data, { 0: { length: 4, bytes: VALUES } })];
    const random = Random.fromSeed(1, "pth");
    let decoded = 0;
    for (const original of originals) {
      for (let length = 0; length < original.length; length++)
        assert.ok(!survives(original.subarray(0, length)), `${length}`);
      for (let trial = 0; trial < 4000; trial++) {
        const bytes = original.slice();
        for (let flips = random.below(3); flips >= 0; flips--) bytes[random.below(bytes.length)] = random.below(256);
        if (survives(bytes)) decoded++;
      }
    }
    assert.ok(decoded > 0, "no change was harmless");
  });

  it("writes what it reads", () => {
    const tensors: NamedTensors = new Map([
      ["main.0.0.weight", { shape: [2, 3], data: Float32Array.of(0, 1, -2, 0.5, 1e-3, 3e8) }],
      ["alpha", { shape: [1], data: Float32Array.of(1) }],
      ["none", { shape: [0, 4], data: new Float32Array(0) }],
      ["größe", { shape: [], data: Float32Array.of(-0) }],
    ]);
    const read = decodePth(encodePth(tensors), "a.pth");
    assert.deepEqual(
      [...read].map(([name, { shape, data }]) => [name, { shape, data }]),
      [...tensors],
    );
  });
});
