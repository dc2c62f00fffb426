/**
 * Measures the network's convolutions one by one, compared with the device's rates in a large product of matrices and
 * in copying.
 */
import * as tf from "@tensorflow/tfjs-core";
import { discriminatorChannels, encoderChannels, OFFICIAL_NETWORK } from "../../src/methods/elegant/config.js";
import type { Timing } from "../measure.js";
import { ATTRIBUTES, attempt, type Bench, compare, onDevice } from "./bench.js";
import { measureQueued } from "./timing.js";

/** Side of the input in pixels, channels in and out; 3 x 3, stride 2, padding 1. */
type Layer = readonly [side: number, from: number, to: number];

export const PASSES = ["forward", "input gradient", "filter gradient"] as const;

/**
 * The distinct convolutions of encoder, decoder and both discriminators. A block of the decoder is the input gradient
 * of the layer in the opposite direction.
 */
export function networkLayers(size: number, width: number): readonly Layer[] {
  const chain = (side: number, channels: readonly number[]): Layer[] =>
    channels.slice(1).map((to, i) => [side / 2 ** i, channels[i], to]);
  const down = encoderChannels({ ...OFFICIAL_NETWORK, width });
  const judged = [
    3 + ATTRIBUTES.length,
    ...discriminatorChannels({ ...OFFICIAL_NETWORK, size: 256, width, attributes: ATTRIBUTES }),
  ];
  const all: Layer[] = [
    ...chain(size, [3, ...down]),
    [size / 16, 8 * width, 16 * width], // first block of the decoder, which gets the latent twice
    ...chain(size, judged),
    ...chain(size / 2, judged),
  ];
  return [...new Map(all.map((layer) => [layer.join(), layer])).values()];
}

export interface LayerResult {
  readonly layer: string;
  readonly pass: string;
  readonly gflops: number;
  readonly spread: number;
  /** Share of the device's rate in a large product. */
  readonly shareOfProduct: number | null;
  /** The smallest number of bytes that must be read and written, divided by the bytes that could be copied in the same time. */
  readonly shareOfCopy: number | null;
  readonly peerGflops: number | null;
}

/** The device's rates with the same library, and PyTorch's for comparison. */
export interface Rates {
  readonly productGflops: number;
  /** Gigabytes read and written per second. */
  readonly copyGigabytes: number;
}

export async function measureRates(bench: Bench, until: number): Promise<Rates | null> {
  const { product, copy } = bench.sizes;
  const section = bench.budget.section(until, 2);
  return attempt(bench, "rates of the device", () =>
    onDevice(bench, async () => {
      const [a, b] = [1, 2].map((seed) => tf.randomUniform([product, product], -1, 1, "float32", seed));
      const multiplied = await compare(bench, section, {
        work: `product of matrices, ${product} x ${product}`,
        ours: (seconds) => measureQueued(() => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D), seconds),
        request: { work: "product", size: product },
      });
      tf.dispose([a, b]);
      const x = tf.ones([copy]);
      const copied = await compare(bench, section, {
        work: `max(x, 0) of ${copy / 2 ** 20} Mi numbers, for the rate of copying`,
        ours: (seconds) => measureQueued(() => tf.relu(x), seconds),
        request: { work: "copy", size: copy },
        precisions: ["float32"],
      });
      x.dispose();
      if (multiplied === null || copied === null) return null;
      const rates = {
        productGflops: (2 * product ** 3) / 1e6 / multiplied.ours.ms,
        copyGigabytes: (8 * copy) / 1e6 / copied.ours.ms,
      };
      console.log(
        `The device: ${rates.productGflops.toPrecision(3)} GFLOP/s, ${rates.copyGigabytes.toPrecision(3)} GB/s copied`,
      );
      return rates;
    }),
  );
}

/** Measures each layer's three passes. If `rates` is null, the shares are missing as well. */
export async function measureLayers(bench: Bench, until: number, rates: Rates | null): Promise<readonly LayerResult[]> {
  const { size, batch } = bench.sizes.layers;
  const layers = networkLayers(size, bench.sizes.width);
  const section = bench.budget.section(until, layers.length * PASSES.length);
  const results: LayerResult[] = [];
  const measureLayer = async ([side, from, to]: Layer): Promise<void> => {
    const x = tf.randomUniform([batch, side, side, from], -1, 1) as tf.Tensor4D;
    const filter = tf.randomUniform([3, 3, from, to], -1, 1) as tf.Tensor4D;
    const y = tf.conv2d(x, filter, 2, 1); // [batch, side / 2, side / 2, to]
    const operations = 2 * y.size * 9 * from;
    const bytes = 4 * (x.size + filter.size + y.size);
    const attrs = { strides: 2, pad: 1, dataFormat: "NHWC", filterShape: filter.shape };
    const passes = {
      forward: () => tf.conv2d(x, filter, 2, 1),
      "input gradient": () => tf.conv2dTranspose(y, filter, [batch, side, side, from], 2, 1),
      "filter gradient": () =>
        tf.engine().runKernel(tf.Conv2DBackpropFilter, { x, dy: y } as tf.NamedTensorMap, attrs) as tf.Tensor,
    } as const;
    const layer = `${side} px, ${from}-${to}`;
    for (const pass of PASSES) {
      const compared = await compare(bench, section, {
        work: `convolution, ${layer}, batch ${batch}, ${pass}`,
        ours: (seconds: number): Promise<Timing> => measureQueued(passes[pass], seconds),
        request: { work: "layer", side, inputs: from, outputs: to, batch, passed: pass },
        precisions: ["float32"],
      });
      if (compared === null) continue;
      const { ms, spread } = compared.ours;
      const gflops = operations / 1e6 / ms;
      results.push({
        layer,
        pass,
        gflops,
        spread,
        shareOfProduct: rates === null ? null : gflops / rates.productGflops,
        shareOfCopy: rates === null ? null : bytes / 1e6 / ms / rates.copyGigabytes,
        peerGflops: compared.peer === null ? null : operations / 1e6 / compared.peer.ms,
      });
    }
    tf.dispose([x, filter, y]);
  };
  await attempt(bench, "convolutions", () =>
    onDevice(bench, async () => {
      for (const layer of layers) await measureLayer(layer);
    }),
  );
  return results;
}
