/** Asserts with tolerances, |actual - expected| <= abs + rel * |expected|. A failure names the coordinate. */
import assert from "node:assert/strict";

export interface Tolerance {
  readonly abs: number;
  readonly rel: number;
}

/** Turns a flat index into text: shapeIndex([2, 3])(4) is "[1, 1]". */
export function shapeIndex(shape: readonly number[]): (index: number) => string {
  return (index) => {
    const coordinate: number[] = [];
    let rest = index;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      coordinate.unshift(rest % shape[axis]);
      rest = Math.floor(rest / shape[axis]);
    }
    return `[${coordinate.join(", ")}]`;
  };
}

/** Asserts that all values are close. Names the worst one by `describeIndex` (default: the flat index). */
export function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { abs, rel }: Tolerance,
  describeIndex: (index: number) => string = (index) => `[${index}]`,
): void {
  assert.equal(actual.length, expected.length, `expected ${expected.length} values, received ${actual.length}`);
  let worst = -1;
  let worstExcess = 0;
  for (let i = 0; i < expected.length; i++) {
    const excess = Math.abs(actual[i] - expected[i]) - (abs + rel * Math.abs(expected[i]));
    // Not `excess > 0`, because NaN must fail.
    if (!(excess <= worstExcess)) {
      worst = i;
      worstExcess = excess;
      if (Number.isNaN(excess)) break;
    }
  }
  if (worst < 0) return;
  const difference = Math.abs(actual[worst] - expected[worst]);
  assert.fail(
    `at ${describeIndex(worst)}: expected ${expected[worst]}, received ${actual[worst]}, ` +
      `difference ${difference} (tolerance ${abs} + ${rel} * |expected|)`,
  );
}
