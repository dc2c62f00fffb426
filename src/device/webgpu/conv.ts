/**
 * The two gradients of a convolution as products of matrices; the gradient of the input is also the transposed convolution.
 * TensorFlow.js's own filter gradient uses one thread per weight, which goes through all pixels. Its transposed convolution
 * multiplies by the zeros that a stride of 2 puts between the pixels: three quarters of the values.
 */
import { type backend_util, env, getKernel, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { WebgpuBackend } from "./backend.js";
import type { Program } from "./program.js";

/** Bytes of the matrix that is unrolled at the same time. A larger one would only need more memory. */
const UNROLLED_BYTES = 2 ** 26;
/** Bytes that a filter's gradients, one per image, may have in all before they are added up. */
const PARTIAL_BYTES = 2 ** 25;

type ConvInfo = ReturnType<typeof backend_util.computeConv2DInfo>;

/** Sizes that both programs need; channels are counted in the program's elements. */
const SIZES = {
  count: "u32",
  first: "u32", // of the chunk's pictures in the whole batch
  in_height: "u32",
  in_width: "u32",
  out_height: "u32",
  out_width: "u32",
  channels: "u32",
  filter_height: "u32",
  filter_width: "u32",
  stride: "u32",
  top: "u32",
  left: "u32",
} as const;

/** columns[n, oy, ox, ky, kx, c] = x[n, oy s + ky - top, ox s + kx - left, c], 0 outside. */
const unroll = (element: "f32" | "vec4<f32>"): Program => ({
  name: `unroll ${element}`,
  reads: ["x"],
  writes: ["columns"],
  element,
  scalars: SIZES,
  body: `
  for (var i = group * 64u + local; i < scalars.count; i += groups * 64u) {
    let c = i % scalars.channels;
    var rest = i / scalars.channels;
    let kx = rest % scalars.filter_width;
    rest /= scalars.filter_width;
    let ky = rest % scalars.filter_height;
    rest /= scalars.filter_height;
    let ox = rest % scalars.out_width;
    rest /= scalars.out_width;
    let oy = rest % scalars.out_height;
    let n = scalars.first + rest / scalars.out_height;
    // Above the top this number wraps around, which is outside as well.
    let y = oy * scalars.stride + ky - scalars.top;
    let x_ = ox * scalars.stride + kx - scalars.left;
    var value = ${element}();
    if (y < scalars.in_height && x_ < scalars.in_width) {
      value = x[((n * scalars.in_height + y) * scalars.in_width + x_) * scalars.channels + c];
    }
    columns[i] = value;
  }`,
});

/** The transpose of unroll: each value of dx adds up the columns that were copied from its place. */
const gather = (element: "f32" | "vec4<f32>"): Program => ({
  name: `gather ${element}`,
  reads: ["columns"],
  writes: ["dx"],
  element,
  scalars: SIZES,
  body: `
  for (var i = group * 64u + local; i < scalars.count; i += groups * 64u) {
    let c = i % scalars.channels;
    var rest = i / scalars.channels;
    let x = rest % scalars.in_width;
    rest /= scalars.in_width;
    let y = rest % scalars.in_height;
    let n = rest / scalars.in_height;
    var sum = ${element}();
    for (var ky = (y + scalars.top) % scalars.stride; ky < scalars.filter_height; ky += scalars.stride) {
      let oy = (y + scalars.top - ky) / scalars.stride;
      if (y + scalars.top < ky || oy >= scalars.out_height) { continue; }
      for (var kx = (x + scalars.left) % scalars.stride; kx < scalars.filter_width; kx += scalars.stride) {
        let ox = (x + scalars.left - kx) / scalars.stride;
        if (x + scalars.left < kx || ox >= scalars.out_width) { continue; }
        let at = ((n * scalars.out_height + oy) * scalars.out_width + ox) * scalars.filter_height + ky;
        sum += columns[(at * scalars.filter_width + kx) * scalars.channels + c];
      }
    }
    dx[scalars.first * scalars.in_height * scalars.in_width * scalars.channels + i] = sum;
  }`,
});

/** total = (total, if there were images before) + parts[0] + parts[1] + ..., in this order. */
const ADD_PARTS: Program = {
  name: "addParts",
  reads: ["products"],
  writes: ["total"],
  scalars: { count: "u32", parts: "u32", before: "u32" },
  body: `
  for (var i = group * 64u + local; i < scalars.count; i += groups * 64u) {
    var sum = 0.0;
    if (scalars.before > 0u) { sum = total[i]; }
    for (var part = 0u; part < scalars.parts; part++) { sum += products[part * scalars.count + i]; }
    total[i] = sum;
  }`,
};

const PROGRAMS = { unroll, gather } as const;

/** Runs one of the two programs on `count` values of the images from `first` on. */
function rearrange(
  backend: WebgpuBackend,
  kind: keyof typeof PROGRAMS,
  [from, to]: readonly [TensorInfo, TensorInfo],
  info: ConvInfo,
  first: number,
  count: number,
): void {
  const wide = info.inChannels % 4 === 0 ? 4 : 1;
  const scalars = [
    ...[count / wide, first, info.inHeight, info.inWidth, info.outHeight, info.outWidth, info.inChannels / wide],
    ...[info.filterHeight, info.filterWidth, info.strideHeight, info.padInfo.top, info.padInfo.left],
  ];
  backend.dispatchFlat(PROGRAMS[kind](wide === 4 ? "vec4<f32>" : "f32"), [from, to], scalars, count / wide);
}

/** Whether our programs cover a convolution. All other cases are left to TensorFlow.js's own kernels. */
export function isCovered(info: ConvInfo): boolean {
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, dataFormat, inChannels } = info;
  const square = strideHeight === strideWidth && dilationHeight === 1 && dilationWidth === 1;
  return square && dataFormat === "channelsLast" && inChannels > 0;
}

