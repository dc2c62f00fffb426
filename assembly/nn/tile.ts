/**
 * The register tiles of the convolutions: an indirect GEMM.
 *
 * Rows are output pixels. For each tap (a filter position) and each row there is a pointer to the `channels`
 * consecutive input values that meet that tap, or to zeros if the tap is outside the image. No im2col matrix is
 * written. Columns are output channels, packed in wide panels of sixteen; the remaining ones are packed in narrow
 * panels of four.
 *
 * 2 x 16 is the tile that V8 (Node 20) keeps in registers. V8 emits all loads of a basic block before the arithmetic,
 * so accumulators + loaded values + one temporary must fit in its 15 vector registers: 8 + 6 + 1. A 5 x 8 tile has the
 * better ratio on paper, but spills three accumulators (measured here: 20 GFLOP/s against 36).
 */
import { multiplyAdd } from "../multiply-add";

/** The number of rows must be a multiple of this. */
export const ROWS: i32 = 4;
/** Columns of a wide panel and of a narrow panel. */
export const WIDE: i32 = 16;
export const NARROW: i32 = 4;
/**
 * Depth after which the accumulators are added to the result and start from zero again. Then rounding errors grow with
 * the root of 256 instead of the root of the depth (largest error of an activation of the 256-pixel model: 1.1e-6 of
 * the rms, 6e-6 without). Fewer inputs of LeakyReLU land on the wrong side of zero, where gradients jump. It costs 1 %
 * of the time.
 */
const RUN: i32 = 256;

/** Writes sixteen values to `to`. The first run stores them, later runs add them, and the last run may apply ReLU. */
function flush(to: usize, isFirst: bool, relu: bool, v0: v128, v1: v128, v2: v128, v3: v128): void {
  if (!isFirst) {
    v0 = f32x4.add(v128.load(to), v0);
    v1 = f32x4.add(v128.load(to, 16), v1);
    v2 = f32x4.add(v128.load(to, 32), v2);
    v3 = f32x4.add(v128.load(to, 48), v3);
  }
  if (relu) {
    const zero = f32x4.splat(0);
    v0 = f32x4.max(v0, zero);
    v1 = f32x4.max(v1, zero);
    v2 = f32x4.max(v2, zero);
    v3 = f32x4.max(v3, zero);
  }
  v128.store(to, v0);
  v128.store(to, v1, 16);
  v128.store(to, v2, 32);
  v128.store(to, v3, 48);
}

/** Two rows by sixteen columns over all taps. The results are written to `toA` and `toB`. */
function wideTile(
  pointers: usize,
  tapBytes: usize,
  taps: i32,
  channels: i32,
  panel: usize,
  tapOffsets: usize,
  bias: usize,
  relu: bool,
  toA: usize,
  toB: usize,
): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  if (bias != 0) {
    a0 = v128.load(bias);
    a1 = v128.load(bias, 16);
    a2 = v128.load(bias, 32);
    a3 = v128.load(bias, 48);
  }
  let b0 = a0;
  let b1 = a1;
  let b2 = a2;
  let b3 = a3;
  let run: i32 = 0;
  let isFirst = true;
  let w = panel;
  for (let tap: i32 = 0; tap < taps; tap++) {
    let pa = <usize>load<u32>(pointers);
    let pb = <usize>load<u32>(pointers, 4);
    pointers += tapBytes;
    if (tapOffsets != 0) w = panel + <usize>load<u32>(tapOffsets + ((<usize>tap) << 2));
    const end = w + ((<usize>channels) << 6);
    while (w < end) {
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      const w2 = v128.load(w, 32);
      const w3 = v128.load(w, 48);
      const xa = v128.load32_splat(pa);
      const xb = v128.load32_splat(pb);
      a0 = multiplyAdd<f32>(xa, w0, a0);
      a1 = multiplyAdd<f32>(xa, w1, a1);
      a2 = multiplyAdd<f32>(xa, w2, a2);
      a3 = multiplyAdd<f32>(xa, w3, a3);
      b0 = multiplyAdd<f32>(xb, w0, b0);
      b1 = multiplyAdd<f32>(xb, w1, b1);
      b2 = multiplyAdd<f32>(xb, w2, b2);
      b3 = multiplyAdd<f32>(xb, w3, b3);
      w += 64;
      pa += 4;
      pb += 4;
    }
    run += channels;
    if (run >= RUN && tap + 1 < taps) {
      flush(toA, isFirst, false, a0, a1, a2, a3);
      flush(toB, isFirst, false, b0, b1, b2, b3);
      a0 = f32x4.splat(0);
      a1 = a0;
      a2 = a0;
      a3 = a0;
      b0 = a0;
      b1 = a0;
      b2 = a0;
      b3 = a0;
      run = 0;
      isFirst = false;
    }
  }
  flush(toA, isFirst, relu, a0, a1, a2, a3);
  flush(toB, isFirst, relu, b0, b1, b2, b3);
}

/** Stores the first `count` (1..4) lanes of a vector at `to`. */
function storeLanes(to: usize, value: v128, count: i32): void {
  if (count == NARROW) {
    v128.store(to, value);
    return;
  }
  v128.store32_lane(to, value, 0);
  if (count > 1) v128.store32_lane(to, value, 1, 4);
  if (count > 2) v128.store32_lane(to, value, 2, 8);
}

