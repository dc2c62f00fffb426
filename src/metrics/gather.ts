/** Decides whether the features of a folder are kept as rows or reduced to mean and covariance. */
import type { Linalg } from "./linalg.js";
import { MomentsAccumulator, statisticsOf } from "./moments.js";
import { asFeatures, type Side } from "./sides.js";

export interface GatherOptions {
  readonly dims: number;
  /** Largest number of rows that may come. */
  readonly most: number;
  /** Whether all rows are needed (KID, precision and recall). */
  readonly rows: boolean;
}

/**
 * Collects rows in pieces. As long as there are not more rows than dimensions, they stay features, which are best for
 * the distance. With one more row they become mean and covariance, so that memory no longer grows.
 */
export class SideGatherer {
  private readonly linalg: Linalg;
  private readonly dims: number;
  /** Largest number of rows that are kept as rows. */
  private readonly limit: number;
  private held: Float32Array;
  private moments: MomentsAccumulator | null = null;
  /** Number of rows so far. */
  n = 0;

  constructor(linalg: Linalg, { dims, most, rows }: GatherOptions) {
    this.linalg = linalg;
    this.dims = dims;
    this.limit = rows ? most : Math.min(most, dims);
    this.held = new Float32Array(this.limit * dims);
  }

  /** @param features complete rows */
  add(features: Float32Array): void {
    const { dims, limit, n } = this;
    this.n += features.length / dims;
    if (this.moments === null && this.n > limit) {
      this.moments = new MomentsAccumulator(this.linalg, dims);
      this.moments.add(this.held.subarray(0, n * dims));
      this.held = new Float32Array(0);
    }
    if (this.moments === null) this.held.set(features, n * dims);
    else this.moments.add(features);
  }

  /** The side of all rows, at least two. The gatherer cannot be used afterwards. */
  finish(source: string): Side {
    const { moments, held, n, dims } = this;
    this.moments = null;
    if (moments !== null) return statisticsOf(moments.finish(), source);
    return asFeatures({ shape: [n, dims], data: held.subarray(0, n * dims) }, source);
  }

  /** Frees the memory of an unfinished gatherer. */
  dispose(): void {
    this.moments?.finish();
    this.moments = null;
  }
}
