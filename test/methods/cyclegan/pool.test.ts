/** The pools of translated images: what they store, what they return, and which draws they ask for. */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import type { CycleganConfig } from "../../../src/methods/cyclegan/config.js";
import {
  exchangeFakes,
  type Pool,
  type PoolDraws,
  poolOf,
  poolSpecs,
  readStored,
} from "../../../src/methods/cyclegan/pool.js";
import { downloadParameters, uploadParameters, zeroParameters } from "../../../src/nn/parameters.js";
import { useWasm } from "../../support/use-device.js";

const SIZE = 64;
const CONFIG: CycleganConfig = {
  method: "cyclegan",
  size: SIZE,
  width: 4,
  attributes: ["Bangs"],
  generatorBlocks: 0,
  poolSize: 3,
};
/** Fails if a draw is asked for. */
const NO_DRAWS = drawsOf([]);

/** Returns given draws in turn: a number in [0, 1), or the place that is drawn after one above 0.5. */
function drawsOf(values: readonly number[]): PoolDraws & { left(): number } {
  const rest = [...values];
  const next = (): number => {
    const value = rest.shift();
    assert.ok(value !== undefined, "no further draw is expected");
    return value;
  };
  return {
    uniform: next,
    below: (n) => {
      assert.equal(n, CONFIG.poolSize);
      return next();
    },
    left: () => rest.length,
  };
}

/** Images of one grey level each. */
function greys(...levels: readonly number[]): tf.Tensor4D {
  return tf.concat(levels.map((level) => tf.fill<tf.Rank.R4>([1, SIZE, SIZE, 3], level)));
}

/** The grey levels of images. Fails if an image has several. */
function levelsOf(images: tf.Tensor): number[] {
  const [first, ...others] = [tf.mean(images, [1, 2, 3]), tf.min(images, [1, 2, 3]), tf.max(images, [1, 2, 3])];
  for (const other of others) assert.deepEqual(other.dataSync(), first.dataSync());
  return [...first.dataSync()];
}

const emptyPool = (): Pool => poolOf(zeroParameters(poolSpecs(CONFIG)), "A");

/** Gives images to the pool. @returns the levels of what comes back */
async function give(pool: Pool, levels: readonly number[], draws: PoolDraws): Promise<number[]> {
  return levelsOf(exchangeFakes(pool, await readStored(pool), greys(...levels), draws));
}

describe("a pool of translated images", () => {
  useWasm(1);

  it("stores and returns each image without a draw until it is full", async () => {
    const pool = emptyPool();
    assert.deepEqual(await give(pool, [1, 2], NO_DRAWS), [1, 2]);
    assert.deepEqual([await readStored(pool), levelsOf(pool.images)], [2, [1, 2, 0]]);
    assert.deepEqual(await give(pool, [3], NO_DRAWS), [3]);
    assert.deepEqual([await readStored(pool), levelsOf(pool.images)], [3, [1, 2, 3]]);
  });

  it("returns a new image and changes nothing if it is full and the draw is 0.5 or less", async () => {
    const pool = emptyPool();
    await give(pool, [1, 2, 3], NO_DRAWS);
    const draws = drawsOf([0.5, 0]);
    assert.deepEqual(await give(pool, [4, 5], draws), [4, 5]);
    assert.deepEqual([await readStored(pool), levelsOf(pool.images), draws.left()], [3, [1, 2, 3], 0]);
  });

  it("returns the image of the drawn place and replaces it if it is full and the draw is above 0.5", async () => {
    const pool = emptyPool();
    await give(pool, [1, 2, 3], NO_DRAWS);
    const draws = drawsOf([0.51, 1, 0.1, 0.9, 2]);
    assert.deepEqual(await give(pool, [4, 5, 6], draws), [2, 5, 3]);
    assert.deepEqual([levelsOf(pool.images), draws.left()], [[1, 4, 6], 0]);
  });

  it("can return an image that came in the same batch, also one that filled it", async () => {
    const pool = emptyPool();
    assert.deepEqual(await give(pool, [1, 2, 3, 4, 5, 6], drawsOf([0.6, 2, 0.7, 2, 0.8, 0])), [1, 2, 3, 3, 4, 1]);
    assert.deepEqual(levelsOf(pool.images), [6, 2, 5]);
  });

  it("continues with the same images after it was saved and restored", async () => {
    const specs = poolSpecs(CONFIG);
    const pools = zeroParameters(specs);
    await give(poolOf(pools, "A"), [1, 2], NO_DRAWS);
    await give(poolOf(pools, "B"), [3], NO_DRAWS);
    const restored = uploadParameters(specs, await downloadParameters(specs, pools), "test");
    assert.deepEqual(await give(poolOf(restored, "A"), [4, 5], drawsOf([0.9, 0])), [4, 1]);
    assert.deepEqual(
      [levelsOf(poolOf(restored, "A").images), levelsOf(poolOf(restored, "B").images)],
      [
        [5, 2, 4],
        [3, 0, 0],
      ],
    );
  });

  it("holds no further tensors", async () => {
    const pool = emptyPool();
    const fakes = greys(1, 2, 3, 4);
    const held = tf.memory().numTensors;
    exchangeFakes(pool, 0, fakes, drawsOf([0.9, 1])).dispose();
    assert.equal(tf.memory().numTensors, held);
  });
});
