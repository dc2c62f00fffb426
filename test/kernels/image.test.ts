/** The kernels of image.wasm against their reference implementations, byte for byte. */
import { resizeWeights } from "../../src/kernels/resize-weights.js";
import { Random } from "../../src/random.js";
import type { Affine } from "../../src/types.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { kernelPair, randomBytes, type Side } from "../support/memory.js";

const SEED = 20260;
const EXACT = { abs: 0, rel: 0 };

/** Runs the same work on both sides and compares every byte of the output block, including borders. */
function compareSides(
  sides: readonly [Side, Side],
  outputBytes: number,
  label: string,
  run: (side: Side, output: number) => void,
): void {
  const [actual, expected] = sides.map((side) => {
    side.arena.reset();
    const output = side.arena.alloc(outputBytes);
    // A kernel that writes between rows or past the end changes this value.
    side.arena.bytes(output, outputBytes).fill(77);
    run(side, output);
    return side.arena.bytes(output, outputBytes).slice();
  });
  assertClose(actual, expected, EXACT, (index) => `byte ${index} of ${label} (seed ${SEED})`);
}

describe("kernels/image against the plain twins", () => {
  let sides: readonly [Side, Side];
  before(async () => {
    sides = await kernelPair();
  });

  it("warps RGBA and float for odd sizes, strides and matrices", () => {
    const random = Random.fromSeed(SEED, "warp");
    for (const [width, height] of [
      [1, 1],
      [1, 5],
      [2, 2],
      [3, 1],
      [5, 4],
      [17, 13],
      [40, 33],
    ]) {
      for (const size of [1, 3, 4, 9, 16]) {
        const stride = width * 4 + random.below(3) * 4 + random.below(2);
        const source = randomBytes(random, stride * height);
        const turn = random.between(-3, 3);
        const scale = random.between(0.2, 3);
        const matrix = [
          scale * Math.cos(turn),
          -scale * Math.sin(turn),
          random.between(-width, width),
          scale * Math.sin(turn),
          scale * Math.cos(turn),
          random.between(-height, height),
        ] as const;
        const label = `warp ${width}x${height} stride ${stride} -> ${size}`;
        compareSides(sides, (size * 4 + 3) * size, label, ({ arena, kernels }, output) => {
          kernels.warpAffineRgba(arena.put(source), width, height, stride, output, size, size, size * 4 + 3, ...matrix);
        });
        compareSides(sides, (size * 12 + 4) * size, label, ({ arena, kernels }, output) => {
          kernels.warpAffineFloat(
            arena.put(source),
            width,
            height,
            stride,
            output,
            size,
            size,
            size * 12 + 4,
            ...matrix,
          );
        });
      }
    }
  });

  it("warps rows whose inside has any length and any place", () => {
    const random = Random.fromSeed(SEED, "inside");
    /** Columns [a, c] and [b, d]: along a row, x and y rise, fall or stay. */
    const directions = [
      [1, 0, 0, 1],
      [-1, 0, 0, -1],
      [0, 1, -1, 0],
      [0, -1, 1, 0],
      [0.3, 0, 0, 0.3],
      [0.7, -0.7, 0.7, 0.7],
      [-0.6, 0.2, -0.2, -0.6],
      [2.9, -0.1, 0.1, 2.9],
      [0, 0, 0, 0],
      [1e-9, 0, 0, 1],
    ] as const;
    for (const [a, b, c, d] of directions) {
      for (const width of [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 20]) {
        const height = 1 + random.below(9);
        const source = randomBytes(random, width * height * 4);
        const across = 1 + random.below(24);
        const down = 1 + random.below(12);
        // Now and then exactly on a pixel, so that the last column and row are reached without a fraction.
        const shift = (size: number): number =>
          random.below(2) === 0 ? random.below(size + 4) - 2 : random.between(-2, size + 2);
        const matrix = [a, b, shift(width), c, d, shift(height)] as const;
        const label = `warp ${width}x${height} -> ${across}x${down} by ${matrix}`;
        compareSides(sides, across * down * 4, label, ({ arena, kernels }, output) => {
          kernels.warpAffineRgba(
            arena.put(source),
            width,
            height,
            width * 4,
            output,
            across,
            down,
            across * 4,
            ...matrix,
          );
        });
        compareSides(sides, across * down * 12, label, ({ arena, kernels }, output) => {
          kernels.warpAffineFloat(
            arena.put(source),
            width,
            height,
            width * 4,
            output,
            across,
            down,
            across * 12,
            ...matrix,
          );
        });
      }
    }
  });

  it("warps by matrices near the limit of positions, which only some rows exceed", () => {
    const random = Random.fromSeed(SEED, "limit");
    const source = randomBytes(random, 9 * 7 * 4);
    const limit = 2 ** 23;
    const matrices: readonly Affine[] = [
      [limit / 4 - 1, 0, -limit + 3, 0, 1, 0],
      [-limit / 4, 0, limit - 2, 0, 1, 0.5],
      [limit * 2 - 2, 0, -limit + 1, 0, 1, 0],
      [1, limit / 8, 2, 0, 1, 0],
      [1, 0, 0, 0, -limit / 4, limit - 8],
      [1, 0, -limit, 0, 1, 0],
      [1e300, 0, 0, 0, 1, 0],
      [1, 0, 1, 0, 1, -1e18],
    ];
    for (const matrix of matrices) {
      for (const across of [1, 4, 11]) {
        compareSides(sides, across * 9 * 4, `${across} pixels by ${matrix}`, ({ arena, kernels }, output) => {
          kernels.warpAffineRgba(arena.put(source), 9, 7, 36, output, across, 9, across * 4, ...matrix);
        });
      }
    }
  });

  it("keeps a picture under the identity and is black far outside, also beyond the i32 range", () => {
    const [{ arena, kernels }] = sides;
    const source = randomBytes(Random.fromSeed(SEED, "identity"), 9 * 9 * 4).map((v, i) => (i % 4 === 3 ? 255 : v));
    arena.reset();
    const input = arena.put(source);
    const output = arena.alloc(9 * 9 * 4);
    kernels.warpAffineRgba(input, 9, 9, 36, output, 9, 9, 36, 1, 0, 0, 0, 1, 0);
    assertClose(arena.bytes(output, 324), source, EXACT, shapeIndex([9, 9, 4]));
    kernels.warpAffineRgba(input, 9, 9, 36, output, 9, 9, 36, 1, 0, 1e12, 0, 1, -1e12);
    assertClose(
      arena.bytes(output, 324),
      source.map((_, i) => (i % 4 === 3 ? 255 : 0)),
      EXACT,
    );
  });

  it("resizes across and down for sizes around the lane width", () => {
    const random = Random.fromSeed(SEED, "resize");
    for (const from of [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 50]) {
      for (const to of [1, 2, 3, 4, 5, 8, 16, 19]) {
        const other = 1 + random.below(9);
        const plan = resizeWeights(from, to);
        const across = from * 4 + random.below(8);
        const acrossSource = randomBytes(random, across * other);
        compareSides(
          sides,
          (to * 4 + 5) * other,
          `across ${from} -> ${to}, ${other} rows`,
          ({ arena, kernels }, output) => {
            const [starts, weights, src] = [plan.starts, plan.weights, acrossSource].map((table) => arena.put(table));
            kernels.resizeAcrossRgba(src, across, output, to * 4 + 5, to, other, starts, weights, plan.taps);
          },
        );
        const down = other * 4 + random.below(8);
        const downSource = randomBytes(random, down * from);
        compareSides(
          sides,
          (other * 4 + 5) * to,
          `down ${from} -> ${to}, ${other} columns`,
          ({ arena, kernels }, output) => {
            const [starts, weights, src] = [plan.starts, plan.weights, downSource].map((table) => arena.put(table));
            kernels.resizeDownRgba(src, down, output, other * 4 + 5, other, to, starts, weights, plan.taps);
          },
        );
      }
    }
  });

  it("converts to floats and back", () => {
    const random = Random.fromSeed(SEED, "normalize");
    for (const count of [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 100]) {
      const bytes = randomBytes(random, count * 4);
      const floats = Float32Array.from({ length: count * 3 }, () => random.between(-1.2, 1.2));
      if (count > 4) floats.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 1]);
      const work: readonly [string, number, (side: Side, output: number) => void][] = [
        ["normalizeBytes", count * 4, (s, out) => s.kernels.normalizeBytes(s.arena.put(bytes), out, count)],
        ["normalizeRgba", count * 12, (s, out) => s.kernels.normalizeRgba(s.arena.put(bytes), out, count)],
        ["denormalizeBytes", count, (s, out) => s.kernels.denormalizeBytes(s.arena.put(floats), out, count)],
        ["denormalizeRgba", count * 4, (s, out) => s.kernels.denormalizeRgba(s.arena.put(floats), out, count)],
      ];
      for (const [name, size, run] of work) compareSides(sides, size + 9, `${name} of ${count}`, run);
    }
  });

  it("maps 0, 127.5 and 255 to -1, 0 and 1, and every level back to itself", () => {
    const [{ arena, kernels }] = sides;
    arena.reset();
    const levels = Uint8Array.from({ length: 256 }, (_, i) => i);
    const floats = arena.alloc(1024);
    const back = arena.alloc(256);
    kernels.normalizeBytes(arena.put(levels), floats, 256);
    const values = arena.floats(floats, 256).slice();
    assertClose([values[0], values[255], values[127] + values[128]], [-1, 1, 0], { abs: 1e-7, rel: 0 });
    kernels.denormalizeBytes(floats, back, 256);
    assertClose(arena.bytes(back, 256), levels, EXACT);
  });
});
