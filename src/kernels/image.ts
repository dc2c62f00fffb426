/**
 * The exports of image.wasm. Pointers are byte offsets in the memory, sizes are in pixels, strides in bytes. The
 * kernels check nothing: callers must pass sizes that lie within the memory, and finite matrices.
 */
import { instantiate, loadModule } from "./module.js";

/** Source image, target image, and the matrix that maps target pixels to source pixels. */
export type WarpKernel = (
  src: number,
  srcWidth: number,
  srcHeight: number,
  srcStride: number,
  dst: number,
  dstWidth: number,
  dstHeight: number,
  dstStride: number,
  a: number,
  b: number,
  tx: number,
  c: number,
  d: number,
  ty: number,
) => void;

/** `starts` and `weights` point to the tables of resizeWeights() (resize-weights.ts). */
export type ResizeKernel = (
  src: number,
  srcStride: number,
  dst: number,
  dstStride: number,
  width: number,
  height: number,
  starts: number,
  weights: number,
  taps: number,
) => void;

export type ConvertKernel = (src: number, dst: number, count: number) => void;

/** `tables` and `scratch` are described in jpeg-tables.ts. Returns the number of bytes written at `out`. */
export type JpegScanKernel = (
  src: number,
  width: number,
  height: number,
  stride: number,
  tables: number,
  scratch: number,
  out: number,
) => number;

/**
 * The pointers come from layOutJpegWindow() (jpeg-window.ts). Returns the number of bytes used up to the end of the
 * last block, or a negative error.
 */
export type JpegDecodeKernel = (data: number, length: number, params: number, scratch: number) => number;
export type JpegColourKernel = (params: number, dst: number, dstStride: number, scratch: number) => void;

export interface ImageKernels {
  /** Reads the scan of a baseline JPEG file completely -> a plane of samples per component, for a window only. */
  readonly decodeJpegScan: JpegDecodeKernel;
  /** Planes of decodeJpegScan -> opaque RGBA u8. */
  readonly colourJpegWindow: JpegColourKernel;
  /** RGBA u8 -> the entropy-coded scan of a baseline 4:2:0 JPEG file. */
  readonly encodeJpegScan: JpegScanKernel;
  /** RGBA u8 -> opaque RGBA u8, bilinear, black outside. */
  readonly warpAffineRgba: WarpKernel;
  /** RGBA u8 -> RGB f32 in [-1, 1], bilinear, -1 outside. */
  readonly warpAffineFloat: WarpKernel;
  /** Resamples along rows: `width` is the target's, `height` the source's. */
  readonly resizeAcrossRgba: ResizeKernel;
  /** Resamples along columns: `width` is the source's, `height` the target's. */
  readonly resizeDownRgba: ResizeKernel;
  /** u8 -> f32 in [-1, 1], `count` samples. */
  readonly normalizeBytes: ConvertKernel;
  /** RGBA u8 -> RGB f32 in [-1, 1], `count` pixels. */
  readonly normalizeRgba: ConvertKernel;
  /** f32 -> u8, rounded and clipped, `count` samples. */
  readonly denormalizeBytes: ConvertKernel;
  /** RGB f32 -> opaque RGBA u8, rounded and clipped, `count` pixels. */
  readonly denormalizeRgba: ConvertKernel;
}

/** Instantiates image.wasm on `memory` in this thread. Workers get the compiled module and call instantiate() instead. */
export async function loadImageKernels(memory: WebAssembly.Memory): Promise<ImageKernels> {
  return instantiate<ImageKernels>(await loadModule("image"), memory);
}
