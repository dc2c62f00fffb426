/** Arithmetic on float32 values one by one, also between a matrix and a row or a column. */

/** Operations of binary(). */
const ADD: i32 = 0;
const SUBTRACT: i32 = 1;
const MULTIPLY: i32 = 2;
const DIVIDE: i32 = 3;

function apply(operation: i32, a: v128, b: v128): v128 {
  if (operation == ADD) return f32x4.add(a, b);
  if (operation == SUBTRACT) return f32x4.sub(a, b);
  if (operation == MULTIPLY) return f32x4.mul(a, b);
  if (operation == DIVIDE) return f32x4.div(a, b);
  const difference = f32x4.sub(a, b);
  return f32x4.mul(difference, difference);
}

/**
 * y = a op b for the values [block * blockValues, ...): 0 add, 1 subtract, 2 multiply, 3 divide, 4 (a - b)^2.
 * @param a, b        float32 [count], or a single value if singleA or singleB is not 0 (not both)
 * @param y           float32 [count], may be a or b; like the operands, it has room for whole vectors of four, whose
 *                    rest is undefined
 * @param blockValues a multiple of four
 */
export function binary(
  operation: i32,
  a: usize,
  b: usize,
  y: usize,
  singleA: i32,
  singleB: i32,
  count: i32,
  blockValues: i32,
  block: i32,
): void {
  const from: usize = (<usize>(block * blockValues)) << 2;
  const end: usize = (<usize>min((block + 1) * blockValues, count)) << 2;
  if (singleA != 0) {
    const one = v128.load32_splat(a);
    for (let i = from; i < end; i += 16) v128.store(y + i, apply(operation, one, v128.load(b + i)));
  } else if (singleB != 0) {
    const one = v128.load32_splat(b);
    for (let i = from; i < end; i += 16) v128.store(y + i, apply(operation, v128.load(a + i), one));
  } else {
    for (let i = from; i < end; i += 16) v128.store(y + i, apply(operation, v128.load(a + i), v128.load(b + i)));
  }
}

/** Forms of an operand of binaryRows(). */
const FULL: i32 = 0;
const ROW: i32 = 1;

/**
 * y = a op b as in binary() for the rows [block * blockRows, ...) of a matrix. One operand may be a row that is
 * repeated for all rows, or a column whose values are repeated along their rows.
 * @param a, b   float32: form 0 [rows, columns], form 1 [columns], form 2 [rows]
 * @param y      float32 [rows, columns]
 */
export function binaryRows(
  operation: i32,
  a: usize,
  b: usize,
  y: usize,
  formA: i32,
  formB: i32,
  rows: i32,
  columns: i32,
  blockRows: i32,
  block: i32,
): void {
  const last = min((block + 1) * blockRows, rows);
  const bytes: usize = (<usize>columns) << 2;
  const stepA: usize = formA == FULL ? bytes : formA == ROW ? 0 : 4;
  const stepB: usize = formB == FULL ? bytes : formB == ROW ? 0 : 4;
  const isColumnA = formA > ROW;
  const isColumnB = formB > ROW;
  const vectors: usize = bytes & ~15;
  for (let row = block * blockRows; row < last; row++) {
    const fromA = a + <usize>row * stepA;
    const fromB = b + <usize>row * stepB;
    const to = y + <usize>row * bytes;
    const oneA = v128.load32_splat(fromA);
    const oneB = v128.load32_splat(fromB);
    for (let i: usize = 0; i < vectors; i += 16) {
      const va = isColumnA ? oneA : v128.load(fromA + i);
      const vb = isColumnB ? oneB : v128.load(fromB + i);
      v128.store(to + i, apply(operation, va, vb));
    }
    for (let i: usize = vectors; i < bytes; i += 4) {
      const va = isColumnA ? oneA : v128.load32_zero(fromA + i);
      const vb = isColumnB ? oneB : v128.load32_zero(fromB + i);
      v128.store32_lane(to + i, apply(operation, va, vb), 0);
    }
  }
}

/** Operations of unary(). */
const ABS: i32 = 0;
const NEGATE: i32 = 1;
const STEP: i32 = 2;

/**
 * y = op(x) for the values [block * blockValues, ...): 0 |x|, 1 -x, 2 x > 0 ? 1 : alpha (NaN stays NaN),
 * 3 x limited to 0 .. alpha.
 * @param x, y float32 [count], with room for whole vectors of four; y may be x
 * @param blockValues a multiple of four
 */
export function unary(operation: i32, x: usize, y: usize, alpha: f32, count: i32, blockValues: i32, block: i32): void {
  const from: usize = (<usize>(block * blockValues)) << 2;
  const end: usize = (<usize>min((block + 1) * blockValues, count)) << 2;
  const one = f32x4.splat(1);
  if (operation == ABS) {
    for (let i = from; i < end; i += 16) v128.store(y + i, f32x4.abs(v128.load(x + i)));
  } else if (operation == NEGATE) {
    for (let i = from; i < end; i += 16) v128.store(y + i, f32x4.neg(v128.load(x + i)));
  } else if (operation == STEP) {
    const below = f32x4.splat(alpha);
    const zero = f32x4.splat(0);
    for (let i = from; i < end; i += 16) {
      const four = v128.load(x + i);
      const steps = v128.bitselect(one, below, f32x4.gt(four, zero));
      v128.store(y + i, v128.bitselect(four, steps, f32x4.ne(four, four))); // NaN stays NaN
    }
  } else {
    const zero = f32x4.splat(0);
    const limit = f32x4.splat(alpha);
    for (let i = from; i < end; i += 16) {
      v128.store(y + i, f32x4.min(f32x4.max(v128.load(x + i), zero), limit));
    }
  }
}
