/**
 * Dense linear algebra for the metrics: float64, row-major, on a team of threads with one shared memory. Every sum has
 * a fixed order, so results are bit-identical for any number of threads.
 */
import {
  CENTER_ROWS,
  GEMM_BLOCK,
  GEMM_SCRATCH,
  LINALG_KERNELS,
  type LinalgKernel,
  type LinalgKernels,
  LOWER,
  MEAN_COLUMNS,
  SOLVE_ROWS,
} from "../kernels/linalg.js";
import { loadModule } from "../kernels/module.js";
import type { KernelBuild } from "../kernels/simd.js";
import { KernelTeam } from "../pool/team/team.js";

/** Columns per panel of the Cholesky factorisation. */
const CHOLESKY_PANEL = 64;

/** A matrix (or, with one column, a vector) in the shared memory. Call `release` when it is no longer needed. */
export interface Matrix {
  /** Address in the shared memory, in bytes. */
  readonly pointer: number;
  /** Number of rows. */
  readonly rows: number;
  /** Number of columns. */
  readonly columns: number;
  /** The values, [rows, columns], row-major: a view that is valid until release. */
  readonly data: Float64Array;
}

/** An operand of a product: a matrix, or its transpose. */
export interface Operand {
  /** The matrix as it is stored. */
  readonly matrix: Matrix;
  /** If true, its transpose is the operand. Default false. */
  readonly transposed?: boolean;
}

/** Options of a product C = beta C + alpha A B. */
export interface ProductOptions {
  /** Factor of the product. Default 1. */
  readonly alpha?: number;
  /** Factor of the old values of C. With 0 (default), C is overwritten. */
  readonly beta?: number;
  /** The flags of kernels/linalg.ts; 0 (default) computes all of C. */
  readonly flags?: number;
}

/**
 * Matrix operations on a team of threads. Open it with Linalg.open() and close it when you are done.
 *
 * @example
 * ```ts
 * import { Linalg } from "elegant-faces";
 *
 * const linalg = await Linalg.open(2);
 * linalg.scope(() => {
 *   const a = linalg.from([2, 1, 1, 2], 2, 2);
 *   const c = linalg.allocate(2, 2);
 *   linalg.multiply({ matrix: a }, { matrix: a }, c);
 *   console.log(c.data); // 5, 4, 4, 5
 * });
 * await linalg.close();
 * ```
 */
export class Linalg {
  /**
   * The threads and their memory.
   * @internal
   */
  readonly team: KernelTeam<LinalgKernels, LinalgKernel>;

  private constructor(team: KernelTeam<LinalgKernels, LinalgKernel>) {
    this.team = team;
    team.heap.advice = "Use fewer dimensions (fid: --dims) or fewer rows of features.";
  }

  /**
   * Starts the threads.
   * @param threads number of threads, including the calling one, which blocks while a kernel runs; without
   *                SharedArrayBuffer, only the calling one is used
   * @param build build of the kernels; tests name one, everything else uses the one that suits this process
   */
  static async open(threads: number, build?: KernelBuild): Promise<Linalg> {
    const module = await loadModule("linalg", build);
    return new Linalg(new KernelTeam<LinalgKernels, LinalgKernel>(module, threads, LINALG_KERNELS));
  }

  /** Ends the threads. Matrices cannot be used afterwards. */
  close(): Promise<void> {
    return this.team.close();
  }

  /** Allocates a matrix with undefined contents. @throws RetryableError if the memory is full */
  allocate(rows: number, columns: number): Matrix {
    const pointer = this.team.heap.allocate(Math.max(1, rows * columns) * 8);
    const data = new Float64Array(this.team.heap.memory.buffer, pointer, rows * columns);
    return { pointer, rows, columns, data };
  }

  /**
   * Runs `body` and then releases everything that was allocated in it, even if `body` throws. Matrices passed to `keep`
   * stay, unless `body` throws.
   */
  scope<T>(body: (keep: (matrix: Matrix) => Matrix) => T): T {
    return this.team.heap.scope((keep) =>
      body((matrix) => {
        keep(matrix.pointer);
        return matrix;
      }),
    );
  }

  /** Frees the memory of matrices. */
  release(...matrices: readonly Matrix[]): void {
    for (const { pointer } of matrices) this.team.heap.release(pointer);
  }

  /** Copies values into the shared memory. */
  from(values: ArrayLike<number>, rows: number, columns: number): Matrix {
    const matrix = this.allocate(rows, columns);
    matrix.data.set(values);
    return matrix;
  }

