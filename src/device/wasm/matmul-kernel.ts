/**
 * Products of matrices on the tiles and threads of the convolutions: a product is a convolution whose filter covers the whole image,
 * and a^T b is the gradient of that filter.
 */
import { BatchMatMul, type BatchMatMulAttrs, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { ConvShape } from "../../kernels/conv-shape.js";
import type { SharedMemoryBackend } from "./backend.js";
import { runConv2d, runConv2dFilterGradient, runTransposedConv2d } from "./convolutions.js";
import { type KernelTable, typedKernel } from "./kernel-helpers.js";

/** Values that the tile sums before it starts again from zero at the end of a tap (RUN in assembly/nn/tile.ts). */
const RUN = 256;

/**
 * Describes [rows, from] by [from, to] as a convolution. Each row is an image of one column that is as high as the filter and has
 * `from` values in all, so that long sums are cut into taps.
 */
function product(rows: number, from: number, to: number): ConvShape {
  const taps = from % RUN === 0 ? from / RUN : 1;
  return {
    batch: rows,
    inputHeight: taps,
    inputWidth: 1,
    inputChannels: from / taps,
    outputHeight: 1,
    outputWidth: 1,
    outputChannels: to,
    filterHeight: taps,
    filterWidth: 1,
    strideY: 1,
    strideX: 1,
    padTop: 0,
    padLeft: 0,
  };
}

/** Computes one product. After transposing, the operands are [rows, inner] and [inner, columns]. */
function multiply(
  backend: SharedMemoryBackend,
  { rows, inner, columns }: { readonly rows: number; readonly inner: number; readonly columns: number },
  { transposeA, transposeB }: BatchMatMulAttrs,
  a: number,
  b: TensorInfo | number,
  y: number,
): void {
  // a^T b is the filter's gradient for images a and their gradient b. Computing a b^T as an input's gradient, with b as the
  // filter, would multiply every tap but one by zeros.
  if (transposeA) {
    const gradient = typeof b === "number" ? b : backend.pointerOf(b);
    runConv2dFilterGradient(backend, product(inner, rows, columns), a, gradient, y);
  } else if (transposeB) runTransposedConv2d(backend, product(rows, inner, columns), a, b, y);
  else runConv2d(backend, product(rows, inner, columns), a, b, y);
}

/** Multiplies matrices [..., r, c], those of a batch one by one. A single matrix on one side serves the whole batch. */
const matMul = typedKernel<{ a: TensorInfo; b: TensorInfo }, BatchMatMulAttrs>((backend, { a, b }, attrs) => {
  const { transposeA, transposeB } = attrs;
  const [batchA, batchB] = [a, b].map(({ shape }) => util.sizeFromShape(shape.slice(0, -2)));
  const fits = batchA === batchB || batchA === 1 || batchB === 1;
  const plain = [a, b].every(({ shape, dtype }) => shape.length <= 3 && dtype === "float32" && !shape.includes(0));
  if (!plain || !fits || (transposeA && transposeB)) return null;
  const [lastA, lastB] = [a, b].map(({ shape }) => shape.slice(-2));
  const [rows, inner] = transposeA ? [lastA[1], lastA[0]] : lastA;
  const columns = transposeB ? lastB[0] : lastB[1];
  const sizes = { rows, inner, columns };
  const batch = Math.max(batchA, batchB);
  const outer = a.shape.length === 2 && b.shape.length === 2 ? [] : [batch];
  const y = backend.allocate([...outer, rows, columns]);
  const x = backend.pointerOf(a);
  if (batchB === 1 && (batchA === 1 || !transposeA)) {
    // All rows of the batch fit into one product.
    multiply(backend, { ...sizes, rows: batchA * rows }, attrs, x, b, y.pointer);
    return y.info;
  }
  const filter = backend.pointerOf(b);
  const [stepA, stepB] = [batchA === 1 ? 0 : 4 * rows * inner, batchB === 1 ? 0 : 4 * inner * columns];
  for (let i = 0; i < batch; i++) {
    multiply(backend, sizes, attrs, x + i * stepA, filter + i * stepB, y.pointer + 4 * i * rows * columns);
  }
  return y.info;
});

export const MATMUL_KERNELS: KernelTable = { [BatchMatMul]: matMul };
