/**
 * Blocks of C = beta C + alpha A B^T in float64, with strides for all operands. All larger products of this module use
 * this kernel.
 *
 * A is m x k with elements at aI * i + aK * k, B is n x k with elements at bJ * j + bK * k, C is row-major. A block is
 * a square of BLOCK x BLOCK of C. Its parts of A and B are packed into panels of four, DEPTH deep, in the thread's
 * scratch memory. Sums run in the order of k in every block, so results do not depend on the number of threads.
 */
import { multiplyAdd } from "../multiply-add";

/** Side of a block of C. */
export const BLOCK: i32 = 128;
/**
 * Number of values of k that are packed at a time, as many as a block has rows. The packed parts of 128 KiB each stay
 * in the L2 cache.
 */
export const DEPTH: i32 = BLOCK;

/** Flag: only blocks on and below the diagonal are computed. */
export const LOWER: i32 = 1;
/** Flag, with LOWER: the part below the diagonal is also written above it. */
export const MIRROR: i32 = 2;
/** Flag: A and B are zero before the block's column, because B is lower triangular as seen from k. */
export const FROM_COLUMN: i32 = 4;
/** Flag: A and B are zero before the block's row. */
export const FROM_ROW: i32 = 8;
/** Flag: A and B are zero after the block's row, because A is lower triangular as seen from k. */
export const TO_ROW: i32 = 16;
/**
 * Flag: B is symmetric and row-major (bK = 1), and only its lower triangle is read. So a matrix that changes need not
 * be mirrored each time.
 */
export const SYMMETRIC: i32 = 32;

/** Packs `count` rows (padded with zeros to a multiple of four) by `depth` as [panel of 4][k][4]. */
function pack(from: usize, strideRow: i32, strideK: i32, count: i32, depth: i32, to: usize): void {
  const rowBytes = (<usize>strideRow) << 3;
  const kBytes = (<usize>strideK) << 3;
  let row = 0;
  if (strideRow == 1) {
    // Two panels at the same time, one cache line for each k. Lines that are a power of two apart would evict each
    // other from the cache.
    const apart = (<usize>depth) << 5;
    for (; row + 8 <= count; row += 8) {
      let at = from + ((<usize>row) << 3);
      for (let k = 0; k < depth; k++) {
        v128.store(to, v128.load(at));
        v128.store(to, v128.load(at, 16), 16);
        v128.store(to + apart, v128.load(at, 32));
        v128.store(to + apart, v128.load(at, 48), 16);
        to += 32;
        at += kBytes;
      }
      to += apart;
    }
  }
  for (; row < count; row += 4) {
    let at = from + <usize>row * rowBytes;
    const rows = min(4, count - row);
    if (rows == 4 && strideRow == 1) {
      for (let k = 0; k < depth; k++) {
        v128.store(to, v128.load(at));
        v128.store(to, v128.load(at, 16), 16);
        to += 32;
        at += kBytes;
      }
    } else if (rows == 4 && strideK == 1) {
      let k = 0;
      for (; k + 2 <= depth; k += 2) {
        const r0 = v128.load(at);
        const r1 = v128.load(at + rowBytes);
        const r2 = v128.load(at + 2 * rowBytes);
        const r3 = v128.load(at + 3 * rowBytes);
        v128.store(to, v128.shuffle<f64>(r0, r1, 0, 2));
        v128.store(to, v128.shuffle<f64>(r2, r3, 0, 2), 16);
        v128.store(to, v128.shuffle<f64>(r0, r1, 1, 3), 32);
        v128.store(to, v128.shuffle<f64>(r2, r3, 1, 3), 48);
        to += 64;
        at += 16;
      }
      if (k < depth) {
        for (let r = 0; r < 4; r++) f64.store(to + ((<usize>r) << 3), f64.load(at + <usize>r * rowBytes));
        to += 32;
      }
    } else if (rows == 4) {
      for (let k = 0; k < depth; k++) {
        f64.store(to, f64.load(at));
        f64.store(to, f64.load(at + rowBytes), 8);
        f64.store(to, f64.load(at + 2 * rowBytes), 16);
        f64.store(to, f64.load(at + 3 * rowBytes), 24);
        to += 32;
        at += kBytes;
      }
    } else {
      for (let k = 0; k < depth; k++) {
        for (let r = 0; r < 4; r++)
          f64.store(to + ((<usize>r) << 3), r < rows ? f64.load(at + <usize>r * rowBytes) : 0);
        to += 32;
        at += kBytes;
      }
    }
  }
}

