/** The JPEG decoding kernels against their reference implementation and mozjpeg, with guard bytes around every block. */
import assert from "node:assert/strict";
import { Damage } from "../../src/image/formats/damage.js";
import { decodeJpeg } from "../../src/image/formats/jpeg.js";
import { type BaselineJpeg, readBaselineJpeg } from "../../src/image/formats/jpeg-header.js";
import { readJpegStructure } from "../../src/image/formats/jpeg-structure.js";
import { type JpegWindow, layOutJpegMeans, layOutJpegWindow } from "../../src/kernels/jpeg-window.js";
import { Random } from "../../src/random.js";
import type { Rectangle } from "../../src/types.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { type JpegShape, jpegFile } from "../support/jpeg-files.js";
import { kernelPair, type Side } from "../support/memory.js";

const SEED = 8181;
const EXACT = { abs: 0, rel: 0 };
const GUARD = 0xa5;
const SAMPLINGS = [
  { h: 1, v: 1, grey: true },
  { h: 1, v: 1, grey: false },
  { h: 2, v: 1, grey: false },
  { h: 1, v: 2, grey: false },
  { h: 2, v: 2, grey: false },
];

interface Decoded {
  /** Result of decodeJpegScan. */
  readonly read: number;
  readonly pixels: Uint8Array;
  /** True if bytes between or after the blocks were written. */
  readonly outside: boolean;
}

/** Runs both kernels on a window, or on the whole image at an eighth of its size. */
function decode(side: Side, bytes: Uint8Array, jpeg: BaselineJpeg, window: Rectangle | "eighth"): Decoded {
  return decodeGuarded(side, bytes, jpeg, (arena, scanBytes) =>
    window === "eighth"
      ? layOutJpegMeans(arena, jpeg, scanBytes)
      : { ...layOutJpegWindow(arena, jpeg, window, scanBytes), width: window.width, height: window.height },
  );
}

/** Every block of the arena is followed by guard bytes, which nothing may change. */
function decodeGuarded(
  { arena, kernels }: Side,
  bytes: Uint8Array,
  jpeg: BaselineJpeg,
  layOut: (
    arena: Pick<Side["arena"], "alloc" | "put">,
    scanBytes: number,
  ) => JpegWindow & { readonly width: number; readonly height: number },
): Decoded {
  arena.reset();
  const guards: number[] = [];
  const guarded = {
    alloc: (size: number): number => {
      const pointer = arena.alloc(size);
      const guard = arena.alloc(64);
      arena.bytes(pointer + size, guard + 64 - pointer - size).fill(GUARD);
      guards.push(pointer + size, guard + 64);
      return pointer;
    },
    put: (view: ArrayBufferView): number => {
      const pointer = guarded.alloc(view.byteLength);
      arena.bytes(pointer, view.byteLength).set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
      return pointer;
    },
  };
  const scan = bytes.subarray(jpeg.scan);
  const data = guarded.put(scan);
  const { params, scratch, output, stride, width, height } = layOut(guarded, scan.length);
  guarded.alloc(0);
  const read = kernels.decodeJpegScan(data, scan.length, params, scratch);
  if (read > 0) kernels.colourJpegWindow(params, output, stride, scratch);
  let outside = false;
  for (let i = 0; i < guards.length; i += 2) {
    outside ||= arena.bytes(guards[i], guards[i + 1] - guards[i]).some((byte) => byte !== GUARD);
  }
  const pixels = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) pixels.set(arena.bytes(output + y * stride, width * 4), y * width * 4);
  return { read, pixels, outside };
}

function cut(pixels: ArrayLike<number>, width: number, { x, y, width: w, height: h }: Rectangle): Uint8Array {
  return Uint8Array.from({ length: w * h * 4 }, (_, i) => {
    const [row, column] = [Math.floor(i / (w * 4)), i % (w * 4)];
    return pixels[((y + row) * width + x) * 4 + column];
  });
}

function windowsOf(random: Random, width: number, height: number): Rectangle[] {
  const [x, y] = [random.below(width), random.below(height)];
  return [
    { x: 0, y: 0, width, height },
    { x, y, width: 1, height: 1 },
    { x, y, width: 1 + random.below(width - x), height: 1 + random.below(height - y) },
    { x: random.below(x + 1), y: random.below(y + 1), width: 1, height: 1 },
  ];
}

