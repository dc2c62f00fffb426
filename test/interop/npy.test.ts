/** .npy files from and for NumPy. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../src/errors.js";
import { decodeNpy, encodeNpy } from "../../src/interop/npy.js";
import { decodeNpz, encodeNpz } from "../../src/interop/npz.js";
import { withFolder } from "../support/folder.js";
import { hasNumpy, runPython } from "../support/torch.js";

const BASE = [0, 0.25, 0.5, 0.75, 1, 1.25];
const refuses = (body: () => unknown, message: RegExp): void => {
  assert.throws(body, (error) => error instanceof InputError && message.test(error.message), String(message));
};

describe("interop/npy", () => {
  it("reads back what it writes", () => {
    for (const data of [Float32Array.from(BASE), Float64Array.from(BASE, (v) => v / 3)]) {
      for (const shape of [[6], [2, 3], [1, 6, 1], [0, 4]]) {
        const array = { shape, data: shape[0] === 0 ? data.slice(0, 0) : data };
        const bytes = encodeNpy(array);
        assert.equal((bytes.length - array.data.byteLength) % 64, 0);
        assert.deepEqual(decodeNpy(bytes, "a.npy"), array);
      }
    }
  });

  it("reads NumPy's files in all number types and both orders, big-endian too, and refuses objects", function () {
    if (!hasNumpy()) return this.skip();
    return withFolder(async (folder) => {
      runPython("distances.py", ["write", folder]);
      const read = async (name: string) => decodeNpy(await readFile(join(folder, name)), name);
      for (const type of ["f4", "f8", "f2", "i8", "i4", "u1", "i2", "u8"]) {
        const { shape, data } = await read(`${type}.npy`);
        assert.deepEqual(
          [shape, [...data]],
          [
            [2, 3],
            [0, 1, 2, 3, 4, 5],
          ],
          type,
        );
      }
      assert.deepEqual([...(await read("fortran.npy")).data], BASE);
      assert.deepEqual(await read("scalar.npy"), { shape: [], data: Float64Array.of(2.5) });
      const bytes = await Promise.all(["big", "objects"].map((name) => readFile(join(folder, `${name}.npy`))));
      assert.deepEqual([...decodeNpy(bytes[0], "big.npy").data], BASE);
      refuses(() => decodeNpy(bytes[1], "objects.npy"), /dtype: expected numbers, received a pickle of Python objects/);
      for (const name of ["stored.npz", "packed.npz"]) {
        const arrays = decodeNpz(await readFile(join(folder, name)), name);
        assert.deepEqual([...arrays.keys()], ["mu", "sigma"]);
        assert.deepEqual([...(arrays.get("mu")?.().data ?? [])], BASE.slice(0, 3));
        assert.deepEqual([...(arrays.get("sigma")?.().data ?? [])], [1, 0, 0, 0, 1, 0, 0, 0, 1]);
      }
    });
  });

  it("writes what NumPy reads", function () {
    if (!hasNumpy()) return this.skip();
    return withFolder(async (folder) => {
      const path = join(folder, "ours.npz");
      const mu = { shape: [6], data: Float64Array.from(BASE) };
      await writeFile(path, encodeNpz({ mu, sigma: { shape: [2, 3], data: Float32Array.from(BASE) } }));
      assert.deepEqual(JSON.parse(runPython("distances.py", ["read", path])), {
        mu: [[6], "float64", 3.75],
        sigma: [[2, 3], "float32", 3.75],
      });
    });
  });

  it("reads shapes as Python 2 wrote them", () => {
    const good = encodeNpy({ shape: [2, 3], data: Float64Array.from(BASE) });
    const text = Buffer.from(good).toString("latin1").replace("(2, 3), }  ", "(2L, 3L), }");
    assert.deepEqual(
      decodeNpy(
        Uint8Array.from(text, (c) => c.charCodeAt(0)),
        "a",
      ).shape,
      [2, 3],
    );
  });

  it("refuses damaged files", () => {
    const good = encodeNpy({ shape: [2, 3], data: Float64Array.from(BASE) });
    refuses(() => decodeNpy(new Uint8Array(0), "a"), /a: file: expected a \.npy file, received an empty one/);
    refuses(() => decodeNpy(good.subarray(0, 40), "a"), /received a file that is cut short/);
    refuses(
      () => decodeNpy(good.subarray(0, good.length - 1), "a"),
      /data: expected 48 bytes, received 47 for the shape \(2, 3\)/,
    );
    const text = Buffer.from(good).toString("latin1").replace("'descr'", "'never'");
    refuses(
      () =>
        decodeNpy(
          Uint8Array.from(text, (c) => c.charCodeAt(0)),
          "a",
        ),
      /header: expected descr, fortran_order and shape/,
    );
    const withShape = (shape: string): Uint8Array => {
      const header = Buffer.from(good).toString("latin1").replace("(2, 3), }", `(${shape}), }`);
      return Uint8Array.from(header, (c) => c.charCodeAt(0));
    };
    for (const shape of ["2.5, 3", "-2, 3", "-2,-3", "2, x3", "0x2, 3"]) {
      refuses(() => decodeNpy(withShape(shape), "a"), /a: shape: expected whole numbers from 0, received \(/);
    }
    refuses(() => decodeNpy(withShape("9999999999999999999, 3"), "a"), /expected \d+ bytes, received /);
    refuses(() => decodeNpz(new TextEncoder().encode("<html>"), "a.npz"), /a\.npz: zip archive/);
  });
});