/** Packs a square on the diagonal of a symmetric matrix in the same way, reading only the lower triangle. */
function packSymmetric(corner: usize, ld: i32, count: i32, to: usize): void {
  for (let row = 0; row < count; row += 4) {
    for (let k = 0; k < count; k++) {
      for (let r = row; r < row + 4; r++) {
        const at = r >= k ? r * ld + k : k * ld + r;
        f64.store(to, r < count ? f64.load(corner + ((<usize>at) << 3)) : 0);
        to += 8;
      }
    }
  }
}

/**
 * The 4 x 4 products of two panels, to `out` (16 values). V8 keeps the eight accumulators, two loads and four splats in
 * registers.
 */
function multiplyPanels(a: usize, b: usize, depth: i32, out: usize): void {
  let c0 = f64x2.splat(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let c4 = c0;
  let c5 = c0;
  let c6 = c0;
  let c7 = c0;
  const end = a + ((<usize>depth) << 5);
  while (a < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load64_splat(a);
    const a1 = v128.load64_splat(a, 8);
    const a2 = v128.load64_splat(a, 16);
    const a3 = v128.load64_splat(a, 24);
    c0 = multiplyAdd<f64>(a0, b0, c0);
    c1 = multiplyAdd<f64>(a0, b1, c1);
    c2 = multiplyAdd<f64>(a1, b0, c2);
    c3 = multiplyAdd<f64>(a1, b1, c3);
    c4 = multiplyAdd<f64>(a2, b0, c4);
    c5 = multiplyAdd<f64>(a2, b1, c5);
    c6 = multiplyAdd<f64>(a3, b0, c6);
    c7 = multiplyAdd<f64>(a3, b1, c7);
    // The loop ends here if the depth is odd. This also keeps V8 from loading both halves of the loop at the same time,
    // which would need more registers than it has.
    a += 32;
    b += 32;
    if (a == end) break;
    const d0 = v128.load(b);
    const d1 = v128.load(b, 16);
    const e0 = v128.load64_splat(a);
    const e1 = v128.load64_splat(a, 8);
    const e2 = v128.load64_splat(a, 16);
    const e3 = v128.load64_splat(a, 24);
    c0 = multiplyAdd<f64>(e0, d0, c0);
    c1 = multiplyAdd<f64>(e0, d1, c1);
    c2 = multiplyAdd<f64>(e1, d0, c2);
    c3 = multiplyAdd<f64>(e1, d1, c3);
    c4 = multiplyAdd<f64>(e2, d0, c4);
    c5 = multiplyAdd<f64>(e2, d1, c5);
    c6 = multiplyAdd<f64>(e3, d0, c6);
    c7 = multiplyAdd<f64>(e3, d1, c7);
    a += 32;
    b += 32;
  }
  v128.store(out, c0);
  v128.store(out, c1, 16);
  v128.store(out, c2, 32);
  v128.store(out, c3, 48);
  v128.store(out, c4, 64);
  v128.store(out, c5, 80);
  v128.store(out, c6, 96);
  v128.store(out, c7, 112);
}

/** Adds alpha times a 4 x 4 product to beta times C. */
function addTile(c: usize, rowBytes: usize, rows: i32, columns: i32, tile: usize, alpha: f64, beta: f64): void {
  if (rows == 4 && columns == 4 && beta == 1) {
    const factor = f64x2.splat(alpha);
    for (let r = 0; r < 4; r++) {
      v128.store(c, multiplyAdd<f64>(factor, v128.load(tile), v128.load(c)));
      v128.store(c, multiplyAdd<f64>(factor, v128.load(tile, 16), v128.load(c, 16)), 16);
      c += rowBytes;
      tile += 32;
    }
    return;
  }
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < columns; j++) {
      const at = c + ((<usize>j) << 3);
      // Beta 0 overwrites C, because its old value may be NaN.
      const before = beta == 0 ? 0 : beta * f64.load(at);
      f64.store(at, before + alpha * f64.load(tile + ((<usize>j) << 3)));
    }
    c += rowBytes;
    tile += 32;
  }
}

