/** The programs of ../ops/instance-norm.ts: the operation and its gradient, with a workgroup for some channels of a picture. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { WebgpuBackend } from "./backend.js";
import { columnSums } from "./channel-norm.js";
import { type Program, WORKGROUP_SIZE } from "./program.js";

/** Channels of one workgroup. Its other threads share the pixels, so that neighbours read neighbouring values. */
const CHANNELS = 16;

/** The sum of a value over the threads of a channel. All threads must call it. */
const DECLARATIONS = `
const CHANNELS = ${CHANNELS}u;
const ROWS = ${WORKGROUP_SIZE / CHANNELS}u;
var<workgroup> shared_values: array<f32, ${WORKGROUP_SIZE}>;
fn channel_sum(local: u32, value: f32) -> f32 {
  shared_values[local] = value;
  workgroupBarrier();
  var total = 0.0;
  for (var row = 0u; row < ROWS; row++) { total += shared_values[row * CHANNELS + local % CHANNELS]; }
  workgroupBarrier();
  return total;
}`;

/** Finds this thread's channel and the pixels that it visits: first + k * stride, of which \`inside\` says whether there are any. */
const PLACE = `
  let picture = group / scalars.groups;
  let c = (group % scalars.groups) * CHANNELS + local % CHANNELS;
  let inside = c < scalars.channels;
  let size = scalars.pixels * scalars.channels;
  let first = picture * size + c + (local / CHANNELS) * scalars.channels;
  let end = select(picture * size, (picture + 1u) * size, inside);
  let stride = ROWS * scalars.channels;
  let count = f32(scalars.pixels);
  let at = picture * 2u * scalars.channels + c;`;

const FORWARD: Program = {
  name: "instanceNorm",
  reads: ["x", "weight", "bias"],
  writes: ["y", "stats"],
  scalars: { pixels: "u32", channels: "u32", groups: "u32", epsilon: "f32", slope: "f32" },
  declarations: DECLARATIONS,
  body: `${PLACE}
  var sum = 0.0;
  for (var i = first; i < end; i += stride) { sum += x[i]; }
  let mean = channel_sum(local, sum) / count;
  var squares = 0.0;
  for (var i = first; i < end; i += stride) { squares += (x[i] - mean) * (x[i] - mean); }
  let inverse = 1.0 / sqrt(channel_sum(local, squares) / count + scalars.epsilon);
  if (inside) {
    if (local < CHANNELS) {
      stats[at] = mean;
      stats[at + scalars.channels] = inverse;
    }
    let factor = inverse * weight[c];
    for (var i = first; i < end; i += stride) {
      let t = (x[i] - mean) * factor + bias[c];
      y[i] = select(t * scalars.slope, t, t > 0.0);
    }
  }`,
};

/** Also writes each picture's sums of dweight and dbias, [pictures, 2 channels]. */
const GRADIENT: Program = {
  name: "instanceNormGradient",
  reads: ["x", "weight", "bias", "stats", "dy"],
  writes: ["dx", "partial"],
  scalars: { pixels: "u32", channels: "u32", groups: "u32", slope: "f32" },
  declarations: DECLARATIONS,
  body: `${PLACE}
  var mean = 0.0;
  var inverse = 0.0;
  var factor = 0.0;
  var shift = 0.0;
  if (inside) {
    mean = stats[at];
    inverse = stats[at + scalars.channels];
    factor = inverse * weight[c];
    shift = bias[c];
  }
  var sum = 0.0;
  var dot = 0.0;
  for (var i = first; i < end; i += stride) {
    let v = x[i] - mean;
    let g = select(dy[i] * scalars.slope, dy[i], v * factor + shift > 0.0);
    sum += g;
    dot += g * v * inverse;
  }
  let total = channel_sum(local, sum);
  let total_dot = channel_sum(local, dot);
  if (inside) {
    if (local < CHANNELS) {
      partial[at] = total_dot;
      partial[at + scalars.channels] = total;
    }
    for (var i = first; i < end; i += stride) {
      let v = x[i] - mean;
      let g = select(dy[i] * scalars.slope, dy[i], v * factor + shift > 0.0);
      dx[i] = factor * (g - total / count - v * inverse * total_dot / count);
    }
  }`,
};

export interface InstanceNormTensors {
  readonly x: TensorInfo;
  readonly weight: TensorInfo;
  readonly bias: TensorInfo;
}

function extentsOf({ shape }: TensorInfo) {
  const [pictures, height, width, channels] = shape;
  return { pictures, pixels: height * width, channels, groups: Math.ceil(channels / CHANNELS) };
}

/** @returns y, and the statistics [pictures, 2, channels]: means and 1 / sqrt(variance + epsilon) */
export function instanceNormForward(
  backend: WebgpuBackend,
  { x, weight, bias }: InstanceNormTensors,
  epsilon: number,
  slope: number,
): [TensorInfo, TensorInfo] {
  const { pictures, pixels, channels, groups } = extentsOf(x);
  const y = backend.makeTensorInfo(x.shape, "float32");
  const stats = backend.makeTensorInfo([pictures, 2, channels], "float32");
  const scalars = [pixels, channels, groups, epsilon, slope];
  backend.dispatch(FORWARD, [x, weight, bias, y, stats], scalars, pictures * groups);
  return [y, stats];
}

/** @returns dx, and the sums [2 channels]: dweight and dbias */
export function instanceNormBackward(
  backend: WebgpuBackend,
  { x, weight, bias, stats, dy }: InstanceNormTensors & { readonly stats: TensorInfo; readonly dy: TensorInfo },
  slope: number,
): [TensorInfo, TensorInfo] {
  const { pictures, pixels, channels, groups } = extentsOf(x);
  const dx = backend.makeTensorInfo(x.shape, "float32");
  const partial = backend.makeTensorInfo([pictures, 2 * channels], "float32");
  const scalars = [pixels, channels, groups, slope];
  backend.dispatch(GRADIENT, [x, weight, bias, stats, dy, dx, partial], scalars, pictures * groups);
  const sums = columnSums(backend, partial);
  backend.disposeData(partial.dataId);
  return [dx, sums];
}