  /**
   * Computes C = beta C + alpha A B. With the flag LOWER of kernels/linalg.ts, C is square and only its lower triangle is
   * computed.
   * @param a [m, k]
   * @param b [k, n]
   * @param c [m, n], overwritten
   * @throws Error if the shapes do not fit each other
   */
  multiply(a: Operand, b: Operand, c: Matrix, { alpha = 1, beta = 0, flags = 0 }: ProductOptions = {}): void {
    const [m, k] = a.transposed ? [a.matrix.columns, a.matrix.rows] : [a.matrix.rows, a.matrix.columns];
    const [kB, n] = b.transposed ? [b.matrix.columns, b.matrix.rows] : [b.matrix.rows, b.matrix.columns];
    if (k !== kB || c.rows !== m || c.columns !== n) {
      throw new Error(`multiply: [${m}, ${k}] by [${kB}, ${n}] into [${c.rows}, ${c.columns}]`);
    }
    const [aI, aK] = a.transposed ? [1, m] : [k, 1];
    const [bJ, bK] = b.transposed ? [k, 1] : [1, n];
    this.gemm(a.matrix.pointer, aI, aK, b.matrix.pointer, bJ, bK, c.pointer, n, m, n, k, alpha, beta, flags);
  }

  /**
   * Computes the same as multiply() from pointers and strides: the arguments of the kernel, assembly/linalg/gemm.ts.
   * @internal
   */
  gemm(...values: [...operands: number[], m: number, n: number, k: number, a: number, b: number, flags: number]) {
    const [m, n, , , , flags] = values.slice(-6) as number[];
    const [down, across] = [m, n].map((extent) => Math.ceil(extent / GEMM_BLOCK));
    const blocks = (flags & LOWER) !== 0 ? (down * (down + 1)) / 2 : down * across;
    this.team.run("gemm", values, blocks, GEMM_SCRATCH);
  }

  /**
   * Factors A = L L^T in place. The upper triangle becomes zero.
   * @returns false if A is not positive definite beyond rounding (a pivot is at most n eps max diag); then A is
   *   destroyed
   */
  cholesky(a: Matrix): boolean {
    const { rows: n, pointer, data } = a;
    let largest = 0;
    for (let i = 0; i < n; i++) largest = Math.max(largest, data[i * n + i]);
    const floor = n * Number.EPSILON * largest;
    const at = (row: number, column: number): number => pointer + (row * n + column) * 8;
    for (let j = 0; j < n; j += CHOLESKY_PANEL) {
      const width = Math.min(CHOLESKY_PANEL, n - j);
      if (this.team.kernels.choleskyBlock(at(j, j), n, width, floor) >= 0) return false;
      const below = j + width;
      const rest = n - below;
      if (rest === 0) break;
      this.team.run("solveRows", [at(below, j), at(j, j), n, rest, width], Math.ceil(rest / SOLVE_ROWS));
      const panel = at(below, j);
      this.gemm(panel, n, 1, panel, n, 1, at(below, below), n, rest, rest, width, -1, 1, LOWER);
    }
    for (let i = 0; i < n; i++) data.fill(0, i * n + i + 1, (i + 1) * n);
    return true;
  }

  /** Means of the columns of float32 rows [n, d], and the rows minus their means as float64. */
  center(
    x: Float32Array,
    n: number,
    d: number,
  ): {
    /** [d, 1] */
    readonly means: Matrix;
    /** [n, d] */
    readonly centered: Matrix;
  } {
    const { heap } = this.team;
    return this.scope((keep) => {
      const raw = heap.allocate(Math.max(1, n * d) * 4);
      new Float32Array(heap.memory.buffer, raw, n * d).set(x);
      const [means, centered] = [keep(this.allocate(d, 1)), keep(this.allocate(n, d))];
      this.centerInto(raw, n, means, centered);
      return { means, centered };
    });
  }

  /**
   * Computes the same as center() for the first n rows at a pointer, into the first n rows of a matrix.
   * @internal
   */
  centerInto(raw: number, n: number, means: Matrix, centered: Matrix): void {
    const d = centered.columns;
    this.team.run("columnMeans", [raw, n, d, means.pointer], Math.ceil(d / MEAN_COLUMNS));
    this.team.run("centerRows", [raw, n, d, means.pointer, centered.pointer], Math.ceil(n / CENTER_ROWS));
  }
}
