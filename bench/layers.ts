/** Measures the networks' convolutions one by one, compared with the rate of the register tile alone on the same threads. */
import * as tf from "@tensorflow/tfjs-core";
import type { SharedMemoryBackend } from "../src/device/wasm/backend.js";
import { CONV_SHAPE_BYTES, writeConvShape } from "../src/kernels/conv-shape.js";
import { measure, timingOf } from "./measure.js";

/** Side of the input, channels in and out, filter, stride, padding. */
type Layer = readonly [side: number, from: number, to: number, kernel: readonly [number, number], stride: number];

/** The encoder at 256 px and width 64. Each block of the decoder is the input gradient of a convolution with the same shape. */
const NETWORK: readonly Layer[] = [
  [256, 3, 64, [3, 3], 2],
  [128, 64, 128, [3, 3], 2],
  [64, 128, 256, [3, 3], 2],
  [32, 256, 512, [3, 3], 2],
  [16, 512, 512, [3, 3], 2],
];
/** Inception's kinds of convolutions, forward only. */
const INCEPTION: readonly Layer[] = [
  [149, 32, 32, [3, 3], 1],
  [73, 80, 192, [3, 3], 1],
  [35, 48, 64, [5, 5], 1],
  [35, 288, 384, [3, 3], 2],
  [17, 768, 192, [1, 1], 1],
  [17, 160, 160, [1, 7], 1],
  [17, 160, 160, [7, 1], 1],
  [8, 2048, 320, [1, 1], 1],
];
const BATCH = 4;

export interface LayerResult {
  readonly layer: string;
  readonly pass: string;
  readonly gflops: number;
  readonly spread: number;
}

/** GFLOP/s of the tile over all threads on data that stay in the caches: packed once, with the same block of rows repeated. */
export function measureTile(backend: SharedMemoryBackend): number {
  const { team } = backend;
  const [side, channels, rows] = [16, 128, 64];
  const zeros = backend.zerosOf(channels);
  const bytes = side * side * channels * 4;
  const [conv, x, y, filter, packed] = [
    CONV_SHAPE_BYTES,
    bytes,
    bytes,
    9 * channels * channels * 4,
    9 * channels * channels * 4,
  ].map((size) => team.heap.allocate(size));
  writeConvShape(team.heap.words(), conv, {
    batch: 1,
    inputHeight: side,
    inputWidth: side,
    inputChannels: channels,
    outputHeight: side,
    outputWidth: side,
    outputChannels: channels,
    filterHeight: 3,
    filterWidth: 3,
    strideY: 1,
    strideX: 1,
    padTop: 1,
    padLeft: 1,
  });
  team.heap.floats(x, bytes / 4).fill(0.5);
  team.heap.floats(filter, 9 * channels * channels).fill(0.5);
  team.run("packConv2dFilter", [conv, filter, packed], channels / 16);
  const blocks = (side * side) / rows;
  const repeats = 16;
  const scratch = rows * 10 * 4 + channels * 4;
  const times: number[] = [];
  for (let round = 0; round < 12; round++) {
    const began = performance.now();
    for (let i = 0; i < repeats; i++)
      team.run("conv2d", [conv, x, packed, 0, 0, y, zeros, rows, channels], blocks, scratch);
    if (round > 2) times.push((performance.now() - began) / repeats);
  }
  for (const pointer of [conv, x, y, filter, packed]) team.heap.release(pointer);
  return (2 * side * side * 9 * channels * channels) / 1e6 / timingOf(times).ms;
}

/** Measures each layer's passes. */
export async function measureLayers(rounds: number): Promise<readonly LayerResult[]> {
  const results: LayerResult[] = [];
  const add = async (layer: string, pass: string, operations: number, work: () => tf.Tensor): Promise<void> => {
    const { ms, spread } = await measure(() => work().dispose(), rounds);
    const gflops = operations / 1e6 / ms;
    results.push({ layer, pass, gflops, spread });
  };
  for (const [side, from, to, kernel, stride] of [...NETWORK, ...INCEPTION]) {
    const isNetwork = NETWORK.some(([s, c]) => s === side && c === from);
    const pad = isNetwork ? 1 : kernel[0] === kernel[1] && kernel[0] === 3 ? "valid" : "same";
    const x = tf.randomUniform([BATCH, side, side, from]) as tf.Tensor4D;
    const filter = tf.randomUniform([...kernel, from, to]) as tf.Tensor4D;
    const y = tf.conv2d(x, filter, stride, pad);
    const [, height, width] = y.shape;
    const operations = 2 * BATCH * height * width * kernel[0] * kernel[1] * from * to;
    const name = `${side} px, ${from}-${to}, ${kernel.join("x")}${stride === 2 ? ", stride 2" : ""}`;
    await add(name, "forward", operations, () => tf.conv2d(x, filter, stride, pad));
    if (isNetwork) {
      await add(name, "input gradient", operations, () =>
        tf.conv2dTranspose(y, filter, [BATCH, side, side, from], 2, 1),
      );
      await add(name, "filter gradient", operations, () => {
        const attrs = { strides: 2, pad: 1, dataFormat: "NHWC", filterShape: filter.shape };
        return tf.engine().runKernel(tf.Conv2DBackpropFilter, { x, dy: y } as tf.NamedTensorMap, attrs) as tf.Tensor;
      });
    }
    tf.dispose([x, filter, y]);
  }
  return results;
}
