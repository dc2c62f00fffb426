/**
 * Products that are added to a sum: the one place where the two builds of a module differ (src/kernels/simd.ts).
 *
 * The relaxed build has one instruction for both, which rounds once on processors with FMA. The plain build multiplies,
 * rounds, adds and rounds. Only sums that take much of a kernel's time use these functions. T is f32 or f64.
 *
 * asc warns that not every host can pass a v128 to an exported function (AS112). No module exports these, so
 * asconfig.json turns that warning off.
 */

/** Returns a b + c. */
export function multiplyAdd<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, c);
  return v128.add<T>(c, v128.mul<T>(a, b));
}

/** Returns c - a b. */
export function subtractProduct<T>(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_nmadd<T>(a, b, c);
  return v128.sub<T>(c, v128.mul<T>(a, b));
}
