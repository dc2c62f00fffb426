/**
 * The layers of the face networks, for inference, on a team of threads and its memory. They use the kernels of the `wasm`
 * device directly, so threads that prepare pictures need no TensorFlow.js.
 */
import { type ConvMemory, runPackedConv2d } from "../device/wasm/convolutions.js";
import { NARROW, panelCount, roundUp } from "../device/wasm/panels.js";
import { CONV_SHAPE_BYTES, type ConvShape, writeConvShape } from "../kernels/conv-shape.js";
import { SharedHeap } from "../kernels/heap.js";
import { HAS_SHARED_MEMORY, PAGE } from "../kernels/memory.js";
import { loadModule } from "../kernels/module.js";
import { TEAM_KERNELS } from "../kernels/nn.js";
import { KernelTeam } from "../pool/team/team.js";
import type { Weights } from "./weights.js";

/** Activations on the heap, float32 [batch, height, width, channels]. */
export interface Features {
  readonly pointer: number;
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Weights on the heap of a convolution: panels of its filter [kh, kw, cin, cout], and its bias [cout]. */
export interface Convolution {
  readonly filter: number;
  readonly bias: number;
  readonly side: number;
  readonly inputChannels: number;
  readonly outputChannels: number;
}

/** Weights on the heap of a depthwise convolution: its filter [3, 3, channels], and its bias [channels] or 0. */
export interface Depthwise {
  readonly filter: number;
  readonly bias: number;
}

/** What follows a sum: nothing, ReLU, a limit (results are in 0 .. limit), or a slope below zero. */
export type Activation = "none" | "relu" | { readonly limit: number } | { readonly slope: number };

interface Window {
  readonly stride: number;
  /** `same`: as many outputs as inputs, divided by the stride and rounded up. `valid`: only windows within the input. */
  readonly padding: "same" | "valid";
}

/** More bytes than the weights of three networks and the activations of any input ever need. */
const MEMORY_BYTES = 256 * 2 ** 20;
/** From this size on, free blocks that are larger than needed are used again, so that photos of all shapes share them. */
const COMFORT_BYTES = 64 * 2 ** 20;
/** Size of the depthwise results that are computed before their pointwise convolution, so that they stay in the cache. */
const BAND_BYTES = 2 ** 17;
const ZEROS = 4096;
const BLOCK_VALUES = 16384;
/** Operations of the elementwise kernels. */
const ADD = 0;
const LIMIT = 3;

/** Number of outputs along an axis, and how far the first window begins before the input. */
function windowsOf(extent: number, side: number, { stride, padding }: Window): { count: number; before: number } {
  if (padding === "valid") return { count: Math.floor((extent - side) / stride) + 1, before: 0 };
  const count = Math.ceil(extent / stride);
  return { count, before: Math.floor(Math.max(0, (count - 1) * stride + side - extent) / 2) };
}

/** Makes the memory of the networks. It is small, so that every worker may have one. */
function makeHeap(): SharedHeap {
  const pages = MEMORY_BYTES / PAGE;
  const memory = HAS_SHARED_MEMORY
    ? new WebAssembly.Memory({ initial: 1024, maximum: pages, shared: true })
    : new WebAssembly.Memory({ initial: pages, maximum: pages });
  const heap = new SharedHeap(memory, MEMORY_BYTES);
  heap.comfortBytes = COMFORT_BYTES;
  return heap;
}

export class FaceLayers {
  private readonly memory: ConvMemory;

  private constructor(private readonly team: KernelTeam) {
    const zeros = this.put(new Float32Array(ZEROS));
    this.memory = { team, zerosOf: () => zeros };
  }

  /** @param threads number of threads, including the calling one */
  static async open(threads: number): Promise<FaceLayers> {
    return new FaceLayers(new KernelTeam(await loadModule("nn"), threads, TEAM_KERNELS, makeHeap()));
  }

  async close(): Promise<void> {
    await this.team.close();
  }

  /** Copies values to the heap, where they stay. */
  private put(values: Float32Array): number {
    const pointer = this.team.heap.allocate(values.byteLength);
    this.team.heap.floats(pointer, values.length).set(values);
    return pointer;
  }

