/** What the features of a folder become: this is the one place that decides. */
import type { Linalg } from "./linalg.js";
import { MomentsAccumulator, statisticsOf } from "./moments.js";
import { asFeatures, type Side } from "./sides.js";

export interface GatherOptions {
  readonly dims: number;
  /** The most rows that may come. */
  readonly most: number;
  /** Whether all rows are asked for (KID, precision and recall). */
  readonly rows: boolean;
}

/**
 * Takes rows in pieces. They stay features while they are not more than their dimensions, where the distance is best taken from
 * features; with one row more they become mean and covariance, and memory is the same for any number of them.
 */
export class SideGatherer {
  private readonly linalg: Linalg;
  private readonly dims: number;
  /** Rows up to which they are held. */
  private readonly limit: number;
  private held: Float32Array;
  private moments: MomentsAccumulator | null = null;
  /** Rows so far. */
  n = 0;

  constructor(linalg: Linalg, { dims, most, rows }: GatherOptions) {
    this.linalg = linalg;
    this.dims = dims;
    this.limit = rows ? most : Math.min(most, dims);
    this.held = new Float32Array(this.limit * dims);
  }

  /** @param features whole rows */
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

  /** The side of all rows, at least two. The gatherer is then spent. */
  finish(source: string): Side {
    const { moments, held, n, dims } = this;
    this.moments = null;
    if (moments !== null) return statisticsOf(moments.finish(), source);
    return asFeatures({ shape: [n, dims], data: held.subarray(0, n * dims) }, source);
  }

  /** Frees what an unfinished one holds. */
  dispose(): void {
    this.moments?.finish();
    this.moments = null;
  }
}
