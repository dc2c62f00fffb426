/** Conversions of binary16 and bfloat16, for every value and against hand-computed bits. */
import assert from "node:assert/strict";
import { fromBfloat16, fromFloat16, toFloat16 } from "../../src/interop/float16.js";

describe("float16", () => {
  // Computed by hand from the layout 1 + 5 + 10 bits, bias 15.
  const exact: readonly (readonly [number, number])[] = [
    [0, 0x0000],
    [1, 0x3c00],
    [-2, 0xc000],
    [0.5, 0x3800],
    [1 / 3 - ((1 / 3) % 2 ** -12), 0x3555],
    [1 + 2 ** -10, 0x3c01],
    [65504, 0x7bff],
    [2 ** -14, 0x0400],
    [2 ** -14 - 2 ** -24, 0x03ff],
    [2 ** -24, 0x0001],
    [Number.POSITIVE_INFINITY, 0x7c00],
    [Number.NEGATIVE_INFINITY, 0xfc00],
  ];
  for (const [value, bits] of exact) {
    it(`writes ${value} as 0x${bits.toString(16)} and reads it back`, () => {
      assert.equal(toFloat16(value), bits);
      assert.equal(fromFloat16(bits), value);
    });
  }

  const rounded: readonly (readonly [string, number, number])[] = [
    ["a tie goes down to the even neighbour", 1 + 2 ** -11, 0x3c00],
    ["a tie goes up to the even neighbour", 1 + 3 * 2 ** -11, 0x3c02],
    ["just above a tie goes up", 1 + 2 ** -11 + 2 ** -23, 0x3c01],
    ["a carry reaches the exponent", 2 - 2 ** -12, 0x4000],
    ["just below 65520 stays finite", 65519.99609375, 0x7bff],
    ["65520 is an infinity", 65520, 0x7c00],
    ["half of the smallest is zero", 2 ** -25, 0x0000],
    ["more than half of the smallest is the smallest", 2 ** -25 + 2 ** -48, 0x0001],
    ["a subnormal tie goes to even", 3 * 2 ** -25, 0x0002],
    ["the largest subnormal tie becomes normal", 2 ** -14 - 2 ** -25, 0x0400],
    ["a float32 subnormal keeps its sign only", -(2 ** -140), 0x8000],
  ];
  for (const [statement, value, bits] of rounded) {
    it(statement, () => {
      assert.equal(toFloat16(value).toString(16), bits.toString(16));
    });
  }

  it("keeps NaN, and the sign of zero", () => {
    assert.ok(Number.isNaN(fromFloat16(toFloat16(Number.NaN))));
    assert.equal(toFloat16(-0), 0x8000);
    assert.ok(Object.is(fromFloat16(0x8000), -0));
  });

  it("returns every one of the 63,490 numbers unchanged", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = fromFloat16(bits);
      if (!Number.isNaN(value)) assert.equal(toFloat16(value), bits);
    }
  });

  it("reads bfloat16 as the upper half of a float32", () => {
    assert.equal(fromBfloat16(0x3f80), 1);
    assert.equal(fromBfloat16(0xc040), -3);
    assert.equal(fromBfloat16(0x3eab), 0.333984375);
  });
});
