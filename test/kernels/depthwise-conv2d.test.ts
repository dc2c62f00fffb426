/** The depthwise convolution against its reference implementation, for sizes around the lane width and around its tile. */
import assert from "node:assert/strict";
import type { SharedMemoryBackend } from "../../src/device/wasm/backend.js";
import { CONV_SHAPE_BYTES, type ConvShape, writeConvShape } from "../../src/kernels/conv-shape.js";
import { depthwiseConv2d } from "../../src/kernels/reference/depthwise-conv2d.js";
import { Random } from "../../src/random.js";
import { describeBuilds } from "../support/builds.js";
import { assertClose, shapeIndex } from "../support/close.js";
import { closeBackends, openBackends, randomFloats, runOnAll } from "../support/team.js";

const SEED = 20301;
const CHANNELS = [1, 3, 4, 5, 8, 12, 13, 16, 32];
const FILTERS = [
  { size: 3, stride: 1, pad: 1 },
  { size: 3, stride: 2, pad: 1 },
  { size: 3, stride: 2, pad: 0 },
  { size: 1, stride: 1, pad: 0 },
  { size: 5, stride: 3, pad: 2 },
];

describeBuilds("kernels/depthwise-conv2d against the plain twin", "nn", (build) => {
  let backends: readonly SharedMemoryBackend[];
  before(async () => {
    backends = await openBackends(build);
  });
  after(() => closeBackends(backends));

  /** Computes the lines from `first` on, in blocks of two lines. */
  function compute(
    s: ConvShape,
    inputs: readonly Float32Array[],
    { limit, first = 0, lines }: { limit: number; first?: number; lines: number },
  ): Float32Array {
    const size = lines * s.outputWidth * s.inputChannels;
    return runOnAll(backends, inputs, size, ({ team }, [x, filter, bias], out) => {
      team.heap.withBlock(CONV_SHAPE_BYTES, (conv) => {
        writeConvShape(team.heap.words(), conv, s);
        team.run("depthwiseConv2d", [conv, x, filter, bias, limit, out, first, lines, 2], Math.ceil(lines / 2));
      });
    });
  }

  function randomCase(random: Random, channels: number, { size, stride, pad }: (typeof FILTERS)[number]) {
    const batch = 1 + random.below(2);
    const [outputHeight, outputWidth] = [1 + random.below(6), 1 + random.below(14)];
    const extent = (out: number): number => Math.max(1, (out - 1) * stride + size - 2 * pad + random.below(stride));
    const [inputHeight, inputWidth] = [extent(outputHeight), extent(outputWidth)];
    const sizes = { batch, inputHeight, inputWidth, outputHeight, outputWidth };
    const filter = { filterHeight: size, filterWidth: size, strideY: stride, strideX: stride };
    const s: ConvShape = {
      ...{ ...sizes, ...filter, inputChannels: channels, outputChannels: channels, padTop: pad, padLeft: pad },
    };
    const inputs = [batch * inputHeight * inputWidth * channels, size * size * channels, channels].map((count) =>
      randomFloats(random, count),
    );
    const words = `${batch}x${inputHeight}x${inputWidth}x${channels} -> ${outputHeight}x${outputWidth}, ${size}/${stride}/${pad}`;
    return { s, inputs, words: `${words} (seed ${SEED})` };
  }

  for (const window of FILTERS) {
    it(`agrees for filters of ${window.size}, stride ${window.stride}, pad ${window.pad}, with and without a limit`, () => {
      const random = Random.fromSeed(SEED, `${window.size}/${window.stride}/${window.pad}`);
      for (const channels of [...CHANNELS, ...CHANNELS]) {
        const { s, inputs, words } = randomCase(random, channels, window);
        for (const limit of [0, 0.5]) {
          const [x, filter, bias] = inputs;
          const y = compute(s, inputs, { limit, lines: s.batch * s.outputHeight });
          const where = shapeIndex([s.batch, s.outputHeight, s.outputWidth, channels]);
          // At most 26 sums below 26, each rounded by 6e-8 of its size.
          const expected = depthwiseConv2d(s, x, filter, bias, limit);
          assertClose(y, expected, { abs: 4e-6, rel: 0 }, (i) => `${where(i)} of ${words}, limit ${limit}`);
        }
      }
    });
  }

  it("gives the same bits in bands of lines as in one call", () => {
    const random = Random.fromSeed(SEED, "bands");
    for (const window of FILTERS) {
      const { s, inputs, words } = randomCase(random, 8, window);
      const lines = s.batch * s.outputHeight;
      const whole = compute(s, inputs, { limit: 0, lines });
      const lineValues = s.outputWidth * s.inputChannels;
      for (let first = 0; first < lines; first += 3) {
        const count = Math.min(3, lines - first);
        const band = compute(s, inputs, { limit: 0, first, lines: count });
        assert.deepEqual(band, whole.slice(first * lineValues, (first + count) * lineValues), words);
      }
    }
  });
});
