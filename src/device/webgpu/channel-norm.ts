/** The programs of ../ops/channel-norm.ts: the operation and its gradient, each in one pass over the pixels. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { util } from "@tensorflow/tfjs-core";
import type { WebgpuBackend } from "./backend.js";
import { type Program, WORKGROUP_SIZE } from "./program.js";

/** Workgroups of the gradient, each of which writes partial sums: enough to fill a GPU, few enough to add up quickly. */
const GRADIENT_GROUPS = 1024;

/** Number of threads that share a pixel: a power of two, so that their sum is a tree of halves. */
function lanesFor(channels: number): number {
  let lanes = 1;
  while (lanes < WORKGROUP_SIZE && lanes * 2 <= channels) lanes *= 2;
  return lanes;
}

/** A thread's lane and row, and the sum of a value over the lanes of each row. All threads must call it. */
function rowSums(lanes: number): string {
  return `
const LANES = ${lanes}u;
const ROWS = ${WORKGROUP_SIZE / lanes}u;
const EPSILON = 1e-12;
var<workgroup> shared_values: array<f32, ${WORKGROUP_SIZE}>;
fn row_sum(local: u32, value: f32) -> f32 {
  shared_values[local] = value;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (local % LANES < half) { shared_values[local] += shared_values[local + half]; }
    workgroupBarrier();
  }
  let total = shared_values[local - local % LANES];
  workgroupBarrier();
  return total;
}`;
}

/** Loops over this workgroup's pixels, one row of lanes per pixel. The body that follows knows the lane's part of the sum of squares. */
const EACH_PIXEL = `
  for (var first = group * ROWS; first < scalars.pixels; first += groups * ROWS) {
    let pixel = first + local / LANES;
    let inside = pixel < scalars.pixels;
    let start = pixel * scalars.channels;
    var squares = 0.0;
    if (inside) {
      for (var c = lane; c < scalars.channels; c += LANES) {
        let v = x[start + c] + bias[c];
        squares += v * v;
      }
    }
`;

function forwardProgram(channels: number, withSkip: boolean): Program {
  const lanes = lanesFor(channels);
  return {
    name: `channelNorm ${lanes} ${withSkip}`,
    reads: ["x", "bias", "alpha", "beta", ...(withSkip ? ["skip"] : [])],
    writes: ["y"],
    scalars: { pixels: "u32", skip_pixels: "u32", channels: "u32", slope: "f32" },
    declarations: rowSums(lanes),
    body: `
  let lane = local % LANES;
${EACH_PIXEL}    let factor = alpha[0] / max(sqrt(row_sum(local, squares)), EPSILON);
    if (inside) {
      let added = (pixel % scalars.skip_pixels) * scalars.channels;
      for (var c = lane; c < scalars.channels; c += LANES) {
        let t = (x[start + c] + bias[c]) * factor + beta[0];
        y[start + c] = select(t * scalars.slope, t, t > 0.0)${withSkip ? " + skip[added + c]" : ""};
      }
    }
  }`,
  };
}

/** Also writes this workgroup's sums of dbias, dalpha and dbeta, [groups, channels + 2]. */
function gradientProgram(channels: number): Program {
  const lanes = lanesFor(channels);
  const perLane = Math.ceil(channels / lanes);
  return {
    name: `channelNormGradient ${lanes} ${perLane}`,
    reads: ["x", "bias", "alpha", "beta", "dy"],
    writes: ["dx", "partial"],
    scalars: { pixels: "u32", channels: "u32", slope: "f32" },
    declarations: rowSums(lanes),
    body: `
  let lane = local % LANES;
  var sums: array<f32, ${perLane}>;
  var dalpha = 0.0;
  var dbeta = 0.0;
${EACH_PIXEL}    let length = sqrt(row_sum(local, squares));
    let inverse = 1.0 / max(length, EPSILON);
    let factor = alpha[0] * inverse;
    var dot = 0.0;
    if (inside) {
      for (var c = lane; c < scalars.channels; c += LANES) {
        let v = x[start + c] + bias[c];
        let d = dy[start + c];
        let g = select(d * scalars.slope, d, v * factor + beta[0] > 0.0);
        dot += g * (v * inverse);
        dbeta += g;
      }
    }
    dalpha += dot;
    // A norm that was clamped does not depend on x.
    let along = select(row_sum(local, dot), 0.0, length < EPSILON);
    if (inside) {
      for (var k = 0u; k < ${perLane}u; k++) {
        let c = lane + k * LANES;
        if (c < scalars.channels) {
          let v = x[start + c] + bias[c];
          let d = dy[start + c];
          let g = select(d * scalars.slope, d, v * factor + beta[0] > 0.0);
          let slope_of_v = factor * (g - v * inverse * along);
          dx[start + c] = slope_of_v;
          sums[k] += slope_of_v;
        }
      }
    }
  }
  let to = group * (scalars.channels + 2u);
  for (var k = 0u; k < ${perLane}u; k++) {
    shared_values[local] = sums[k];
    workgroupBarrier();
    let c = lane + k * LANES;
    if (local < LANES && c < scalars.channels) {
      var sum = 0.0;
      for (var row = 0u; row < ROWS; row++) { sum += shared_values[row * LANES + lane]; }
      partial[to + c] = sum;
    }
    workgroupBarrier();
  }
  let alphas = row_sum(local, dalpha);
  let betas = row_sum(local, dbeta);
  if (lane == 0u) { shared_values[local / LANES] = alphas; }
  workgroupBarrier();
  if (local == 0u) {
    var sum = 0.0;
    for (var row = 0u; row < ROWS; row++) { sum += shared_values[row]; }
    partial[to + scalars.channels] = sum;
  }
  workgroupBarrier();
  if (lane == 0u) { shared_values[local / LANES] = betas; }
  workgroupBarrier();
  if (local == 0u) {
    var sum = 0.0;
    for (var row = 0u; row < ROWS; row++) { sum += shared_values[row]; }
    partial[to + scalars.channels + 1u] = sum;
  }`,
  };
}

