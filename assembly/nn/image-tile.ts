/**
 * The register tile of convolutions that write images of three channels. Three columns would waste a lane of each vector
 * and read each input for three products only. So the lanes are four input channels here, and are added at the end: three
 * rows by three columns are nine sums, and six vectors are read for nine products.
 */
import { multiplyAdd } from "../multiply-add";

/** Channels of an image. */
export const IMAGE: i32 = 3;

/** The sums of the lanes of three vectors, in the first three lanes. */
function addLanes(a: v128, b: v128, c: v128): v128 {
  const zero = f32x4.splat(0);
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const c0 = f32x4.add(v128.shuffle<f32>(c, zero, 0, 4, 1, 5), v128.shuffle<f32>(c, zero, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f64>(ab, c0, 0, 2), v128.shuffle<f64>(ab, c0, 1, 3));
}

function storePixel(to: usize, value: v128): void {
  v128.store64_lane(to, value, 0);
  v128.store32_lane(to, value, 2, 8);
}

/** Three rows over all taps. `pointers` and `outputs` are those of the first row. */
function threeRows(
  pointers: usize,
  tapBytes: usize,
  taps: i32,
  channels: i32,
  filter: usize,
  tapOffsets: usize,
  bias: v128,
  outputs: usize,
): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let c0 = a0;
  let c1 = a0;
  let c2 = a0;
  const columnBytes: usize = (<usize>channels) << 2;
  for (let tap: i32 = 0; tap < taps; tap++) {
    let pa = <usize>load<u32>(pointers);
    let pb = <usize>load<u32>(pointers, 4);
    let pc = <usize>load<u32>(pointers, 8);
    pointers += tapBytes;
    let w0 = filter + <usize>load<u32>(tapOffsets + ((<usize>tap) << 2));
    let w1 = w0 + columnBytes;
    let w2 = w1 + columnBytes;
    const end = w1;
    while (w0 < end) {
      const x = v128.load(pa);
      const y = v128.load(pb);
      const z = v128.load(pc);
      const v0 = v128.load(w0);
      const v1 = v128.load(w1);
      const v2 = v128.load(w2);
      a0 = multiplyAdd<f32>(x, v0, a0);
      a1 = multiplyAdd<f32>(x, v1, a1);
      a2 = multiplyAdd<f32>(x, v2, a2);
      b0 = multiplyAdd<f32>(y, v0, b0);
      b1 = multiplyAdd<f32>(y, v1, b1);
      b2 = multiplyAdd<f32>(y, v2, b2);
      c0 = multiplyAdd<f32>(z, v0, c0);
      c1 = multiplyAdd<f32>(z, v1, c1);
      c2 = multiplyAdd<f32>(z, v2, c2);
      pa += 16;
      pb += 16;
      pc += 16;
      w0 += 16;
      w1 += 16;
      w2 += 16;
    }
  }
  storePixel(<usize>load<u32>(outputs), f32x4.add(bias, addLanes(a0, a1, a2)));
  storePixel(<usize>load<u32>(outputs, 4), f32x4.add(bias, addLanes(b0, b1, b2)));
  storePixel(<usize>load<u32>(outputs, 8), f32x4.add(bias, addLanes(c0, c1, c2)));
}

/**
 * out[row][column] = bias[column] + sum over taps and channels of input[tap][row][channel] * filter[tap][column][channel].
 *
 * @param inputs     u32 pointers [taps][rows]; each points to `channels` float32
 * @param rows       number of output pixels, at least 3
 * @param channels   a multiple of four
 * @param filter     float32, columns of `channels` values
 * @param tapOffsets u32 [taps]: bytes from `filter` to the first of the three columns of each tap
 * @param bias       float32 [4]; 0 for none
 * @param outputs    u32 pointers [rows]; each points to three float32
 */
export function imageGemm(
  inputs: usize,
  taps: i32,
  rows: i32,
  channels: i32,
  filter: usize,
  tapOffsets: usize,
  bias: usize,
  outputs: usize,
): void {
  const start = bias == 0 ? f32x4.splat(0) : v128.load(bias);
  for (let row: i32 = 0; row < rows; row += 3) {
    // The last three rows may include some that are computed already, to the same values.
    const at: usize = (<usize>min(row, rows - 3)) << 2;
    threeRows(inputs + at, (<usize>rows) << 2, taps, channels, filter, tapOffsets, start, outputs + at);
  }
}