const shaped = (tensor: TensorInfo, shape: number[]): TensorInfo => ({ ...tensor, shape });

function run(backend: WebgpuBackend, name: string, inputs: Record<string, TensorInfo>, attrs: object): TensorInfo {
  const kernel = getKernel(name, "webgpu");
  return kernel.kernelFunc({ inputs, backend, attrs: attrs as Record<string, never> }) as TensorInfo;
}

/** Returns images [first, first + n) of a batch, or the batch itself if those are all. The caller disposes the result. */
function take(backend: WebgpuBackend, batch: TensorInfo, first: number, n: number): TensorInfo {
  if (n === batch.shape[0]) {
    backend.incRef(batch.dataId);
    return batch;
  }
  const [, ...rest] = batch.shape;
  return run(backend, "Slice", { x: batch }, { begin: [first, 0, 0, 0], size: [n, ...rest] });
}

/** Returns how many images to compute at the same time: the fewest chunks, as equal as possible, so that the last is not small. */
function equalChunk(batch: number, most: number): number {
  return Math.ceil(batch / Math.ceil(batch / most));
}

/** TensorFlow.js's number for the program that computes each sum in one thread, always in the same order. */
const PACKED = 3;
/** With so many terms or more, TensorFlow.js may add up a single product with atomics, in an order that varies from call to call. */
const LONG_SUM = 2000;

/** Multiplies matrices, with the same bits in every call. @param inner number of terms of each sum */
function multiply(
  backend: WebgpuBackend,
  inputs: { readonly a: TensorInfo; readonly b: TensorInfo },
  inner: number,
  attrs: { readonly transposeA: boolean; readonly transposeB: boolean },
): TensorInfo {
  const flag = "WEBGPU_MATMUL_PROGRAM_TYPE";
  const before = env().getNumber(flag);
  if (inputs.a.shape[0] === 1 && inner >= LONG_SUM) env().set(flag, PACKED);
  try {
    return run(backend, "BatchMatMul", inputs, attrs);
  } finally {
    env().set(flag, before);
  }
}