/** Four rows by four columns over all taps. `outputs` contains the rows' pointers; `offset` is the column's byte offset. */
function narrowTile(
  pointers: usize,
  tapBytes: usize,
  taps: i32,
  channels: i32,
  panel: usize,
  tapOffsets: usize,
  bias: usize,
  relu: bool,
  outputs: usize,
  offset: usize,
  lanes: i32,
): void {
  let a = f32x4.splat(0);
  if (bias != 0) a = v128.load(bias);
  let b = a;
  let c = a;
  let d = a;
  let sumA = f32x4.splat(0);
  let sumB = sumA;
  let sumC = sumA;
  let sumD = sumA;
  let run: i32 = 0;
  let w = panel;
  for (let tap: i32 = 0; tap < taps; tap++) {
    let pa = <usize>load<u32>(pointers);
    let pb = <usize>load<u32>(pointers, 4);
    let pc = <usize>load<u32>(pointers, 8);
    let pd = <usize>load<u32>(pointers, 12);
    pointers += tapBytes;
    if (tapOffsets != 0) w = panel + <usize>load<u32>(tapOffsets + ((<usize>tap) << 2));
    const end = w + ((<usize>channels) << 4);
    while (w < end) {
      const weights = v128.load(w);
      a = multiplyAdd<f32>(v128.load32_splat(pa), weights, a);
      b = multiplyAdd<f32>(v128.load32_splat(pb), weights, b);
      c = multiplyAdd<f32>(v128.load32_splat(pc), weights, c);
      d = multiplyAdd<f32>(v128.load32_splat(pd), weights, d);
      w += 16;
      pa += 4;
      pb += 4;
      pc += 4;
      pd += 4;
    }
    run += channels;
    if (run >= RUN) {
      sumA = f32x4.add(sumA, a);
      sumB = f32x4.add(sumB, b);
      sumC = f32x4.add(sumC, c);
      sumD = f32x4.add(sumD, d);
      a = f32x4.splat(0);
      b = a;
      c = a;
      d = a;
      run = 0;
    }
  }
  a = f32x4.add(sumA, a);
  b = f32x4.add(sumB, b);
  c = f32x4.add(sumC, c);
  d = f32x4.add(sumD, d);
  if (relu) {
    const zero = f32x4.splat(0);
    a = f32x4.max(a, zero);
    b = f32x4.max(b, zero);
    c = f32x4.max(c, zero);
    d = f32x4.max(d, zero);
  }
  storeLanes(<usize>load<u32>(outputs) + offset, a, lanes);
  storeLanes(<usize>load<u32>(outputs, 4) + offset, b, lanes);
  storeLanes(<usize>load<u32>(outputs, 8) + offset, c, lanes);
  storeLanes(<usize>load<u32>(outputs, 12) + offset, d, lanes);
}

/**
 * out[row][column] = bias[column] + sum over taps and channels of input[tap][row][channel] *
 * panel[tap][channel][column].
 *
 * @param inputs   u32 pointers [taps][rows]; each points to `channels` float32
 * @param taps     number of filter positions
 * @param rows     number of output pixels, a multiple of 4 (pad with pointers to zeros, and outputs to memory that
 *                 nobody reads)
 * @param channels number of values at each input pointer
 * @param packed   float32 panels in the layout of packPanel, `taps * channels` deep if tapOffsets is 0, otherwise
 *                 `channels` deep
 * @param tapOffsets u32 [taps]: bytes from a panel of `packed` to the one of each tap; 0 if the taps of a panel follow
 *                 each other
 * @param bias     float32 [columns rounded up to 4]; 0 for none
 * @param relu     whether negative results become 0
 * @param outputs  u32 pointers [rows]; each points to `columns` float32
 * @param columns  number of output channels
 */
export function indirectGemm(
  inputs: usize,
  taps: i32,
  rows: i32,
  channels: i32,
  packed: usize,
  tapOffsets: usize,
  bias: usize,
  relu: bool,
  outputs: usize,
  columns: i32,
): void {
  const tapBytes: usize = (<usize>rows) << 2;
  const depth: usize = <usize>(tapOffsets == 0 ? taps * channels : channels);
  let column: i32 = 0;
  for (; column + WIDE <= columns; column += WIDE) {
    const offset: usize = (<usize>column) << 2;
    const panelBias: usize = bias == 0 ? 0 : bias + offset;
    for (let row: i32 = 0; row < rows; row += 2) {
      const pointer: usize = (<usize>row) << 2;
      wideTile(
        inputs + pointer,
        tapBytes,
        taps,
        channels,
        packed,
        tapOffsets,
        panelBias,
        relu,
        <usize>load<u32>(outputs + pointer) + offset,
        <usize>load<u32>(outputs + pointer, 4) + offset,
      );
    }
    packed += depth << 6;
  }
  for (; column < columns; column += NARROW) {
    const offset: usize = (<usize>column) << 2;
    const panelBias: usize = bias == 0 ? 0 : bias + offset;
    const lanes = min(NARROW, columns - column);
    for (let row: i32 = 0; row < rows; row += ROWS) {
      const pointer: usize = (<usize>row) << 2;
      narrowTile(
        inputs + pointer,
        tapBytes,
        taps,
        channels,
        packed,
        tapOffsets,
        panelBias,
        relu,
        outputs + pointer,
        offset,
        lanes,
      );
    }
    packed += depth << 4;
  }
}
