/** The two sides of a comparison: features, or their mean and covariance. */
import { readFile } from "node:fs/promises";
import { describeMismatch, fromSystemError, InputError } from "../errors.js";
import { decodeNpy, isNpy, type NpyArray } from "../interop/npy.js";
import { decodeNpz, encodeNpz } from "../interop/npz.js";
import { isZip } from "../interop/zip.js";
import { encodeOrigin, type FeatureOrigin, readOrigin } from "./origin.js";

/** Rows of d features, row-major. */
export interface Features {
  readonly kind: "features";
  /** Name for messages. */
  readonly source: string;
  readonly n: number;
  readonly d: number;
  readonly data: Float32Array | Float64Array;
  /** What made the features; null or absent if unknown. Statistics have the same field. */
  readonly origin?: FeatureOrigin | null;
}

/** Mean [d] and covariance [d, d] with the divisor n - 1. */
export interface Statistics {
  readonly kind: "statistics";
  readonly source: string;
  /** Number of rows that they were computed from; null if the file does not state it. */
  readonly n: number | null;
  readonly d: number;
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
  /** How far storing the covariance as float16 or float32 may have moved its eigenvalues; absent for float64. */
  readonly rounding?: number;
  readonly origin?: FeatureOrigin | null;
}

export type Side = Features | Statistics;

/**
 * Largest difference of a covariance from its transpose, as a share of its largest value. With more, the matrix is not
 * a covariance.
 */
const SYMMETRY = 1e-6;

/**
 * Checks a matrix of features.
 * @throws InputError for anything other than two or more rows of finite numbers
 */
export function asFeatures({ shape, data }: NpyArray, source: string): Features {
  const refuse = (expected: string, received: string, remedy: string): InputError =>
    new InputError(describeMismatch(source, expected, received, remedy));
  // Pooled features are often saved as [rows, dims, 1, 1].
  const axes = shape.slice(2).every((extent) => extent === 1) ? shape.slice(0, 2) : shape;
  const [n, d] = axes;
  if (axes.length !== 2 || d < 1) {
    throw refuse(
      "features as [rows, dims]",
      `an array of shape [${shape}]`,
      "Save one row of features for each picture.",
    );
  }
  if (n < 2) throw refuse("at least two rows of features", String(n), "A covariance needs more than one picture.");
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const received = `${data[bad]} in row ${Math.floor(bad / d)}, column ${bad % d}`;
    throw refuse("finite features", received, "Remove the row or compute it again.");
  }
  return { kind: "features", source, n, d, data };
}

/**
 * How much storing may have changed numbers at most: relative to their size, and absolute (because of float16's
 * subnormal numbers).
 */
function precisionOf({ data, isHalf }: NpyArray): { readonly relative: number; readonly absolute: number } {
  if (isHalf === true) return { relative: 2 ** -11, absolute: 2 ** -25 };
  // Statistics in float32 were often computed in float32 as well, which costs a few more bits.
  return { relative: data instanceof Float32Array ? 2 ** -22 : 0, absolute: 0 };
}

/** Checks mean and covariance. @throws InputError if they do not fit, are not finite or not symmetric */
export function asStatistics(mu: NpyArray, sigma: NpyArray, n: number | null, source: string): Statistics {
  const refuse = (what: string, expected: string, received: string, remedy: string): InputError =>
    new InputError(describeMismatch(`${source}: ${what}`, expected, received, remedy));
  const d = mu.data.length;
  // Some tools save mu as [1, d].
  if (mu.shape.length < 1 || Math.max(...mu.shape) !== d || d < 1) {
    throw refuse("mu", "a vector", `the shape [${mu.shape}]`, "Choose a file of FID statistics.");
  }
  if (sigma.shape.length !== 2 || sigma.shape[0] !== d || sigma.shape[1] !== d) {
    throw refuse("sigma", `[${d}, ${d}], as mu has ${d}`, `[${sigma.shape}]`, "Choose a file of FID statistics.");
  }
  for (const [what, { data }] of [
    ["mu", mu],
    ["sigma", sigma],
  ] as const) {
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw refuse(what, "finite numbers", `${data[bad]} at ${bad}`, "Compute the statistics again.");
  }
  const covariance = Float64Array.from(sigma.data);
  const { relative, absolute } = precisionOf(sigma);
  let [largest, gap] = [0, 0];
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      const [below, above] = [covariance[i * d + j], covariance[j * d + i]];
      largest = Math.max(largest, Math.abs(below));
      gap = Math.max(gap, Math.abs(below - above));
      // Average both halves, which may differ by rounding.
      covariance[i * d + j] = covariance[j * d + i] = (below + above) / 2;
    }
  }
  if (gap > Math.max(SYMMETRY, 2 * relative) * largest + 2 * absolute) {
    const received = `one that differs from its transpose by ${gap.toExponential(1)}`;
    throw refuse("sigma", "a symmetric matrix", received, "It is no covariance; compute the statistics again.");
  }
  const negative = Array.from({ length: d }, (_, i) => covariance[i * d + i]).findIndex((value) => value < 0);
  if (negative >= 0) {
    const received = `${covariance[negative * d + negative]} at [${negative}, ${negative}]`;
    throw refuse("sigma", "variances from 0", received, "It is no covariance; compute the statistics again.");
  }
  // No eigenvalue moves by more than the Frobenius norm of the change (Weyl).
  const rounding = relative * Math.sqrt(covariance.reduce((sum, value) => sum + value * value, 0)) + absolute * d;
  const statistics = { source, n, d, mean: Float64Array.from(mu.data), covariance };
  return { kind: "statistics", ...statistics, ...(rounding > 0 ? { rounding } : {}) };
}

