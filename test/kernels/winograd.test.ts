/** Winograd's convolutions and gradients against the reference implementations, for sizes around tiles and blocks. */
import assert from "node:assert/strict";
import type { SharedMemoryBackend } from "../../src/device/wasm/backend.js";
import { runConv2d, runConv2dFilterGradient, runConv2dInputGradient } from "../../src/device/wasm/convolutions.js";
import { NO_EPILOGUE } from "../../src/device/wasm/panels.js";
import { runWinogradConv2d, runWinogradFilterGradient } from "../../src/device/wasm/winograd-kernels.js";
import type { ConvShape } from "../../src/kernels/conv-shape.js";
import { conv2d, conv2dFilterGradient, conv2dInputGradient } from "../../src/kernels/reference/conv2d.js";
import {
  filterGradientPlan,
  forwardPlan,
  inputGradientPlan,
  isFasterByWinograd,
} from "../../src/kernels/winograd-plan.js";
import { Random } from "../../src/random.js";
import { describeBuilds } from "../support/builds.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { closeBackends, openBackends, randomFloats, runOnAll } from "../support/team.js";

const SEED = 41;

interface Case {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly columns: number;
  readonly stride: 1 | 2;
  readonly padTop: number;
  readonly padLeft: number;
}

/** null if the filter does not fit. @param rest rows and columns of the input that no output reads */
function shapeOf({ stride, padTop, padLeft, ...c }: Case, padEnd: number): ConvShape | null {
  const extent = (size: number, pad: number): number => Math.floor((size + pad + padEnd - 3) / stride) + 1;
  const [outputHeight, outputWidth] = [extent(c.height, padTop), extent(c.width, padLeft)];
  if (outputHeight < 1 || outputWidth < 1) return null;
  return {
    ...{ batch: c.batch, inputHeight: c.height, inputWidth: c.width, inputChannels: c.channels },
    ...{ outputHeight, outputWidth, outputChannels: c.columns, filterHeight: 3, filterWidth: 3 },
    ...{ strideY: stride, strideX: stride, padTop, padLeft },
  };
}

/** Compares forward and both gradients. All numbers of threads must give the same bits. */
function checkShape(backends: readonly SharedMemoryBackend[], random: Random, s: ConvShape): void {
  const xShape = [s.batch, s.inputHeight, s.inputWidth, s.inputChannels];
  const filterShape = [3, 3, s.inputChannels, s.outputChannels];
  const yShape = [s.batch, s.outputHeight, s.outputWidth, s.outputChannels];
  const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
  const [x, filter, dy] = [xShape, filterShape, yShape].map((shape) => randomFloats(random, count(shape)));
  const bias = randomFloats(random, s.outputChannels);
  const input = `${s.batch}x${s.inputHeight}x${s.inputWidth}x${s.inputChannels}, pad ${s.padTop} ${s.padLeft}`;
  const title = `${input} -> ${s.outputHeight}x${s.outputWidth}x${s.outputChannels}, stride ${s.strideY}`;
  const compare = (
    what: string,
    actual: Float32Array,
    shape: readonly number[],
    expected: Float64Array,
    depth: number,
  ) =>
    // The direct convolution is allowed 5e-7. Sums of up to four values enter the products here.
    assertClose(
      actual,
      expected,
      { abs: 1e-6 * Math.sqrt(depth), rel: 2e-6 },
      (at) => `${what} ${shapeIndex(shape)(at)} of ${title} (seed ${SEED})`,
    );

  for (const relu of [false, true]) {
    const y = runOnAll(backends, [x, filter, bias], count(yShape), (backend, [a, b, c], out) =>
      runWinogradConv2d(backend, forwardPlan(s), "forward", a, b, out, { bias: c, relu }),
    );
    compare(`y, ReLU ${relu}`, y, yShape, conv2d(s, x, filter, bias, relu), 9 * s.inputChannels);
  }
  const dx = runOnAll(backends, [dy, filter], count(xShape), (backend, [a, b], out) =>
    runWinogradConv2d(backend, inputGradientPlan(s), "input gradient", a, b, out, NO_EPILOGUE),
  );
  compare("dx", dx, xShape, conv2dInputGradient(s, dy, filter), 9 * s.outputChannels);
  const dw = runOnAll(backends, [x, dy], count(filterShape), (backend, [a, b], out) =>
    runWinogradFilterGradient(backend, filterGradientPlan(s), a, b, out),
  );
  compare("dw", dw, filterShape, conv2dFilterGradient(s, x, dy), s.batch * s.outputHeight * s.outputWidth);
}

