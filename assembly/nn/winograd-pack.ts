/** Packs combinations of a 3x3 filter into the panels that the tiles read, for assembly/nn/winograd.ts. */
import { transposeRows } from "./pack";
import { NARROW, WIDE } from "./tile";
import * as plan from "./winograd-plan";

/** Rows of a panel that are packed at a time. */
const ROWS: i32 = 4;
/** Bytes of these rows of a wide panel. */
const SLAB: usize = (<usize>(ROWS * WIDE)) << 2;

/** to[0..4][width] = four rows, `step` bytes apart. */
function copyRows(from: usize, step: usize, to: usize, rowBytes: usize): void {
  for (let row: i32 = 0; row < ROWS; row++) {
    for (let at: usize = 0; at < rowBytes; at += 16) v128.store(to + at, v128.load(from + at));
    from += step;
    to += rowBytes;
  }
}

/** Combinations 0 to 3 of three slabs that are `step` bytes apart; the results are `toStep` bytes apart. */
function combine(stride: i32, from: usize, step: usize, to: usize, toStep: usize, bytes: usize): void {
  const half = f32x4.splat(0.5);
  for (let at: usize = 0; at < bytes; at += 16) {
    const w0 = v128.load(from + at);
    const w1 = v128.load(from + step + at);
    const w2 = v128.load(from + 2 * step + at);
    const ends = f32x4.add(w0, w2);
    let second = w1;
    let third = w2;
    let fourth = ends;
    if (stride == 1) {
      second = f32x4.mul(half, f32x4.add(ends, w1));
      third = f32x4.mul(half, f32x4.sub(ends, w1));
      fourth = w2;
    }
    v128.store(to + at, w0);
    v128.store(to + toStep + at, second);
    v128.store(to + 2 * toStep + at, third);
    v128.store(to + 3 * toStep + at, fourth);
  }
}

/**
 * Packs one panel of each of the 16 combinations of the filter.
 *
 * @param p       the plan (winograd-plan.ts)
 * @param filter  HWIO float32 [3, 3, cin, cout]
 * @param to      float32 [16][panels of packPanel(), `channels` deep]
 * @param scratch this thread's scratch memory: 21 * 256 bytes
 * @param panel   number of the panel, as packPanel() counts
 */
export function packWinogradFilter(p: usize, filter: usize, to: usize, scratch: usize, panel: i32): void {
  const channels = plan.channels(p);
  const stride = plan.stride(p);
  const depthStride = (<usize>plan.depthStride(p)) << 2;
  const columnStride = (<usize>plan.columnStride(p)) << 2;
  const tapStride = (<usize>plan.tapStride(p)) << 2;
  const widePanels = plan.columns(p) / WIDE;
  const isWide = panel < widePanels;
  const width = isWide ? WIDE : NARROW;
  const firstColumn = isWide ? panel * WIDE : widePanels * WIDE + (panel - widePanels) * NARROW;
  const rowBytes = (<usize>width) << 2;
  const bytes = <usize>ROWS * rowBytes;
  const half = scratch + 9 * SLAB;
  const step: usize = (<usize>channels * <usize>plan.columns(p)) << 2;
  let out = to + ((<usize>firstColumn * <usize>channels) << 2);
  for (let k: i32 = 0; k < channels; k += ROWS) {
    const from = filter + <usize>firstColumn * columnStride + <usize>k * depthStride;
    for (let at: i32 = 0; at < 9; at++) {
      const position = from + <usize>at * tapStride;
      if (columnStride == 4) copyRows(position, depthStride, scratch + <usize>at * SLAB, rowBytes);
      else transposeRows(position, columnStride, scratch + <usize>at * SLAB, rowBytes);
    }
    for (let ky: usize = 0; ky < 3; ky++)
      combine(stride, scratch + 3 * ky * SLAB, SLAB, half + 4 * ky * SLAB, SLAB, bytes);
    for (let cx: usize = 0; cx < 4; cx++) combine(stride, half + cx * SLAB, 4 * SLAB, out + cx * step, 4 * step, bytes);
    out += bytes;
  }
}