/** Sums the columns of [rows, columns], one workgroup per column, always in the same order. */
const COLUMN_SUMS: Program = {
  name: "columnSums",
  reads: ["values"],
  writes: ["sums"],
  scalars: { rows: "u32", columns: "u32" },
  declarations: rowSums(WORKGROUP_SIZE),
  body: `
  for (var column = group; column < scalars.columns; column += groups) {
    var sum = 0.0;
    for (var row = local; row < scalars.rows; row += LANES) { sum += values[row * scalars.columns + column]; }
    let total = row_sum(local, sum);
    if (local == 0u) { sums[column] = total; }
  }`,
};

/** @param values [rows, columns] @returns [columns] */
export function columnSums(backend: WebgpuBackend, values: TensorInfo): TensorInfo {
  const [rows, columns] = values.shape;
  const sums = backend.makeTensorInfo([columns], "float32");
  backend.dispatch(COLUMN_SUMS, [values, sums], [rows, columns], columns);
  return sums;
}

export interface ChannelNormTensors {
  readonly x: TensorInfo;
  readonly bias: TensorInfo;
  readonly alpha: TensorInfo;
  readonly beta: TensorInfo;
  readonly skip?: TensorInfo;
}

const pixelsOf = ({ shape }: TensorInfo): number => util.sizeFromShape(shape.slice(0, -1));

export function channelNormForward(
  backend: WebgpuBackend,
  { x, bias, alpha, beta, skip }: ChannelNormTensors,
  slope: number,
): TensorInfo {
  const channels = x.shape[x.shape.length - 1];
  const pixels = pixelsOf(x);
  const y = backend.makeTensorInfo(x.shape, "float32");
  const tensors = [x, bias, alpha, beta, ...(skip === undefined ? [] : [skip]), y];
  const skipPixels = skip === undefined ? pixels : pixelsOf(skip);
  const groups = Math.ceil(pixels / (WORKGROUP_SIZE / lanesFor(channels)));
  const program = forwardProgram(channels, skip !== undefined);
  backend.dispatch(program, tensors, [pixels, skipPixels, channels, slope], groups);
  return y;
}

/** @returns dx, and the sums [channels + 2]: dbias, dalpha, dbeta */
export function channelNormBackward(
  backend: WebgpuBackend,
  { x, bias, alpha, beta, dy }: Omit<ChannelNormTensors, "skip"> & { readonly dy: TensorInfo },
  slope: number,
): [TensorInfo, TensorInfo] {
  const channels = x.shape[x.shape.length - 1];
  const pixels = pixelsOf(x);
  const groups = Math.min(GRADIENT_GROUPS, Math.ceil(pixels / (WORKGROUP_SIZE / lanesFor(channels))));
  const dx = backend.makeTensorInfo(x.shape, "float32");
  const partial = backend.makeTensorInfo([groups, channels + 2], "float32");
  const tensors = [x, bias, alpha, beta, dy, dx, partial];
  backend.dispatch(gradientProgram(channels), tensors, [pixels, channels, slope], groups);
  const sums = columnSums(backend, partial);
  backend.disposeData(partial.dataId);
  return [dx, sums];
}