describeBuilds("kernels/winograd against the plain twin", "nn", (build) => {
  let backends: readonly SharedMemoryBackend[];
  before(async () => {
    backends = await openBackends(build);
  });
  after(() => closeBackends(backends));

  it("is the way of layers of 48 channels and 16 tiles, and of no smaller ones", () => {
    const random = Random.fromSeed(SEED, "choice");
    const c: Case = { batch: 1, height: 16, width: 16, channels: 48, columns: 64, stride: 2, padTop: 1, padLeft: 1 };
    for (const [isChosen, change] of [
      [true, {}],
      [true, { height: 8, width: 8, stride: 1 }],
      [false, { height: 12, width: 12 }],
      [false, { channels: 44 }],
      [false, { columns: 47 }],
    ] as const) {
      const s = shapeOf({ ...c, ...change }, 1) as ConvShape;
      assert.equal(isFasterByWinograd(s), isChosen, JSON.stringify(s));
      if (!isChosen) continue;
      const [inputs, filters] = [
        s.inputHeight * s.inputWidth * s.inputChannels,
        9 * s.inputChannels * s.outputChannels,
      ];
      const outputs = s.outputHeight * s.outputWidth * s.outputChannels;
      const [x, filter, dy] = [inputs, filters, outputs].map((count) => randomFloats(random, count));
      const plan = forwardPlan(s);
      const [y, dx, dw] = [
        runOnAll(backends, [x, filter], outputs, (b, [from, w], to) => runConv2d(b, s, from, w, to)),
        runOnAll(backends, [dy, filter], inputs, (b, [from, w], to) => runConv2dInputGradient(b, s, from, w, to)),
        runOnAll(backends, [x, dy], filters, (b, [from, to], w) => runConv2dFilterGradient(b, s, from, to, w)),
      ];
      assert.deepEqual(
        y,
        runOnAll(backends, [x, filter], outputs, (b, [from, w], to) =>
          runWinogradConv2d(b, plan, "forward", from, w, to, NO_EPILOGUE),
        ),
      );
      assert.deepEqual(
        dx,
        runOnAll(backends, [dy, filter], inputs, (b, [from, w], to) =>
          runWinogradConv2d(b, inputGradientPlan(s), "gradient", from, w, to, NO_EPILOGUE),
        ),
      );
      assert.deepEqual(
        dw,
        runOnAll(backends, [x, dy], filters, (b, [from, to], w) =>
          runWinogradFilterGradient(b, filterGradientPlan(s), from, to, w),
        ),
      );
    }
  });

  for (const stride of [1, 2] as const) {
    it(`agrees for every size of image from 1 to 9 pixels and every padding, with stride ${stride}`, () => {
      const random = Random.fromSeed(SEED, "geometry");
      for (let height = 1; height <= 9; height++) {
        for (let width = 1; width <= 9; width++) {
          const c: Case = {
            ...{ batch: 1 + random.below(2), height, width, channels: 16, columns: 16, stride },
            ...{ padTop: random.below(3), padLeft: random.below(3) },
          };
          const s = shapeOf(c, random.below(3));
          if (s !== null) checkShape(backends, random, s);
        }
      }
    });

    it(`agrees for every number of channels from 16 to 52, with stride ${stride}`, () => {
      const random = Random.fromSeed(SEED, "channels");
      for (let channels = 16; channels <= 52; channels += 4) {
        for (const columns of [16, 20, 36, 48]) {
          const c: Case = { batch: 1, height: 4, width: 6, channels, columns, stride, padTop: 1, padLeft: 0 };
          checkShape(backends, random, shapeOf(c, 1) as ConvShape);
        }
      }
    });

    it(`agrees when a batch needs many blocks and sums many runs, with stride ${stride}`, () => {
      const random = Random.fromSeed(SEED, "blocks");
      const c: Case = { batch: 3, height: 36, width: 35, channels: 20, columns: 36, stride, padTop: 1, padLeft: 1 };
      checkShape(backends, random, shapeOf(c, 1) as ConvShape);
      checkShape(backends, random, shapeOf({ ...c, batch: 1, height: 8, width: 8, channels: 300 }, 1) as ConvShape);
    });
  }
});
