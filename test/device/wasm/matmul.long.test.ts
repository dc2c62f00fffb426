/** Products of matrices on the `wasm` device with more values than 14,336 in a sum, compared with products in float64. */
import { testProducts, useDirtyMemory } from "../../support/matmul.js";

describe("device/wasm/matmul-kernel", () => {
  useDirtyMemory();

  testProducts([
    ...[14_080, 14_592, 20_000, 32_768].map((inner) => [2, inner, 256] as const),
    ...[255, 257, 512, 768].map((columns) => [3, 14_593, columns] as const),
    [256, 14_592, 2],
  ]);
});