/** Returns how many images are unrolled at the same time. */
function chunkOf(backend: WebgpuBackend, info: ConvInfo, unrolledBytes: number): number {
  const { outHeight, outWidth, filterHeight, filterWidth, inChannels, batchSize } = info;
  const bytes = outHeight * outWidth * filterHeight * filterWidth * inChannels * 4;
  const most = Math.min(unrolledBytes, backend.device.limits.maxStorageBufferBindingSize);
  return equalChunk(batchSize, Math.max(1, Math.floor(most / bytes)));
}

/** Returns the largest divisor of n up to `most`. */
function divisorUpTo(n: number, most: number): number {
  let divisor = Math.max(1, Math.min(n, Math.floor(most)));
  while (n % divisor !== 0) divisor--;
  return divisor;
}

/** @returns the filter's gradient, [kh, kw, in, out] */
export function filterGradient(
  backend: WebgpuBackend,
  x: TensorInfo,
  dy: TensorInfo,
  info: ConvInfo,
  unrolledBytes = UNROLLED_BYTES,
): TensorInfo {
  const { batchSize, outHeight, outWidth, outChannels, filterHeight, filterWidth, inChannels } = info;
  const rows = filterHeight * filterWidth * inChannels;
  const pixels = outHeight * outWidth;
  const chunk = chunkOf(backend, info, unrolledBytes);
  const total = backend.makeTensorInfo([filterHeight, filterWidth, inChannels, outChannels], "float32");
  for (let first = 0; first < batchSize; first += chunk) {
    const n = Math.min(chunk, batchSize - first);
    const columns = backend.makeTensorInfo([n, pixels, rows], "float32");
    rearrange(backend, "unroll", [x, columns], info, first, n * pixels * rows);
    // There are many pixels for a small filter. So groups of images, which a GPU computes in parallel, each give a gradient, and
    // these are added. A single long product is cut into two halves, so that more threads work on it.
    const pictures = divisorUpTo(n, PARTIAL_BYTES / (rows * outChannels * 4));
    const parts = pictures === 1 && n * pixels >= LONG_SUM && (n * pixels) % 2 === 0 ? 2 : pictures;
    const slopes = take(backend, dy, first, n);
    const inner = (n * pixels) / parts;
    const a = shaped(columns, [parts, inner, rows]);
    const b = shaped(slopes, [parts, inner, outChannels]);
    const products = multiply(backend, { a, b }, inner, { transposeA: true, transposeB: false });
    backend.disposeData(columns.dataId);
    backend.disposeData(slopes.dataId);
    backend.dispatchFlat(ADD_PARTS, [products, total], [rows * outChannels, parts, first], rows * outChannels);
    backend.disposeData(products.dataId);
  }
  return total;
}

/** @param filter [kh, kw, in, out] @returns the gradient of the convolution's input, [N, H, W, in] */
export function inputGradient(
  backend: WebgpuBackend,
  dy: TensorInfo,
  filter: TensorInfo,
  info: ConvInfo,
  unrolledBytes = UNROLLED_BYTES,
): TensorInfo {
  const { batchSize, outHeight, outWidth, outChannels, inHeight, inWidth, inChannels } = info;
  const rows = util.sizeFromShape(filter.shape.slice(0, 3));
  const pixels = outHeight * outWidth;
  const chunk = chunkOf(backend, info, unrolledBytes);
  const dx = backend.makeTensorInfo([batchSize, inHeight, inWidth, inChannels], "float32");
  for (let first = 0; first < batchSize; first += chunk) {
    const n = Math.min(chunk, batchSize - first);
    const slopes = take(backend, dy, first, n);
    const a = shaped(slopes, [1, n * pixels, outChannels]);
    const b = shaped(filter, [1, rows, outChannels]);
    const columns = multiply(backend, { a, b }, outChannels, { transposeA: false, transposeB: true });
    rearrange(backend, "gather", [columns, dx], info, first, n * inHeight * inWidth * inChannels);
    backend.disposeData(columns.dataId);
    backend.disposeData(slopes.dataId);
  }
  return dx;
}
