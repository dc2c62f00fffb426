/** Statistics and features as other tools save them, in all precisions. */
import assert from "node:assert/strict";
import { toFloat16 } from "../../src/interop/float16.js";
import { encodeNpy, npyHeader } from "../../src/interop/npy.js";
import { writeZip } from "../../src/interop/zip.js";
import { frechetDistance } from "../../src/metrics/frechet.js";
import { Linalg } from "../../src/metrics/linalg.js";
import { asFeatures, decodeSide, type Statistics } from "../../src/metrics/sides.js";
import { Random } from "../../src/random.js";

type Type = "<f2" | "<f4" | "<f8" | ">f2" | ">f4" | ">f8";

/** A .npy file of any float type and byte order. */
function npy(type: Type, shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  const header = npyHeader(type, shape);
  const size = Number(type[2]);
  const bytes = new Uint8Array(header.length + size * values.length);
  bytes.set(header);
  const view = new DataView(bytes.buffer, header.length);
  const little = type[0] === "<";
  for (let i = 0; i < values.length; i++) {
    if (size === 2) view.setUint16(2 * i, toFloat16(values[i]), little);
    else if (size === 4) view.setFloat32(4 * i, values[i], little);
    else view.setFloat64(8 * i, values[i], little);
  }
  return bytes;
}

const npz = (mu: Uint8Array, sigma: Uint8Array): Uint8Array =>
  writeZip([
    { name: "mu.npy", data: mu },
    { name: "sigma.npy", data: sigma },
  ]);

/** Mean and covariance of `rows` random features of `d` dimensions, at most `rows` - 1 of them independent. */
function statistics(d: number, rows: number, seed: number): { mu: number[]; sigma: number[] } {
  const random = Random.fromSeed(seed, "sides");
  const features = Array.from({ length: rows }, () =>
    Array.from({ length: d }, (_, j) => random.normal() / (1 + j / 4)),
  );
  const mu = Array.from({ length: d }, (_, j) => features.reduce((sum, row) => sum + row[j], 0) / rows);
  const entry = (i: number, j: number): number =>
    features.reduce((sum, row) => sum + (row[i] - mu[i]) * (row[j] - mu[j]), 0) / (rows - 1);
  return { mu, sigma: Array.from({ length: d * d }, (_, at) => entry(Math.floor(at / d), at % d)) };
}

const D = 24;
const refuses = (bytes: Uint8Array, message: RegExp): void => {
  assert.throws(() => decodeSide(bytes, "a.npz"), { name: "InputError", message });
};
const read = (bytes: Uint8Array): Statistics => decodeSide(bytes, "a.npz") as Statistics;

describe("FID statistics of other tools", () => {
  let linalg: Linalg;
  before(async () => {
    linalg = await Linalg.open(1);
  });
  after(() => linalg.close());
  afterEach(() => assert.equal(linalg.team.heap.statistics.usedBytes, 0, "nothing stays allocated"));

  const { mu, sigma } = statistics(D, 200, 1);
  const other = statistics(D, 150, 2);
  const file = (type: Type, shape: readonly number[] = [D]): Uint8Array =>
    npz(npy(type, shape, mu), npy(type, [D, D], sigma));

  it("are read in either byte order", () => {
    for (const [big, little] of [
      [">f8", "<f8"],
      [">f4", "<f4"],
      [">f2", "<f2"],
    ] as const) {
      assert.deepEqual(read(file(big)), read(file(little)), big);
    }
    assert.deepEqual([...read(file(">f8")).mean], mu);
  });

  it("may have mu as a row or a column, and features axes of one after the second", () => {
    for (const shape of [
      [1, D],
      [D, 1],
      [1, D, 1],
    ])
      assert.deepEqual(read(file("<f8", shape)), read(file("<f8")));
    refuses(file("<f8", [2, D / 2]), /a\.npz: mu: expected a vector, received the shape \[2,12\]/);
    const data = Float64Array.from({ length: 6 }, (_, i) => i);
    assert.deepEqual(asFeatures({ shape: [3, 2, 1, 1], data }, "f"), asFeatures({ shape: [3, 2], data }, "f"));
    assert.throws(() => asFeatures({ shape: [3, 1, 2], data }, "f"), /an array of shape \[3,1,2\]/);
  });

  it("are scored in float16 and float32 as in float64, within what storing them loses, also without full rank", () => {
    for (const rows of [6, 12, D, 200]) {
      const own = statistics(D, rows, 3);
      const stored = (type: Type) => read(npz(npy(type, [D], own.mu), npy(type, [D, D], own.sigma)));
      const against = (type: Type) => read(npz(npy(type, [D], other.mu), npy(type, [D, D], other.sigma)));
      for (const reference of [against("<f8"), stored("<f8")]) {
        const exact = frechetDistance(linalg, reference, stored("<f8")).fid;
        for (const [type, tolerance] of [
          ["<f4", 1e-3],
          ["<f2", 0.1],
        ] as const) {
          const { fid } = frechetDistance(linalg, reference, stored(type));
          assert.ok(Math.abs(fid - exact) < tolerance, `${rows} rows, ${type}: ${fid} for ${exact}`);
        }
      }
      frechetDistance(linalg, stored("<f2"), against("<f2"));
    }
  });

  it("are refused when they are no covariances, whatever their precision", () => {
    for (const type of ["<f2", "<f4", "<f8"] as const) {
      const skewed = sigma.slice();
      skewed[1] += 0.05;
      refuses(npz(npy(type, [D], mu), npy(type, [D, D], skewed)), /sigma: expected a symmetric matrix/);
      const indefinite = sigma.slice();
      indefinite[1] = indefinite[D] = 3;
      const side = read(npz(npy(type, [D], mu), npy(type, [D, D], indefinite)));
      assert.throws(() => frechetDistance(linalg, side, read(file("<f8"))), {
        name: "InputError",
        message: /sigma: expected a positive semidefinite matrix/,
      });
    }
  });

  it("are named and refused as pickles, of which nothing is run", () => {
    const header = npyHeader("|O", []);
    const pickle = Uint8Array.from([0x80, 4, 0x7d, 0x2e]); // an empty dict
    const objects = Uint8Array.from([...header, ...pickle]);
    const words = /expected numbers, received a pickle of Python objects.*Nothing of it was run.*numpy\.savez/;
    refuses(objects, words);
    refuses(npz(objects, objects), words);
    refuses(pickle, /received a Python pickle\. Nothing of it was run/);
    assert.throws(() => decodeSide(encodeNpy({ shape: [], data: Float64Array.of(1) }), "a"), /an array of shape \[\]/);
  });
});