/**
 * Decodes a user's file: .npz statistics (mu and sigma; ours also contain n), .npy features, or .npz with one matrix of
 * features.
 * @param source names it in messages
 * @throws InputError if it is none of these
 */
export function decodeSide(bytes: Uint8Array, source: string): Side {
  if (isNpy(bytes)) return asFeatures(decodeNpy(bytes, source), source);
  if (!isZip(bytes)) {
    const expected = ".npz statistics, or .npy or .npz features";
    if (bytes[0] === 0x80 && bytes[1] <= 5) {
      const remedy = "Nothing of it was run. Save the arrays themselves: numpy.savez(FILE, mu=mu, sigma=sigma).";
      throw new InputError(describeMismatch(source, expected, "a Python pickle", remedy));
    }
    const received = bytes.length === 0 ? "an empty file" : "a file of another kind";
    throw new InputError(describeMismatch(source, expected, received, "Choose such a file, or a folder of images."));
  }
  const arrays = decodeNpz(bytes, source);
  const [mu, sigma] = [arrays.get("mu"), arrays.get("sigma")];
  if (mu !== undefined && sigma !== undefined) {
    const statistics = asStatistics(mu(), sigma(), readCount(arrays.get("n"), source), source);
    return withOrigin(statistics, arrays.get("about"));
  }
  const features = arrays.get("features") ?? arrays.get("arr_0");
  if (features !== undefined) {
    return withOrigin(asFeatures(features(), source), arrays.get("about"));
  }
  const received = `${[...arrays.keys()].join(", ") || "nothing"}`;
  throw new InputError(describeMismatch(source, "mu and sigma, or features", received, "Choose another file."));
}

function withOrigin<S extends Side>(side: S, about: (() => NpyArray) | undefined): S {
  const origin = readOrigin(about);
  return origin === null ? side : { ...side, origin };
}

/** The number of rows that statistics were computed from. It must be right, because the rank depends on it. */
function readCount(n: (() => NpyArray) | undefined, source: string): number | null {
  if (n === undefined) return null;
  const { data } = n();
  if (data.length === 1 && Number.isInteger(data[0]) && data[0] >= 2) return data[0];
  const received = data.length === 1 ? String(data[0]) : `${data.length} values`;
  const remedy = "Omit n, or save the number of rows.";
  throw new InputError(describeMismatch(`${source}: n`, "one number of rows, at least 2", received, remedy));
}

/** Reads a file. @throws InputError if it cannot be read or is not a side */
export async function readSide(path: string): Promise<Side> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fromSystemError(error, `Reading '${path}'`);
  });
  return decodeSide(bytes, path);
}

/** Encodes a side as .npz. pytorch-fid reads those with statistics, which also contain n and the origin. */
export function encodeSide(side: Side): Uint8Array {
  const { n, d, origin } = side;
  const about = origin == null ? {} : { about: encodeOrigin(origin) };
  if (side.kind === "features") return encodeNpz({ features: { shape: [side.n, d], data: side.data }, ...about });
  return encodeNpz({
    ...about,
    mu: { shape: [d], data: side.mean },
    sigma: { shape: [d, d], data: side.covariance },
    ...(n === null ? {} : { n: { shape: [], data: Float64Array.of(n) } }),
  });
}