/** Computes one block. Scratch: (2 * BLOCK * DEPTH + 16) * 8 bytes. `flags` are those above; LOWER requires m == n. */
export function gemm(
  a: usize,
  aI: i32,
  aK: i32,
  b: usize,
  bJ: i32,
  bK: i32,
  c: usize,
  ldc: i32,
  m: i32,
  n: i32,
  k: i32,
  alpha: f64,
  beta: f64,
  flags: i32,
  scratch: usize,
  block: i32,
): void {
  let blockRow: i32;
  let blockColumn: i32;
  if ((flags & LOWER) != 0) {
    blockRow = <i32>((Math.sqrt(8.0 * <f64>block + 1) - 1) / 2);
    while ((blockRow * (blockRow + 1)) / 2 > block) blockRow--;
    while (((blockRow + 1) * (blockRow + 2)) / 2 <= block) blockRow++;
    blockColumn = block - (blockRow * (blockRow + 1)) / 2;
  } else {
    const across = (n + BLOCK - 1) / BLOCK;
    blockRow = block / across;
    blockColumn = block % across;
  }
  const top = blockRow * BLOCK;
  const left = blockColumn * BLOCK;
  const rows = min(BLOCK, m - top);
  const columns = min(BLOCK, n - left);
  const packedA = scratch;
  const packedB = scratch + ((<usize>(BLOCK * DEPTH)) << 3);
  const tile = packedB + ((<usize>(BLOCK * DEPTH)) << 3);
  const rowBytes = (<usize>ldc) << 3;
  const corner = c + <usize>top * rowBytes + ((<usize>left) << 3);
  let first = 0;
  if ((flags & FROM_COLUMN) != 0) first = left;
  else if ((flags & FROM_ROW) != 0) first = top;
  const end = (flags & TO_ROW) != 0 ? min(k, top + rows) : k;
  let scale = beta;
  // C is scaled even if there is nothing to sum.
  for (let from = first; from < end || from == first; from += DEPTH) {
    const depth = max(0, min(DEPTH, end - from));
    const atK = <isize>from;
    pack(a + ((<usize>(<isize>top * aI + atK * aK)) << 3), aI, aK, rows, depth, packedA);
    if ((flags & SYMMETRIC) == 0 || from < left) {
      pack(b + ((<usize>(<isize>left * bJ + atK * bK)) << 3), bJ, bK, columns, depth, packedB);
    } else if (from > left) {
      pack(b + ((<usize>(<isize>left * bK + atK * bJ)) << 3), bK, bJ, columns, depth, packedB);
    } else {
      packSymmetric(b + ((<usize>(<isize>left * bJ + atK)) << 3), bJ, columns, packedB);
    }
    const panelBytes = (<usize>depth) << 5;
    for (let j = 0; j < columns; j += 4) {
      const panelB = packedB + <usize>(j >> 2) * panelBytes;
      for (let i = 0; i < rows; i += 4) {
        // Within the blocks at a triangle's edge, tiles stop where their own zeros begin.
        let low = 0;
        let high = depth;
        if ((flags & FROM_COLUMN) != 0) low = left + j - from;
        else if ((flags & FROM_ROW) != 0) low = top + i - from;
        if ((flags & TO_ROW) != 0) high = min(depth, top + i + 4 - from);
        low = max(0, low);
        const skipped = (<usize>low) << 5;
        const rowsA = packedA + <usize>(i >> 2) * panelBytes;
        multiplyPanels(rowsA + skipped, panelB + skipped, max(0, high - low), tile);
        const at = corner + <usize>i * rowBytes + ((<usize>j) << 3);
        addTile(at, rowBytes, min(4, rows - i), min(4, columns - j), tile, alpha, scale);
      }
    }
    scale = 1;
  }
  if ((flags & MIRROR) == 0) return;
  // Mirror in squares of eight, one cache line on either side.
  const above = c + <usize>left * rowBytes + ((<usize>top) << 3);
  for (let i0 = 0; i0 < rows; i0 += 8) {
    const lastI = min(rows, i0 + 8);
    const endJ = blockRow == blockColumn ? lastI : columns;
    for (let j0 = 0; j0 < endJ; j0 += 8) {
      const lastJ = min(endJ, j0 + 8);
      for (let j = j0; j < lastJ; j++) {
        let from = corner + <usize>i0 * rowBytes + ((<usize>j) << 3);
        const to = above + <usize>j * rowBytes;
        for (let i = i0; i < lastI; i++) {
          if (blockRow != blockColumn || j < i) f64.store(to + ((<usize>i) << 3), f64.load(from));
          from += rowBytes;
        }
      }
    }
  }
}
