/** Arithmetic on float32 values one by one. */

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
 * @param a, b    float32 [count], or one value where singleA or singleB is not 0 (not both)
 * @param y       float32 [count], may be a or b; it and the operands have room for whole vectors of four, whose rest is not meant
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
