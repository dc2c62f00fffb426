/** Our JPEG encoder against its reference implementation and other decoders. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { decodeImage } from "../../src/image/codec.js";
import { writeJpeg } from "../../src/image/jpeg-writer.js";
import { ZIGZAG } from "../../src/kernels/jpeg-tables.js";
import { Random } from "../../src/random.js";
import type { RgbaImage } from "../../src/types.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { kernelPair, randomBytes, type Side } from "../support/memory.js";
import { goldenPhoto } from "../support/pictures.js";

const SEED = 4711;

describe("image/jpeg-writer", () => {
  let sides: readonly [Side, Side];
  before(async () => {
    sides = await kernelPair();
  });

  function encode({ arena, kernels }: Side, { width, height, data }: RgbaImage, quality: number): Uint8Array {
    arena.reset();
    return writeJpeg(kernels, arena, { width, height, pointer: arena.put(data), stride: width * 4 }, quality);
  }

  /** Files of both sides for images whose coefficients are not on the boundary between two steps. */
  function assertSameFile(image: RgbaImage, quality: number, label: string): Uint8Array {
    const [fast, plain] = sides.map((side) => encode(side, image, quality));
    assertClose(fast, plain, { abs: 0, rel: 0 }, (i) => `byte ${i} of ${label}, quality ${quality} (seed ${SEED})`);
    return fast;
  }

  function greyImage(width: number, height: number, level: (x: number, y: number) => number): RgbaImage {
    const data = new Uint8Array(width * height * 4).map((_, i) => {
      const pixel = i >> 2;
      return level(pixel % width, Math.floor(pixel / width));
    });
    return { width, height, data };
  }

  it("writes the twin's bytes for blocks of one coefficient at each place, and of none", () => {
    for (let place = 1; place < 64; place++) {
      const [row, column] = [place >> 3, place & 7];
      const wave = (k: number, x: number): number => Math.cos(((2 * (x & 7) + 1) * k * Math.PI) / 16);
      // Steps of quality 25 are larger than what rounding the pixels adds to other coefficients.
      const image = greyImage(32, 16, (x, y) => Math.round(128 + 120 * wave(row, y) * wave(column, x)));
      assertSameFile(image, 25, `coefficient ${row}, ${column}`);
    }
    for (const level of [0, 1, 127, 128, 200, 255])
      assertSameFile(
        greyImage(40, 24, () => level),
        95,
        `grey ${level}`,
      );
  });

  it("writes the twin's bytes for noise, which fills blocks and needs stuffing", () => {
    const random = Random.fromSeed(SEED, "dense");
    let stuffed = 0;
    for (const [width, height] of [
      [16, 16],
      [33, 17],
      [64, 48],
    ]) {
      for (const quality of [20, 60, 90, 95, 100]) {
        const data = randomBytes(random, width * height * 4);
        const file = assertSameFile({ width, height, data }, quality, `noise of ${width}x${height}`);
        stuffed += file.filter((byte, i) => byte === 0xff && file[i + 1] === 0).length;
      }
    }
    assert.ok(stuffed > 100, `${stuffed} bytes of 0xff`);
  });

  it("keeps writing the same files from version to version", () => {
    const hash = createHash("sha256");
    for (const [width, height] of [
      [1, 1],
      [31, 20],
      [96, 80],
    ]) {
      const photo = goldenPhoto(`pinned ${width}`, SEED, height, width);
      const noise = { ...photo, data: randomBytes(Random.fromSeed(SEED, `pinned ${width}`), photo.data.length) };
      for (const quality of [1, 10, 50, 75, 95, 100]) {
        for (const image of [photo, noise]) hash.update(encode(sides[0], image, quality));
      }
    }
    // Computed on 30 November 2026 with the encoder of commit 7da1b14, whose loops and code writer were different.
    assert.equal(hash.digest("hex"), "871966f31b2303447fede250049c29cb0b4c24371239ac75846941a5b5ce5cd4");
  });

  it("agrees with the plain twin once decoded, for sizes around the tile and all qualities", async () => {
    for (const [width, height] of [
      [1, 1],
      [8, 7],
      [15, 16],
      [16, 16],
      [17, 33],
      [40, 31],
    ]) {
      for (const quality of [1, 30, 75, 95, 100]) {
        const photo = goldenPhoto(`jpeg ${width}`, SEED, height, width);
        const [fast, plain] = await Promise.all(
          sides.map((side) => decodeImage(encode(side, photo, quality), `${width}x${height} at ${quality}`)),
        );
        const name = shapeIndex([height, width, 4]);
        // A coefficient on the boundary between two steps may differ by one step.
        const tolerance = { abs: quality < 50 ? 12 : 4, rel: 0 };
        assertClose(fast.data, plain.data, tolerance, (i) => `${name(i)} of ${width}x${height}, quality ${quality}`);
      }
    }
  });

  it("comes within a few grey levels at quality 100, also of noise and of black and white", async () => {
    const random = Random.fromSeed(SEED, "noise");
    const noise = randomBytes(random, 48 * 48 * 4);
    const grey = noise.map((_, i) => noise[i - (i % 4)]); // without colour, which 4:2:0 would blur
    const extreme = grey.map((v) => (v < 128 ? 0 : 255));
    for (const data of [grey, extreme]) {
      const decoded = await decodeImage(encode(sides[0], { width: 48, height: 48, data }, 100), `seed ${SEED}`);
      const expected = data.map((v, i) => (i % 4 === 3 ? 255 : v));
      assertClose(decoded.data, expected, { abs: 4, rel: 0 }, shapeIndex([48, 48, 4]));
    }
  });

  it("scans coefficients along the diagonals", () => {
    assert.deepEqual(ZIGZAG.slice(0, 10), [0, 1, 8, 16, 9, 2, 3, 10, 17, 24]);
    assert.deepEqual(ZIGZAG.slice(-3), [55, 62, 63]);
  });
});
