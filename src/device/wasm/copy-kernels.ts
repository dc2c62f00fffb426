/**
 * Slice, SplitV, Concat, PadV2, Tile and the gradient of 2x2 average pooling. TensorFlow.js's own kernels walk element by element
 * through index arrays; ours copy runs of consecutive values. All other cases are left to TensorFlow.js's kernels.
 */
import {
  type AvgPoolAttrs,
  AvgPoolGrad,
  backend_util,
  Concat,
  type ConcatAttrs,
  PadV2,
  type PadV2Attrs,
  Slice,
  type SliceAttrs,
  SplitV,
  type SplitVAttrs,
  slice_util,
  type TensorInfo,
  Tile,
  type TileAttrs,
  util,
} from "@tensorflow/tfjs-core";
import type { SharedMemoryBackend } from "./backend.js";
import { type KernelTable, typedKernel } from "./kernel-helpers.js";

function floats(backend: SharedMemoryBackend, tensor: TensorInfo): Float32Array {
  return backend.data.get(tensor.dataId).values as Float32Array;
}

/** Values per block that the team copies. */
const BLOCK_VALUES = 16384;

/** The address of the first run of consecutive float32 values, and the number of values from the start of one run to the next. */
interface Runs {
  readonly pointer: number;
  readonly stride: number;
}

/** Copies `count` runs of `length` values. */
function copyRuns(backend: SharedMemoryBackend, from: Runs, to: Runs, length: number, count: number): void {
  if (length === 0 || count === 0) return;
  if (count === 1 && length > BLOCK_VALUES) {
    // One long run becomes many, so that all threads share it.
    const parts = Math.floor(length / BLOCK_VALUES);
    const done = parts * BLOCK_VALUES * 4;
    const part = (pointer: number): Runs => ({ pointer, stride: BLOCK_VALUES });
    copyRuns(backend, part(from.pointer), part(to.pointer), BLOCK_VALUES, parts);
    const rest = { from: { ...from, pointer: from.pointer + done }, to: { ...to, pointer: to.pointer + done } };
    copyRuns(backend, rest.from, rest.to, length % BLOCK_VALUES, 1);
    return;
  }
  const blockRuns = Math.max(1, Math.floor(BLOCK_VALUES / length));
  const values = [from.pointer, to.pointer, 4 * length, 4 * from.stride, 4 * to.stride, count, blockRuns];
  backend.team.run("copyRuns", values, Math.ceil(count / blockRuns));
}

const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);

/** Copies a part of one axis and all of the others: [outer, axis, inner] -> [outer, size, inner]. */
function takeFromAxis(
  backend: SharedMemoryBackend,
  x: TensorInfo,
  axis: number,
  begin: number,
  size: number,
): TensorInfo {
  const inner = product(x.shape.slice(axis + 1));
  const outer = product(x.shape.slice(0, axis));
  const shape = x.shape.map((extent, i) => (i === axis ? size : extent));
  const y = backend.allocate(shape);
  const from = { pointer: backend.pointerOf(x) + 4 * begin * inner, stride: x.shape[axis] * inner };
  copyRuns(backend, from, { pointer: y.pointer, stride: size * inner }, size * inner, outer);
  return y.info;
}

const slice = typedKernel<{ x: TensorInfo }, SliceAttrs>((backend, { x }, { begin, size }) => {
  const [from, extents] = slice_util.parseSliceParams(
    x as Parameters<typeof slice_util.parseSliceParams>[0],
    begin,
    size,
  );
  const cut = extents.flatMap((extent, i) => (extent === x.shape[i] ? [] : [i]));
  if (x.dtype !== "float32" || cut.length > 1) return null;
  const axis = cut[0] ?? 0;
  return takeFromAxis(backend, x, axis, from[axis] ?? 0, extents[axis] ?? 1);
});

const splitV = typedKernel<{ x: TensorInfo }, SplitVAttrs>((backend, { x }, { numOrSizeSplits, axis }) => {
  const [dim] = util.parseAxisParam(axis, x.shape);
  const sizes = backend_util.prepareSplitSize(
    x as Parameters<typeof backend_util.prepareSplitSize>[0],
    numOrSizeSplits,
    dim,
  );
  if (x.dtype !== "float32") return null;
  let begin = 0;
  return sizes.map((size) => {
    const part = takeFromAxis(backend, x, dim, begin, size);
    begin += size;
    return part;
  });
});