  /** Stores a convolution. @param filter [kh, kw, cin, cout] with kh = kw @param bias [cout] */
  loadConvolution(filter: Weights, bias: Float32Array): Convolution {
    const [side, , inputChannels, outputChannels] = filter.shape;
    const { heap } = this.team;
    const packed = heap.allocate(side * side * inputChannels * roundUp(outputChannels, NARROW) * 4);
    const shape = this.shapeOf({ batch: 1, height: side, width: side }, { side, inputChannels, outputChannels });
    heap.withBlock(filter.values.byteLength, (from) => {
      heap.floats(from, filter.values.length).set(filter.values);
      this.withShape(shape, (conv) => {
        this.team.run("packConv2dFilter", [conv, from, packed], panelCount(outputChannels));
      });
    });
    return { filter: packed, bias: this.put(bias), side, inputChannels, outputChannels };
  }

  /** Stores a depthwise convolution. @param filter [3, 3, channels, 1] @param bias [channels], or null for none */
  loadDepthwise(filter: Weights, bias: Float32Array | null): Depthwise {
    return { filter: this.put(filter.values), bias: bias === null ? 0 : this.put(bias) };
  }

  private shapeOf(
    x: { readonly batch: number; readonly height: number; readonly width: number },
    layer: { readonly side: number; readonly inputChannels: number; readonly outputChannels: number },
    window: Window = { stride: 1, padding: "valid" },
  ): ConvShape {
    const { side, inputChannels, outputChannels } = layer;
    const [down, across] = [windowsOf(x.height, side, window), windowsOf(x.width, side, window)];
    return {
      batch: x.batch,
      ...{ inputHeight: x.height, inputWidth: x.width, inputChannels },
      ...{ outputHeight: down.count, outputWidth: across.count, outputChannels },
      ...{ filterHeight: side, filterWidth: side, strideY: window.stride, strideX: window.stride },
      ...{ padTop: down.before, padLeft: across.before },
    };
  }

  private withShape(shape: ConvShape, body: (conv: number) => void): void {
    const { heap } = this.team;
    heap.withBlock(CONV_SHAPE_BYTES, (conv) => {
      writeConvShape(heap.words(), conv, shape);
      body(conv);
    });
  }

  private allocate(batch: number, height: number, width: number, channels: number): Features {
    const pointer = this.team.heap.allocate(batch * height * width * channels * 4);
    return { pointer, batch, height, width, channels };
  }

  /** Runs `body` and then releases all activations that were made in it. */
  scope<T>(body: () => T): T {
    return this.team.heap.scope(body);
  }

  /** Makes an input. @param fill writes the values, [height, width, channels] for each image */
  input(batch: number, height: number, width: number, fill: (values: Float32Array) => void): Features {
    const x = this.allocate(batch, height, width, 3);
    fill(this.read(x));
    return x;
  }

  /** One image of zeros. */
  zeros(height: number, width: number, channels: number): Features {
    const x = this.allocate(1, height, width, channels);
    this.read(x).fill(0);
    return x;
  }

  /** A view of activations. */
  read({ pointer, batch, height, width, channels }: Features): Float32Array {
    return this.team.heap.floats(pointer, batch * height * width * channels);
  }

  release({ pointer }: Features): void {
    this.team.heap.release(pointer);
  }

  /** Applies what a convolution itself cannot: a slope with the bias, or a limit. */
  private activate(y: number, pixels: number, layer: Convolution, activation: Activation): void {
    if (typeof activation === "string") return;
    const channels = layer.outputChannels;
    const rows = Math.max(1, Math.floor(BLOCK_VALUES / channels));
    if ("slope" in activation) {
      const values = [y, layer.bias, y, pixels, channels, activation.slope, rows];
      this.team.run("biasLeaky", values, Math.ceil(pixels / rows));
    } else this.limit(y, pixels * channels, activation.limit);
  }

  private limit(y: number, count: number, limit: number): void {
    this.team.run("unary", [LIMIT, y, y, limit, count, BLOCK_VALUES], Math.ceil(count / BLOCK_VALUES));
  }

