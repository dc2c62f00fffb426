/** Files in the safetensors format: the published layout, types of other tools, and damage. */
import assert from "node:assert/strict";
import { InputError } from "../../src/errors.js";
import { decodeSafetensors, encodeSafetensors, type NamedTensors } from "../../src/interop/safetensors.js";

function sample(): NamedTensors {
  return new Map([
    ["encoder.1.weight", { shape: [2, 3], data: Float32Array.of(0, 1, -2, 0.5, 1e-3, 3e8) }],
    ["alpha", { shape: [], data: Float32Array.of(1) }],
    ["empty", { shape: [0, 4], data: new Float32Array(0) }],
    ["7", { shape: [2], data: Float32Array.of(-1, 4) }],
  ]);
}

/** A file with a header of our choice. */
function file(header: unknown, dataBytes: number, length?: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  return bytes;
}

function entry(begin: number, end: number, dtype = "F32"): Record<string, unknown> {
  return { dtype, shape: [(end - begin) / 4], data_offsets: [begin, end] };
}

describe("safetensors", () => {
  it("returns names, shapes, values and metadata as they were given, in order", () => {
    const { tensors, metadata } = decodeSafetensors(
      encodeSafetensors(sample(), { format: "elegant" }),
      "a.safetensors",
    );
    assert.deepEqual([...tensors], [...sample()]);
    assert.deepEqual(metadata, { format: "elegant" });
  });

  it("writes the published layout", () => {
    const bytes = encodeSafetensors(new Map([["w", { shape: [1], data: Float32Array.of(2) }]]), {});
    const header = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}  ';
    assert.equal(new DataView(bytes.buffer).getBigUint64(0, true), BigInt(header.length));
    assert.equal(new TextDecoder().decode(bytes.subarray(8, 8 + header.length)), header);
    assert.deepEqual([...bytes.subarray(8 + header.length)], [0, 0, 0, 0x40]);
  });

  it("starts the data on a multiple of eight bytes and reads it in place", () => {
    const bytes = encodeSafetensors(sample(), { note: "x" });
    const { tensors } = decodeSafetensors(bytes, "a");
    assert.equal(tensors.get("encoder.1.weight")?.data.buffer, bytes.buffer);
    assert.equal((tensors.get("encoder.1.weight")?.data.byteOffset ?? 1) % 8, 0);
  });

  it("reads a file that lies at an odd offset of a larger buffer, also as a Buffer", () => {
    const bytes = encodeSafetensors(sample(), {});
    for (const shift of [1, 2, 3, 4]) {
      const larger = Buffer.alloc(bytes.length + 8);
      larger.set(bytes, shift);
      const { tensors } = decodeSafetensors(larger.subarray(shift, shift + bytes.length), "a");
      assert.deepEqual([...tensors], [...sample()]);
    }
  });

  it("halves the file with F16 and reads the rounded numbers", () => {
    const tensors: NamedTensors = new Map([["w", { shape: [3], data: Float32Array.of(1 / 3, -1, 0) }]]);
    const { tensors: read } = decodeSafetensors(encodeSafetensors(tensors, {}, { dtype: "F16" }), "a");
    assert.deepEqual([...(read.get("w")?.data ?? [])], [0.333251953125, -1, 0]);
  });

  it("reads BF16 and F64", () => {
    const header = {
      b: { dtype: "BF16", shape: [1], data_offsets: [0, 2] },
      d: { dtype: "F64", shape: [1], data_offsets: [2, 10] },
    };
    const bytes = file(header, 10);
    const view = new DataView(bytes.buffer);
    view.setUint16(bytes.length - 10, 0x3f80, true);
    view.setFloat64(bytes.length - 8, 0.25, true);
    const { tensors } = decodeSafetensors(bytes, "a");
    assert.equal(tensors.get("b")?.data[0], 1);
    assert.equal(tensors.get("d")?.data[0], 0.25);
  });

  it("reads the rest of a file with integers, masks, float8 and unknown types, and refuses these when they are used", () => {
    const types = { I64: 8, I32: 4, U16: 2, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1, F4_UNKNOWN: 3, toString: 2 };
    let at = 4;
    const others = Object.entries(types).map(([dtype, bytes]) => {
      at += bytes;
      return [`t.${dtype}`, { dtype, shape: [1], data_offsets: [at - bytes, at] }] as const;
    });
    const header = { w: { dtype: "F32", shape: [1], data_offsets: [0, 4] }, ...Object.fromEntries(others) };
    const bytes = file(header, at);
    new DataView(bytes.buffer).setFloat32(bytes.length - at, 1.5, true);
    const { tensors } = decodeSafetensors(bytes, "w.safetensors");
    assert.deepEqual(tensors.get("w")?.data[0], 1.5);
    assert.equal(tensors.size, 1 + others.length);
    for (const dtype of Object.keys(types)) {
      assert.throws(() => tensors.get(`t.${dtype}`)?.data, {
        name: "InputError",
        message: `w.safetensors: tensor 't.${dtype}': expected dtype F64, F32, F16 or BF16, received "${dtype}". Convert it to one of them.`,
      });
    }
  });

  it("takes numbers in the metadata as texts, and no metadata for none", () => {
    const header = { __metadata__: { format: "pt", step: 3, best: 0.5, done: true, none: null, list: [1] } };
    assert.deepEqual(decodeSafetensors(file(header, 0), "a").metadata, {
      ...{ format: "pt", step: "3", best: "0.5", done: "true", none: "null", list: "[1]" },
    });
    assert.deepEqual(decodeSafetensors(file({ __metadata__: null }, 0), "a").metadata, {});
  });

  it("keeps a tensor that is named like a property of objects", () => {
    const tensors: NamedTensors = new Map([["__proto__", { shape: [1], data: Float32Array.of(5) }]]);
    assert.equal(decodeSafetensors(encodeSafetensors(tensors, {}), "a").tensors.get("__proto__")?.data[0], 5);
  });

  const refused: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["a file shorter than its length field", new Uint8Array(5), /w\.safetensors: file: expected at least 8 bytes/],
    ["a header longer than the file", file({}, 0, 3000), /header: expected at most 2 bytes, received a length of 3000/],
    ["a header that is no JSON", file("{nope", 0), /header: expected JSON/],
    ["a header that is no object", file("[]", 0), /expected a JSON object/],
    ["metadata that is no object", file({ __metadata__: ["a"] }, 0), /__metadata__: expected an object of strings/],
    ["a type that is no text", file({ w: { ...entry(0, 4), dtype: 7 } }, 4), /'w': expected a dtype, received 7/],
    ["an integer tensor that its data does not fill", file({ w: entry(0, 8, "I64") }, 8), /16 bytes for I64 \[2\]/],
    ["a negative size", file({ w: { dtype: "F32", shape: [-1], data_offsets: [0, 4] } }, 4), /a shape of sizes/],
    [
      "offsets that run backwards",
      file({ w: { dtype: "F32", shape: [1], data_offsets: [4, 0] } }, 4),
      /\[begin, end\]/,
    ],
    ["a shape that its data does not fill", file({ w: { ...entry(0, 4), shape: [2] } }, 4), /8 bytes for F32 \[2\]/],
    ["data that is cut", file({ w: entry(0, 8) }, 4), /data: expected 8 bytes, received 4/],
    ["bytes after the data", file({ w: entry(0, 4) }, 8), /data: expected 4 bytes, received 8/],
    ["tensors that overlap", file({ a: entry(0, 8), b: entry(4, 12) }, 12), /'b': .*overlap/],
    ["a hole between tensors", file({ a: entry(0, 4), b: entry(8, 12) }, 12), /'b': .*hole/],
  ];
  for (const [what, bytes, message] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => decodeSafetensors(bytes, "w.safetensors"),
        (error) =>
          error instanceof InputError && message.test(error.message) && error.message.startsWith("w.safetensors"),
      );
    });
  }

  it("refuses to write what would not come back", () => {
    const wrong: NamedTensors = new Map([["w", { shape: [3], data: new Float32Array(2) }]]);
    assert.throws(() => encodeSafetensors(wrong, {}), /'w': expected 3 values for the shape \[3\], received 2/);
    const large: NamedTensors = new Map([["w", { shape: [2], data: Float32Array.of(0, 7e4) }]]);
    assert.throws(() => encodeSafetensors(large, {}, { dtype: "F16" }), /65504 for F16, received 70000 at index 1/);
  });
});
