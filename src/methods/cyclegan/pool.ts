/**
 * The pools of translated images: the discriminators learn from these, so that they do not forget what the generators
 * made some updates ago (paper section 4; Shrivastava et al. 2017, "Learning from Simulated and Unsupervised Images
 * through Adversarial Training").
 *
 * The pools are tensors with names, so that checkpoints contain them. The published code loses them when it resumes.
 */
import * as tf from "@tensorflow/tfjs-core";
import { type ParameterSpec, type Parameters, parameter } from "../../nn/parameters.js";
import type { CycleganConfig } from "./config.js";

export type Domain = "A" | "B";

/** The pool of one domain, on the device. */
export interface Pool {
  /** [P, S, S, 3] in [-1, 1]; places that are still empty have zeros. */
  readonly images: tf.Variable;
  /** The number of images in it, which has the first places: [1]. */
  readonly stored: tf.Variable;
}

/** The random choices of pools. */
export interface PoolDraws {
  /** Returns a number in [0, 1). */
  uniform(): number;
  /** Returns a whole number in 0 .. n - 1. */
  below(n: number): number;
}

const nameOf = (domain: Domain, part: keyof Pool): string => `pool_${domain}.${part}`;

/** Lists the tensors of both pools. They are 0 at the start of a run. */
export function poolSpecs({ size, poolSize }: CycleganConfig): readonly ParameterSpec[] {
  // A bias is a parameter whose values have the same order in files and on the device.
  const spec = (name: string, shape: readonly number[]): ParameterSpec => ({ name, shape, kind: "bias", fanIn: 1 });
  return (["A", "B"] as const).flatMap((domain) => [
    spec(nameOf(domain, "images"), [poolSize, size, size, 3]),
    spec(nameOf(domain, "stored"), [1]),
  ]);
}

/** Finds a domain's pool among named tensors. */
export function poolOf(tensors: Parameters, domain: Domain): Pool {
  const [images, stored] = (["images", "stored"] as const).map((part) => parameter(tensors, nameOf(domain, part)));
  return { images, stored };
}

/** Reads the number of images in a pool. An update does it at its start, when the device has nothing else to do. */
export async function readStored({ stored }: Pool): Promise<number> {
  return (await stored.data())[0];
}

/** Rows of the pool and, behind them, of the new images: row P + i is new image i. */
interface Plan {
  /** The row of each place's next image. */
  readonly next: readonly number[];
  /** The row that is returned for each new image. */
  readonly returned: readonly number[];
  readonly stored: number;
}

/** Decides what happens to `count` new images, one after the other. */
function makePlan(size: number, storedBefore: number, count: number, draws: PoolDraws): Plan {
  const next = Array.from({ length: size }, (_, place) => place);
  const returned: number[] = [];
  let stored = storedBefore;
  for (let row = size; row < size + count; row++) {
    if (stored < size) {
      next[stored++] = row;
      returned.push(row);
    } else if (draws.uniform() > 0.5) {
      const place = draws.below(size);
      returned.push(next[place]);
      next[place] = row;
    } else {
      returned.push(row);
    }
  }
  return { next, returned, stored };
}

/** Copies rows of two batches, of which the second one follows the first. Neighbours are copied together. */
function takeRows(first: tf.Tensor4D, second: tf.Tensor4D, rows: readonly number[]): tf.Tensor4D {
  const [size] = first.shape;
  const runs: { readonly from: number; count: number }[] = [];
  for (const row of rows) {
    const last = runs[runs.length - 1];
    if (last !== undefined && row === last.from + last.count && row !== size) last.count++;
    else runs.push({ from: row, count: 1 });
  }
  const slices = runs.map(({ from, count }) =>
    from < size ? tf.slice(first, from, count) : tf.slice(second, from - size, count),
  );
  return tf.concat(slices, 0);
}

/**
 * Exchanges new translated images for those that the discriminator learns from, one after the other. While the pool is
 * not full, it stores each image and returns it. A full pool either returns the new image, or, with probability 1/2,
 * returns a random stored one and stores the new one in its place.
 *
 * @param stored the result of readStored()
 * @param fakes  new images, [N, S, S, 3]
 * @param draws  asked only if the pool is full, for below(P) only if uniform() is above 0.5
 * @returns [N, S, S, 3]; `pool` is changed in place
 */
export function exchangeFakes(pool: Pool, stored: number, fakes: tf.Tensor4D, draws: PoolDraws): tf.Tensor4D {
  const images = pool.images as unknown as tf.Tensor4D;
  const plan = makePlan(images.shape[0], stored, fakes.shape[0], draws);
  return tf.tidy(() => {
    const returned = takeRows(images, fakes, plan.returned);
    if (plan.next.some((row, place) => row !== place)) pool.images.assign(takeRows(images, fakes, plan.next));
    if (plan.stored !== stored) pool.stored.assign(tf.tensor1d([plan.stored]));
    return returned;
  });
}
