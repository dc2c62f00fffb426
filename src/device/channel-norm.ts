/**
 * The published Normalization with bias, activation and skip around it, as one differentiable operation.
 * On the `wasm` device it is a kernel of ours with a gradient of ours; elsewhere it is composed from stock operations,
 * which are its twin.
 */
import * as tf from "@tensorflow/tfjs-core";
import { BACKEND_NAME, type SharedMemoryBackend } from "./shared-backend.js";

const CHANNEL_NORM = "ElegantChannelNorm";
const CHANNEL_NORM_GRADIENT = "ElegantChannelNormGradient";
const EPSILON = 1e-12;
/** Pixels of one block; also how far one partial sum of the bias's gradient runs. */
const BLOCK_VALUES = 32768;

const blockRowsFor = (channels: number): number => Math.max(1, Math.floor(BLOCK_VALUES / channels));

export interface ChannelNormInputs {
  /** [N, H, W, C] */
  readonly x: tf.Tensor4D;
  /** [C] */
  readonly bias: tf.Tensor1D;
  /** Scalars of the layer, [1]. */
  readonly alpha: tf.Tensor1D;
  readonly beta: tf.Tensor1D;
  /** [N, H, W, C], added after the activation. */
  readonly skip?: tf.Tensor4D;
}

/**
 * v = x + bias; t = alpha * v / max(||v||_2 over channels, 1e-12) + beta; y = (t > 0 ? t : slope * t) + skip.
 * @param slope 0.2 for LeakyReLU, 0 for ReLU
 */
export function channelNorm(inputs: ChannelNormInputs, slope: number): tf.Tensor4D {
  const { x, bias, alpha, beta, skip } = inputs;
  if (tf.getKernel(CHANNEL_NORM, tf.getBackend()) != null) {
    const named: tf.NamedTensorMap = skip === undefined ? { x, bias, alpha, beta } : { x, bias, alpha, beta, skip };
    return tf.engine().runKernel(CHANNEL_NORM, named, { slope }) as tf.Tensor4D;
  }
  return tf.tidy(() => {
    const v = tf.add(x, bias);
    const length = tf.sqrt(tf.sum(tf.square(v), -1, true));
    const t = tf.add(tf.mul(alpha, tf.div(v, tf.maximum(length, EPSILON))), beta);
    const y = slope === 0 ? tf.relu(t) : tf.leakyRelu(t, slope);
    return (skip === undefined ? y : tf.add(y, skip)) as tf.Tensor4D;
  });
}

/** TensorFlow.js hands inputs over as an untyped record; the kernel's name fixes what is in it. */
interface KernelInputs {
  readonly x: tf.TensorInfo;
  readonly bias: tf.TensorInfo;
  readonly alpha: tf.TensorInfo;
  readonly beta: tf.TensorInfo;
  readonly skip?: tf.TensorInfo;
}

function pixelsOf(shape: readonly number[]): { readonly pixels: number; readonly channels: number } {
  const channels = shape[shape.length - 1];
  return { pixels: tf.util.sizeFromShape(shape as number[]) / channels, channels };
}

/** Registers the kernel, its gradient's kernel and the gradient with TensorFlow.js. */
export function registerChannelNorm(): void {
  tf.registerKernel({
    kernelName: CHANNEL_NORM,
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, backend, attrs }) => {
      const shared = backend as SharedMemoryBackend;
      const { x, bias, alpha, beta, skip } = inputs as unknown as KernelInputs;
      const { pixels, channels } = pixelsOf(x.shape);
      const y = shared.allocate(x.shape);
      const blockRows = blockRowsFor(channels);
      const values = [
        ...[x, bias, alpha, beta].map((t) => shared.pointerOf(t)),
        skip === undefined ? 0 : shared.pointerOf(skip),
        y.pointer,
        pixels,
        channels,
        (attrs as { slope: number }).slope,
        blockRows,
      ];
      shared.team.run("channelNorm", values, Math.ceil(pixels / blockRows));
      return y.info;
    },
  });
  tf.registerKernel({
    kernelName: CHANNEL_NORM_GRADIENT,
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, backend, attrs }) => {
      const shared = backend as SharedMemoryBackend;
      const { team } = shared;
      const { x, bias, alpha, beta, dy } = inputs as unknown as KernelInputs & { readonly dy: tf.TensorInfo };
      const { pixels, channels } = pixelsOf(x.shape);
      const blockRows = blockRowsFor(channels);
      const blocks = Math.ceil(pixels / blockRows);
      const dx = shared.allocate(x.shape);
      const sums = shared.allocate([channels + 2]);
      const partial = team.heap.allocate(blocks * (channels + 2) * 4);
      const values = [
        ...[x, bias, alpha, beta, dy].map((t) => shared.pointerOf(t)),
        dx.pointer,
        partial,
        pixels,
        channels,
        (attrs as { slope: number }).slope,
        blockRows,
      ];
      team.run("channelNormGradient", values, blocks);
      team.kernels.sumPartials(partial, blocks, channels + 2, sums.pointer);
      team.heap.release(partial);
      return [dx.info, sums.info];
    },
  });
  tf.registerGradient({
    kernelName: CHANNEL_NORM,
    inputsToSave: ["x", "bias", "alpha", "beta"],
    gradFunc: (dy, saved, attrs) => {
      const [x, bias, alpha, beta] = saved;
      const upstream = dy as tf.Tensor;
      // One pass gives all four; TensorFlow.js asks for those it needs.
      const inputs = { x, bias, alpha, beta, dy: upstream };
      const [dx, sums] = tf.engine().runKernel(CHANNEL_NORM_GRADIENT, inputs, attrs) as tf.Tensor[];
      const channels = bias.size;
      return {
        x: () => dx,
        bias: () => tf.slice(sums, 0, channels),
        alpha: () => tf.slice(sums, channels, 1),
        beta: () => tf.slice(sums, channels + 1, 1),
        skip: () => tf.clone(upstream),
      };
    },
  });
}
