/** Features of different networks must not be compared with each other. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeNpz } from "../../src/interop/npz.js";
import { type AboutFeatures, encodeFeatures } from "../../src/metrics/feature-file.js";
import { asFeatures, decodeSide, encodeSide } from "../../src/metrics/sides.js";
import { Random } from "../../src/random.js";
import { runHere } from "../support/in-process.js";
import { fromRoot } from "../support/spawn.js";

const D = 8;
const N = 20;
const RANDOM_1 = { network: "random-inception, seed 1", comparable: false, mode: "pytorch" } as const;
const RANDOM_2 = { ...RANDOM_1, network: "random-inception, seed 2" } as const;
const PUBLISHED = { network: "inception 2015-12-05", comparable: true, mode: "pytorch" } as const;
const CLEAN = { ...PUBLISHED, mode: "clean" } as const;
const OLD = { network: "inception 2015-12-05", comparable: true } as const;

type About = typeof RANDOM_1 | typeof RANDOM_2 | typeof PUBLISHED | typeof CLEAN | typeof OLD;

function rows(name: string): Float32Array {
  const random = Random.fromSeed(5, name);
  return Float32Array.from({ length: N * D }, () => random.between(-1, 1));
}

function features(name: string, about: About, shard = { index: 0, count: 1 }): Uint8Array {
  const indices = Array.from({ length: N }, (_, i) => i);
  const frame: Omit<AboutFeatures, "network" | "comparable"> = {
    ...{ kind: "elegant-features", version: 1, shard, unit: 8, total: N, digest: name, failures: [] },
  };
  return encodeFeatures({ about: { ...frame, ...about }, dims: D, features: rows(name), indices });
}

describe("features of different networks", () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const fid = (...args: string[]) =>
    runHere(["fid", ...args.map((word) => (word.endsWith(".npz") ? at(word) : word)), "--workers", "1", "--json"]);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    for (const [name, about] of Object.entries({ RANDOM_1, RANDOM_2, PUBLISHED, CLEAN, OLD })) {
      for (const set of ["a", "b"]) await writeFile(at(`${set}-${name}.npz`), features(`${set} ${name}`, about));
    }
    await writeFile(at("part.npz"), features("part", PUBLISHED, { index: 1, count: 3 }));
    await writeFile(at("bare.npz"), encodeNpz({ features: { shape: [N, D], data: rows("bare") } }));
    // An array of the same name from another program.
    const about = { shape: [3], data: Float32Array.of(1, 2, 3) };
    await writeFile(at("foreign.npz"), encodeNpz({ features: { shape: [N, D], data: rows("foreign") }, about }));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [a, b, expected, received] of [
    ["RANDOM_1", "RANDOM_2", "random-inception, seed 1, mode pytorch", "random-inception, seed 2, mode pytorch"],
    ["PUBLISHED", "RANDOM_1", "inception 2015-12-05, mode pytorch", "random-inception, seed 1, mode pytorch"],
    ["OLD", "RANDOM_1", "inception 2015-12-05", "random-inception, seed 1, mode pytorch"],
    ["CLEAN", "PUBLISHED", "inception 2015-12-05, mode clean", "inception 2015-12-05, mode pytorch"],
  ]) {
    it(`are refused, naming both: ${a} and ${b}`, async () => {
      const { code, stdout, stderr } = await fid(`a-${a}.npz`, `b-${b}.npz`);
      assert.deepEqual([code, stdout], [2, ""]);
      const words = `${at(`b-${b}.npz`)}: expected features of ${expected}, as ${at(`a-${a}.npz`)} has, received features of ${received}. `;
      assert.ok(stderr.includes(words), stderr);
    });
  }

  it("are refused as statistics too, which keep what made them, and whichever side they are on", async () => {
    assert.equal((await fid("a-RANDOM_1.npz", "--save-stats", "stats.npz")).code, 0);
    const same = await fid("stats.npz", "b-RANDOM_1.npz");
    assert.equal(same.code, 0, same.stderr);
    const { comparable, features: network, mode } = JSON.parse(same.stdout);
    assert.deepEqual([comparable, network, mode], [false, "random-inception, seed 1", "pytorch"]);
    const other = await fid("b-RANDOM_2.npz", "stats.npz");
    assert.equal(other.code, 2);
    assert.match(other.stderr, /seed 2, mode pytorch, as .* has, received features of random-inception, seed 1/);
  });

  it("are refused before the network of a folder is loaded when their dimensions differ already", async () => {
    const { code, stderr } = await runHere([
      "fid",
      fromRoot("assets"),
      at("b-RANDOM_2.npz"),
      "--features",
      "random-inception",
      "--dims",
      "64",
    ]);
    assert.equal(code, 2);
    assert.match(stderr, /expected 64 dimensions, as --dims says, received 8/);
  });

  it("are compared when all agree, or when a file does not say, and the score says whether it is comparable", async () => {
    for (const [a, b, comparable, network] of [
      ["a-PUBLISHED.npz", "b-PUBLISHED.npz", true, "inception 2015-12-05"],
      ["a-OLD.npz", "b-CLEAN.npz", true, "inception 2015-12-05"],
      ["a-RANDOM_1.npz", "b-RANDOM_1.npz", false, "random-inception, seed 1"],
      ["a-PUBLISHED.npz", "bare.npz", true, "inception 2015-12-05"],
      ["foreign.npz", "a-RANDOM_1.npz", false, "random-inception, seed 1"],
      ["bare.npz", "foreign.npz", true, "as given"],
    ] as const) {
      const { code, stdout, stderr } = await fid(a, b);
      assert.equal(code, 0, stderr);
      const json = JSON.parse(stdout);
      assert.deepEqual([json.comparable, json.features], [comparable, network], `${a} ${b}`);
    }
    const plain = await fid("part.npz", "b-PUBLISHED.npz");
    assert.match(JSON.parse(plain.stdout).warnings.join(), /part\.npz is part 1 of 3 only; elegant merge puts all/);
  });

  it("keep their description when they are read and written", async () => {
    const side = decodeSide(await readFile(at("a-CLEAN.npz")), "a");
    assert.deepEqual(side.origin, { ...CLEAN, part: null });
    assert.deepEqual(decodeSide(encodeSide(side), "again").origin, { ...CLEAN, part: null });
    assert.equal(decodeSide(encodeSide(asFeatures({ shape: [N, D], data: rows("x") }, "x")), "x").origin, undefined);
  });
});