  private convolve(shape: ConvShape, x: number, layer: Convolution, y: number, activation: Activation): void {
    const bias = typeof activation === "object" && "slope" in activation ? 0 : layer.bias;
    this.withShape(shape, (conv) => {
      runPackedConv2d(this.memory, shape, conv, x, layer.filter, y, { bias, relu: activation === "relu" });
    });
    this.activate(y, shape.batch * shape.outputHeight * shape.outputWidth, layer, activation);
  }

  convolution(x: Features, layer: Convolution, window: Window, activation: Activation): Features {
    const shape = this.shapeOf(x, layer, window);
    const y = this.allocate(x.batch, shape.outputHeight, shape.outputWidth, layer.outputChannels);
    this.convolve(shape, x.pointer, layer, y.pointer, activation);
    return y;
  }

  /**
   * A depthwise convolution with `same` padding, followed by a pointwise one, in bands of lines.
   * @param limit the depthwise results are limited to 0 .. limit; 0 leaves them as they are
   */
  separable(
    x: Features,
    depthwise: Depthwise,
    pointwise: Convolution,
    { stride, limit, activation }: { readonly stride: number; readonly limit: number; readonly activation: Activation },
  ): Features {
    const { team } = this;
    const { inputChannels, outputChannels } = pointwise;
    const shape = this.shapeOf(
      x,
      { side: 3, inputChannels, outputChannels: inputChannels },
      { stride, padding: "same" },
    );
    const { outputHeight, outputWidth } = shape;
    const y = this.allocate(x.batch, outputHeight, outputWidth, outputChannels);
    const lineBytes = outputWidth * inputChannels * 4;
    const lines = x.batch * outputHeight;
    const bandLines = Math.min(lines, Math.max(1, Math.floor((BAND_BYTES * team.threads) / lineBytes)));
    const blockLines = Math.max(1, Math.ceil(bandLines / (2 * team.threads)));
    this.withShape(shape, (conv) => {
      team.heap.withBlock(bandLines * lineBytes, (band) => {
        for (let first = 0; first < lines; first += bandLines) {
          const count = Math.min(bandLines, lines - first);
          const values = [conv, x.pointer, depthwise.filter, depthwise.bias, limit, band, first, count, blockLines];
          team.run("depthwiseConv2d", values, Math.ceil(count / blockLines));
          const rows = this.shapeOf({ batch: 1, height: count, width: outputWidth }, pointwise);
          const to = y.pointer + first * outputWidth * outputChannels * 4;
          this.convolve(rows, band, pointwise, to, activation);
        }
      });
    });
    return y;
  }

  /** Pooling with square windows. */
  pool(x: Features, side: number, window: Window, kind: "max" | "average"): Features {
    const [down, across] = [windowsOf(x.height, side, window), windowsOf(x.width, side, window)];
    const y = this.allocate(x.batch, down.count, across.count, x.channels);
    const rows = x.batch * down.count;
    const blockRows = Math.max(1, Math.floor(BLOCK_VALUES / (across.count * x.channels)));
    const sizes = [x.height, x.width, x.channels, down.count, across.count];
    const rest = [side, window.stride, down.before, across.before, kind === "average" ? 1 : 0, rows, blockRows];
    this.team.run("pool", [x.pointer, y.pointer, ...sizes, ...rest], Math.ceil(rows / blockRows));
    return y;
  }

  /** x += term */
  add(x: Features, term: Features): void {
    const count = x.batch * x.height * x.width * x.channels;
    const values = [ADD, x.pointer, term.pointer, x.pointer, 0, 0, count, BLOCK_VALUES];
    this.team.run("binary", values, Math.ceil(count / BLOCK_VALUES));
  }

  /** max(x, 0) as new activations. */
  relu(x: Features): Features {
    const y = this.allocate(x.batch, x.height, x.width, x.channels);
    const count = x.batch * x.height * x.width * x.channels;
    const values = [LIMIT, x.pointer, y.pointer, Number.POSITIVE_INFINITY, count, BLOCK_VALUES];
    this.team.run("unary", values, Math.ceil(count / BLOCK_VALUES));
    return y;
  }
}
