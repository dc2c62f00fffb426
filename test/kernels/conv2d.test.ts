/** Convolutions and their gradients against the reference implementations, for sizes around tiles and blocks. */
import assert from "node:assert/strict";
import type { SharedMemoryBackend } from "../../src/device/wasm/backend.js";
import { runConv2d, runConv2dFilterGradient, runConv2dInputGradient } from "../../src/device/wasm/convolutions.js";
import type { ConvShape } from "../../src/kernels/conv-shape.js";
import { conv2d, conv2dFilterGradient, conv2dInputGradient } from "../../src/kernels/reference/conv2d.js";
import { Random } from "../../src/random.js";
import { describeBuilds } from "../support/builds.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { closeBackends, openBackends, randomFloats, runOnHeap, THREADS } from "../support/team.js";

const SEED = 20261;
const FILTERS = [
  [1, 1],
  [3, 3],
  [1, 7],
  [7, 1],
  [5, 5],
] as const;

interface Case {
  readonly batch: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly channels: number;
  readonly columns: number;
}

/** Completes a case with a random stride, padding and filter. The input is up to stride - 1 larger than the filter needs. */
function randomShape(random: Random, c: Case): ConvShape {
  for (;;) {
    const [filterHeight, filterWidth] = random.pick(FILTERS);
    const [strideY, strideX] = [1 + random.below(3), 1 + random.below(3)];
    const [padTop, padLeft] = [random.below(3), random.below(3)];
    const extent = (out: number, stride: number, kernel: number, pad: number): number =>
      (out - 1) * stride + kernel - 2 * pad + random.below(stride);
    const inputHeight = extent(c.outputHeight, strideY, filterHeight, padTop);
    const inputWidth = extent(c.outputWidth, strideX, filterWidth, padLeft);
    if (inputHeight < 1 || inputWidth < 1) continue;
    const { batch, outputHeight, outputWidth, channels: inputChannels, columns: outputChannels } = c;
    const sizes = { batch, inputHeight, inputWidth, inputChannels, outputHeight, outputWidth, outputChannels };
    return { ...sizes, filterHeight, filterWidth, strideY, strideX, padTop, padLeft };
  }
}

function describeShape(s: ConvShape): string {
  const input = `${s.batch}x${s.inputHeight}x${s.inputWidth}x${s.inputChannels}`;
  const output = `${s.outputHeight}x${s.outputWidth}x${s.outputChannels}`;
  const filter = `${s.filterHeight}x${s.filterWidth}, stride ${s.strideY} ${s.strideX}, pad ${s.padTop} ${s.padLeft}`;
  return `${input} -> ${output}, filter ${filter} (seed ${SEED})`;
}

/** Compares forward and both gradients with the reference implementations. All numbers of threads must give the same bits. */
function checkShape(backends: readonly SharedMemoryBackend[], random: Random, s: ConvShape): void {
  const xShape = [s.batch, s.inputHeight, s.inputWidth, s.inputChannels];
  const filterShape = [s.filterHeight, s.filterWidth, s.inputChannels, s.outputChannels];
  const yShape = [s.batch, s.outputHeight, s.outputWidth, s.outputChannels];
  const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const x = randomFloats(random, count(xShape));
  const filter = randomFloats(random, count(filterShape));
  const dy = randomFloats(random, count(yShape));
  const taps = s.filterHeight * s.filterWidth;
  const check = (
    what: string,
    inputs: readonly Float32Array[],
    shape: readonly number[],
    depth: number,
    expected: Float64Array,
    run: (backend: SharedMemoryBackend, a: number, b: number, out: number, c: number) => void,
  ): void => {
    const results = backends.map((backend) =>
      runOnHeap(backend, inputs, count(shape), ([a, b, c], out) => run(backend, a, b, out, c)),
    );
    const name = shapeIndex(shape);
    // Products of values up to 1, summed in float32: roundings of 6e-8 that grow with the root of the depth, and with
    // the root of a tap's length, within which sums are not cut.
    const uncut = Math.max(1, Math.sqrt(Math.max(s.inputChannels, s.outputChannels) / 256));
    const tolerance = { abs: 5e-7 * Math.sqrt(depth) * uncut, rel: 1e-6 };
    assertClose(results[0], expected, tolerance, (i) => `${what} ${name(i)} of ${describeShape(s)}`);
    for (let i = 1; i < results.length; i++) {
      const same = Buffer.compare(Buffer.from(results[0].buffer), Buffer.from(results[i].buffer)) === 0;
      assert.ok(same, `${what}: ${THREADS[i]} threads give other bits than 1 for ${describeShape(s)}`);
    }
  };
  const depth = taps * s.inputChannels;
  check("y", [x, filter], yShape, depth, conv2d(s, x, filter), (backend, a, b, out) =>
    runConv2d(backend, s, a, b, out),
  );
  const bias = randomFloats(random, s.outputChannels);
  for (const relu of [false, true]) {
    const what = `y with bias${relu ? " and ReLU" : ""}`;
    check(what, [x, filter, bias], yShape, depth, conv2d(s, x, filter, bias, relu), (backend, a, b, out, c) =>
      runConv2d(backend, s, a, b, out, { bias: c, relu }),
    );
  }
  const dx = conv2dInputGradient(s, dy, filter);
  check("dx", [dy, filter], xShape, taps * s.outputChannels, dx, (backend, a, b, out) =>
    runConv2dInputGradient(backend, s, a, b, out),
  );
  const dw = conv2dFilterGradient(s, x, dy);
  check("dw", [x, dy], filterShape, s.batch * s.outputHeight * s.outputWidth, dw, (backend, a, b, out) =>
    runConv2dFilterGradient(backend, s, a, b, out),
  );
}