describe("kernels/jpeg-decode", () => {
  let sides: readonly [Side, Side];
  before(async () => {
    sides = await kernelPair();
  });

  function shapes(): JpegShape[] {
    const sizes = [
      [5, 1],
      [6, 3],
      [8, 8],
      [9, 17],
      [16, 16],
      [17, 15],
      [31, 33],
      [33, 32],
      [50, 47],
    ];
    return sizes.flatMap(([width, height]) =>
      SAMPLINGS.flatMap((sampling) =>
        [0, 1, 3].map((restartInterval) => ({ width, height, restartInterval, ...sampling })),
      ),
    );
  }

  it("equals the plain twin and mozjpeg, windows included, for odd sizes, samplings and restarts", async () => {
    const random = Random.fromSeed(SEED, "sweep");
    for (const shape of shapes()) {
      const { width, height } = shape;
      const bytes = jpegFile(random, shape);
      const label = `${JSON.stringify(shape)} (seed ${SEED})`;
      const jpeg = readBaselineJpeg(bytes);
      assert.ok(jpeg !== null, label);
      // For 4:4:0, mozjpeg repeats the rows, where libjpeg-turbo (Pillow, OpenCV) interpolates. Here the reference
      // implementation decides.
      const is440 = shape.h === 1 && shape.v === 2;
      const wholeWindow = { x: 0, y: 0, width, height };
      const whole = is440
        ? decode(sides[1], bytes, jpeg, wholeWindow).pixels
        : (await decodeJpeg(bytes, readJpegStructure(bytes), new Damage(false))).data;
      for (const window of windowsOf(random, width, height)) {
        const name = shapeIndex([window.height, window.width, 4]);
        const expected = cut(whole, width, window);
        for (const side of sides) {
          const { read, pixels, outside } = decode(side, bytes, jpeg, window);
          const place = side === sides[0] ? "kernel" : "twin";
          assert.equal(read, bytes.length - 2 - jpeg.scan, `${place}: ${label}`);
          assert.ok(!outside, `${place} wrote outside: ${label}`);
          assertClose(pixels, expected, EXACT, (i) => `${place} ${name(i)} of ${JSON.stringify(window)}, ${label}`);
        }
      }
    }
  });

  it("gives the same eighth of the size as the twin, of which each pixel is a block's mean", () => {
    const random = Random.fromSeed(SEED, "eighth");
    for (const shape of shapes()) {
      const bytes = jpegFile(random, shape);
      const label = `${JSON.stringify(shape)} (seed ${SEED})`;
      const jpeg = readBaselineJpeg(bytes);
      assert.ok(jpeg !== null, label);
      const [fast, plain] = sides.map((side) => decode(side, bytes, jpeg, "eighth"));
      assert.equal(fast.read, bytes.length - 2 - jpeg.scan, label);
      assert.deepEqual(fast, { ...plain, outside: false }, label);
      assert.equal(fast.pixels.length, Math.ceil(shape.width / 8) * Math.ceil(shape.height / 8) * 4, label);
    }
  });

  it("stays within its blocks and agrees with the twin on what is wrong, whatever the data", () => {
    const random = Random.fromSeed(SEED, "damage");
    const seen = new Map<number, number>();
    for (let round = 0; round < 1500; round++) {
      const sampling = SAMPLINGS[random.below(SAMPLINGS.length)];
      const shape = { width: 5 + random.below(40), height: 1 + random.below(40), restartInterval: random.below(4) };
      const bytes = jpegFile(random, { ...shape, ...sampling });
      const jpeg = readBaselineJpeg(bytes);
      assert.ok(jpeg !== null);
      const damaged = round % 3 === 0 ? bytes.slice(0, jpeg.scan + random.below(bytes.length - jpeg.scan)) : bytes;
      for (let i = random.below(8); i > 0 && damaged.length > jpeg.scan; i--) {
        damaged[jpeg.scan + random.below(damaged.length - jpeg.scan)] = random.below(4) === 0 ? 255 : random.below(256);
      }
      const window = windowsOf(random, shape.width, shape.height)[random.below(3)];
      const label = `round ${round}, ${JSON.stringify({ ...shape, ...sampling, window })} (seed ${SEED})`;
      const [fast, plain] = sides.map((side) => decode(side, damaged, jpeg, window));
      assert.ok(!fast.outside, `wrote outside: ${label}`);
      assert.equal(fast.read, plain.read, label);
      seen.set(Math.min(fast.read, 0), (seen.get(Math.min(fast.read, 0)) ?? 0) + 1);
    }
    for (const result of [0, -1, -2, -3, -4]) assert.ok((seen.get(result) ?? 0) > 0, `no case of ${result}`);
  });
});
