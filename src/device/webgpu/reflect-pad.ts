/** The programs of ../ops/reflect-pad.ts: the operation and its gradient, with a thread for each value that is written. */
import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { WebgpuBackend } from "./backend.js";
import { type Program, WORKGROUP_SIZE } from "./program.js";

/** `count` is the number of values that are written; the extents are those without padding. */
const SCALARS = { count: "u32", height: "u32", width: "u32", channels: "u32", pad: "u32" } as const;

const EACH_VALUE = `
  for (var i = group * ${WORKGROUP_SIZE}u + local; i < scalars.count; i += groups * ${WORKGROUP_SIZE}u) {`;

const FORWARD: Program = {
  name: "reflectPad",
  reads: ["x"],
  writes: ["y"],
  scalars: SCALARS,
  declarations: `
/** The place without padding that a place of the padded axis shows. */
fn shown(place: u32, extent: u32, pad: u32) -> u32 {
  let last = i32(extent) - 1;
  return u32(last - abs(last - abs(i32(place) - i32(pad))));
}`,
  body: `
  let padded_height = scalars.height + 2u * scalars.pad;
  let padded_width = scalars.width + 2u * scalars.pad;
${EACH_VALUE}
    let pixel = i / scalars.channels;
    let row = pixel / padded_width;
    let from_row = shown(row % padded_height, scalars.height, scalars.pad);
    let from_column = shown(pixel % padded_width, scalars.width, scalars.pad);
    let line = (row / padded_height) * scalars.height + from_row;
    y[i] = x[(line * scalars.width + from_column) * scalars.channels + i % scalars.channels];
  }`,
};

const GRADIENT: Program = {
  name: "reflectPadGradient",
  reads: ["dy"],
  writes: ["dx"],
  scalars: SCALARS,
  declarations: `
/** The place of the padded axis that shows a place: itself (0), its reflection before (1) or behind (2); -1 without one. */
fn showing(kind: u32, place: u32, extent: u32, pad: u32) -> i32 {
  let own = i32(place + pad);
  if (kind == 0u) { return own; }
  let distance = select(extent - 1u - place, place, kind == 1u);
  if (distance < 1u || distance > pad) { return -1; }
  return own + select(2, -2, kind == 1u) * i32(distance);
}`,
  body: `
  let padded_height = scalars.height + 2u * scalars.pad;
  let padded_width = scalars.width + 2u * scalars.pad;
${EACH_VALUE}
    let pixel = i / scalars.channels;
    let line = pixel / scalars.width;
    let first = (line / scalars.height) * padded_height;
    var sum = 0.0;
    for (var a = 0u; a < 3u; a++) {
      let row = showing(a, line % scalars.height, scalars.height, scalars.pad);
      if (row < 0) { continue; }
      for (var b = 0u; b < 3u; b++) {
        let column = showing(b, pixel % scalars.width, scalars.width, scalars.pad);
        if (column < 0) { continue; }
        let at = (first + u32(row)) * padded_width + u32(column);
        sum += dy[at * scalars.channels + i % scalars.channels];
      }
    }
    dx[i] = sum;
  }`,
};

/**
 * Runs either program.
 * @param inner  the shape without padding, [N, H, W, C]
 * @param result the shape of the tensor that the program writes
 */
function run(
  backend: WebgpuBackend,
  program: Program,
  input: TensorInfo,
  [, height, width, channels]: readonly number[],
  result: number[],
  pad: number,
): TensorInfo {
  const output = backend.makeTensorInfo(result, "float32");
  const count = util.sizeFromShape(result);
  backend.dispatchFlat(program, [input, output], [count, height, width, channels, pad], count);
  return output;
}

/** @param x [N, H, W, C] @returns [N, H + 2 pad, W + 2 pad, C] */
export function reflectPadForward(backend: WebgpuBackend, x: TensorInfo, pad: number): TensorInfo {
  const [n, height, width, channels] = x.shape;
  const padded = [n, height + 2 * pad, width + 2 * pad, channels];
  return run(backend, FORWARD, x, x.shape, padded, pad);
}

/** @param dy [N, H + 2 pad, W + 2 pad, C] @returns [N, H, W, C] */
export function reflectPadBackward(backend: WebgpuBackend, dy: TensorInfo, pad: number): TensorInfo {
  const [n, height, width, channels] = dy.shape;
  const inner = [n, height - 2 * pad, width - 2 * pad, channels];
  return run(backend, GRADIENT, dy, inner, inner, pad);
}