/** Repetition along neighbouring axes of extent 1, as when labels become planes: [n, 1, 1, c] -> [n, h, w, c]. */
const tile = typedKernel<{ x: TensorInfo }, TileAttrs>((backend, { x }, { reps }) => {
  const first = reps.findIndex((count) => count > 1);
  const last = reps.findLastIndex((count) => count > 1);
  const single = first < 0 || x.shape.slice(first, last + 1).every((extent) => extent === 1);
  if (x.dtype !== "float32" || !single || reps.length !== x.shape.length) return null;
  const y = backend.allocate(x.shape.map((extent, i) => extent * reps[i]));
  const inner = product(x.shape.slice(last + 1));
  const times = product(reps);
  const from = floats(backend, x);
  const to = floats(backend, y.info);
  for (let start = 0, out = 0; start < from.length; start += inner) {
    for (let time = 0; time < times; time++) {
      for (let i = start; i < start + inner; i++) to[out++] = from[i];
    }
  }
  return y.info;
});

const concat = typedKernel<TensorInfo[], ConcatAttrs>((backend, inputs, { axis }) => {
  if (inputs.some(({ dtype }) => dtype !== "float32")) return null;
  const [dim] = util.parseAxisParam(axis, inputs[0].shape);
  const inner = product(inputs[0].shape.slice(dim + 1));
  const outer = product(inputs[0].shape.slice(0, dim));
  const total = inputs.reduce((sum, { shape }) => sum + shape[dim], 0);
  const y = backend.allocate(inputs[0].shape.map((extent, i) => (i === dim ? total : extent)));
  let start = 0;
  for (const input of inputs) {
    const length = input.shape[dim] * inner;
    const from = { pointer: backend.pointerOf(input), stride: length };
    copyRuns(backend, from, { pointer: y.pointer + 4 * start, stride: total * inner }, length, outer);
    start += length;
  }
  return y.info;
});

/** Zeros around a part of one axis, as the gradient of a slice has them. */
const pad = typedKernel<{ x: TensorInfo }, PadV2Attrs>((backend, { x }, { paddings, constantValue }) => {
  const padded = paddings.flatMap(([before, after], i) => (before + after > 0 ? [i] : []));
  if (x.dtype !== "float32" || padded.length > 1 || constantValue !== 0) return null;
  const axis = padded[0] ?? 0;
  const [before, after] = paddings[axis] ?? [0, 0];
  const y = backend.allocate(x.shape.map((extent, i) => (i === axis ? extent + before + after : extent)));
  const inner = product(x.shape.slice(axis + 1));
  const outer = product(x.shape.slice(0, axis));
  const length = (x.shape[axis] ?? 1) * inner;
  const stride = length + (before + after) * inner;
  const to = floats(backend, y.info);
  for (let run = 0; run < outer; run++) {
    to.fill(0, run * stride, run * stride + before * inner);
    to.fill(0, run * stride + before * inner + length, (run + 1) * stride);
  }
  const from = { pointer: backend.pointerOf(x), stride: length };
  copyRuns(backend, from, { pointer: y.pointer + 4 * before * inner, stride }, length, outer);
  return y.info;
});

function isHalving({ filterSize, strides, pad }: AvgPoolAttrs, shape: readonly number[]): boolean {
  const isTwo = (value: unknown): boolean => value === 2 || (Array.isArray(value) && value.every((v) => v === 2));
  return isTwo(filterSize) && isTwo(strides) && pad === "valid" && shape[1] % 2 === 0 && shape[2] % 2 === 0;
}

const avgPoolGrad = typedKernel<{ dy: TensorInfo; input: TensorInfo }, AvgPoolAttrs>(
  (backend, { dy, input }, attrs) => {
    if (!isHalving(attrs, input.shape)) return null;
    const [n, height, width, channels] = input.shape;
    const dx = backend.allocate(input.shape);
    const from = floats(backend, dy);
    const to = floats(backend, dx.info);
    const line = width * channels;
    let read = 0;
    for (let row = 0; row < (n * height) / 2; row++) {
      for (let column = 0; column < width / 2; column++) {
        const at = 2 * (row * line + column * channels);
        for (let c = at; c < at + channels; c++) {
          const quarter = 0.25 * from[read++];
          to[c] = quarter;
          to[c + channels] = quarter;
          to[c + line] = quarter;
          to[c + line + channels] = quarter;
        }
      }
    }
    return dx.info;
  },
);

export const COPY_KERNELS: KernelTable = {
  [Slice]: slice,
  [SplitV]: splitV,
  [Concat]: concat,
  [PadV2]: pad,
  [Tile]: tile,
  [AvgPoolGrad]: avgPoolGrad,
};
