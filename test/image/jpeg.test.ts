/** Our JPEG encoder against its reference implementation and other decoders. */
import assert from "node:assert/strict";
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

  function encode({ arena, kernels }: Side, image: RgbaImage, quality: number): Uint8Array {
    arena.reset();
    return writeJpeg(kernels, arena, image, quality);
  }

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
