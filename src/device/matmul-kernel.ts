/**
 * Products of matrices for the `wasm` device: a product is a convolution whose filter covers the whole picture, and a^T b is the gradient
 * of that filter, so that they run on the same tiles and threads. Batches of matrices go to the stock kernel.
 */
import { BatchMatMul, type BatchMatMulAttrs, type KernelFunc, type TensorInfo } from "@tensorflow/tfjs-core";
import type { ConvShape } from "../kernels/conv-shape.js";
import { runConv2d, runConv2dFilterGradient, runTransposedConv2d } from "./conv-kernels.js";
import type { SharedMemoryBackend } from "./shared-backend.js";
import { stock } from "./stock.js";

/** Values that the tile sums before it starts again from zero (RUN in assembly/nn/tile.ts), at the end of a tap. */
const RUN = 256;

/**
 * [rows, from] by a filter [from, to]: each row a picture of one column as high as the filter, with `from` values in all, so that
 * long sums are cut into taps.
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

const matMul: KernelFunc = (params) => {
  const backend = params.backend as SharedMemoryBackend;
  const { a, b } = params.inputs as unknown as { a: TensorInfo; b: TensorInfo };
  const { transposeA, transposeB } = params.attrs as unknown as BatchMatMulAttrs;
  const plain = [a, b].every(({ shape, dtype }) => shape.length === 2 && dtype === "float32" && !shape.includes(0));
  if (!plain || (transposeA && transposeB)) return stock(BatchMatMul, params);
  const [rows, inner] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const columns = transposeB ? b.shape[0] : b.shape[1];
  const y = backend.allocate([rows, columns]);
  const x = backend.pointerOf(a);
  // a^T b is the filter's gradient of pictures a and their gradient b. As an input's gradient, with b as the filter, a b^T would
  // multiply every tap of the cut but one by zeros.
  if (transposeA) runConv2dFilterGradient(backend, product(inner, rows, columns), x, backend.pointerOf(b), y.pointer);
  else if (transposeB) runTransposedConv2d(backend, product(rows, inner, columns), x, b, y.pointer);
  else runConv2d(backend, product(rows, inner, columns), x, b, y.pointer);
  return y.info;
};

export const MATMUL_KERNELS: Readonly<Record<string, KernelFunc>> = { [BatchMatMul]: matMul };