describeBuilds("kernels/conv2d against the plain twin", "nn", (build) => {
  let backends: readonly SharedMemoryBackend[];
  before(async () => {
    backends = await openBackends(build);
  });
  after(() => closeBackends(backends));

  it("agrees for 1 to 9 output pixels and 1 to 35 output channels, whatever the filter, stride and pad", () => {
    const random = Random.fromSeed(SEED, "tile");
    for (let rows = 1; rows <= 9; rows++) {
      for (let columns = 1; columns <= 35; columns++) {
        const batch = random.pick([1, rows]);
        const channels = 1 + random.below(17);
        const [outputHeight, outputWidth] = random.chance(0.5) ? [1, rows / batch] : [rows / batch, 1];
        checkShape(backends, random, randomShape(random, { batch, outputHeight, outputWidth, channels, columns }));
      }
    }
  });

  it("agrees for 1 to 35 input channels, on both sides of merging filter rows", () => {
    const random = Random.fromSeed(SEED, "channels");
    for (let channels = 1; channels <= 35; channels++) {
      for (const columns of [3, 17, 20]) {
        const [outputHeight, outputWidth] = [1 + random.below(4), 1 + random.below(5)];
        checkShape(backends, random, randomShape(random, { batch: 2, outputHeight, outputWidth, channels, columns }));
      }
    }
  });

  it("agrees for each filter, stride and pad", () => {
    const random = Random.fromSeed(SEED, "geometry");
    for (const [filterHeight, filterWidth] of FILTERS) {
      for (const stride of [1, 2, 3]) {
        for (const pad of [0, 1, 2]) {
          for (const inputChannels of [3, 5, 16]) {
            const [inputHeight, inputWidth] = [7 + random.below(3), 7 + random.below(3)];
            const outputHeight = Math.floor((inputHeight + 2 * pad - filterHeight) / stride) + 1;
            const outputWidth = Math.floor((inputWidth + 2 * pad - filterWidth) / stride) + 1;
            checkShape(backends, random, {
              ...{ batch: 2, inputHeight, inputWidth, inputChannels, outputHeight, outputWidth, outputChannels: 5 },
              ...{ filterHeight, filterWidth, strideY: stride, strideX: stride, padTop: pad, padLeft: pad },
            });
          }
        }
      }
    }
  });

  it("agrees for images of three channels, whose gradients have ways of their own", () => {
    const random = Random.fromSeed(SEED, "images");
    for (let pixels = 1; pixels <= 9; pixels++) {
      for (const columns of [4, 8, 20]) {
        for (let i = 0; i < FILTERS.length; i++) {
          const [outputHeight, outputWidth] = random.chance(0.5) ? [1, pixels] : [pixels, 1];
          checkShape(
            backends,
            random,
            randomShape(random, { batch: 1, outputHeight, outputWidth, channels: 3, columns }),
          );
        }
      }
    }
  });

  it("agrees when a batch needs many blocks and sums many runs", () => {
    const random = Random.fromSeed(SEED, "blocks");
    const large = (side: number, inputChannels: number, outputChannels: number, batch: number): ConvShape => ({
      ...{ batch, inputHeight: side, inputWidth: side, inputChannels, outputChannels },
      ...{ outputHeight: Math.ceil(side / 2), outputWidth: Math.ceil(side / 2), filterHeight: 3, filterWidth: 3 },
      ...{ strideY: 2, strideX: 2, padTop: 1, padLeft: 1 },
    });
    // 1156 pixels: more than one block of packing. 2401: more than one block of the gradient of a thin filter.
    checkShape(backends, random, large(67, 3, 20, 1));
    checkShape(backends, random, large(97, 3, 20, 1));
    // A depth of 1170: several runs of the accumulators.
    checkShape(backends, random, large(9, 130, 36, 3));
    // A run ends in every tap.
    checkShape(backends, random, large(8, 259, 17, 1));
  });

  it("agrees for filters that are wider than any layer of ours, at every border", () => {
    const random = Random.fromSeed(SEED, "wide");
    const side = { inputHeight: 2, inputWidth: 2, outputHeight: 2, outputWidth: 2, filterHeight: 3, filterWidth: 3 };
    const rest = { batch: 1, strideY: 1, strideX: 1, padTop: 1, padLeft: 1 };
    for (const backend of backends) {
      // Memory that is handed out later must not happen to contain zeros.
      const { heap } = backend.team;
      const block = heap.allocate(4 * 2 ** 20);
      heap.floats(block, 2 ** 20).fill(7);
      heap.release(block);
    }
    checkShape(backends, random, { ...side, ...rest, inputChannels: 14_400, outputChannels: 2 });
    checkShape(backends, random, { ...side, ...rest, inputChannels: 2, outputChannels: 14_400 });
  });
});
