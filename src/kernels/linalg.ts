/**
 * Typed exports of linalg.wasm: float64, row-major. Pointers are byte offsets in the shared memory. assembly/linalg
 * describes each kernel.
 */

export interface LinalgKernels {
  /** Computes a block of C = beta C + alpha A B^T. Strides are in values. Needs GEMM_SCRATCH bytes of scratch memory. */
  gemm(
    a: number,
    aI: number,
    aK: number,
    b: number,
    bJ: number,
    bK: number,
    c: number,
    ldc: number,
    m: number,
    n: number,
    k: number,
    alpha: number,
    beta: number,
    flags: number,
    scratch: number,
    block: number,
  ): void;
  choleskyBlock(a: number, lda: number, n: number, floor: number): number;
  solveRows(a: number, l: number, lda: number, m: number, n: number, block: number): void;
  pivotedColumn(
    a: number,
    n: number,
    l: number,
    ldl: number,
    order: number,
    diagonal: number,
    step: number,
    root: number,
    block: number,
  ): void;
  panelQr(a: number, lda: number, m: number, b: number, v: number, t: number, scratch: number): void;
  /** Handles columns first to last - 1 and leaves their reflectors for reflectPanel(). */
  bandToTridiagonal(
    band: number,
    n: number,
    b: number,
    first: number,
    last: number,
    reflectors: number,
    chain: number,
    scratch: number,
  ): void;
  reflectPanel(
    panels: number,
    n: number,
    reflectors: number,
    chain: number,
    b: number,
    first: number,
    columns: number,
    block: number,
  ): void;
  /** Needs bandTraceScratch(b) bytes of scratch memory. */
  bandInverseTraces(
    band: number,
    n: number,
    b: number,
    shifts: number,
    traces: number,
    scratch: number,
    block: number,
  ): void;
  tridiagonalEigenvalues(diagonal: number, offDiagonal: number, n: number): number;
  /**
   * Records as many pairs of QL sweeps as fit into `steps`, for rotatePanel(). Returns 0 when all is done and -1 if it
   * does not converge.
   */
  recordRotations(
    diagonal: number,
    offDiagonal: number,
    n: number,
    known: number,
    negligible: number,
    state: number,
    record: number,
    steps: number,
  ): number;
  rotatePanel(panels: number, n: number, record: number, pairs: number, block: number): void;
  columnMeans(x: number, n: number, d: number, means: number, block: number): void;
  centerRows(x: number, n: number, d: number, means: number, y: number, block: number): void;
}

/** Kernels that a team runs in blocks. */
export const LINALG_KERNELS = [
  "gemm",
  "solveRows",
  "pivotedColumn",
  "reflectPanel",
  "rotatePanel",
  "bandInverseTraces",
  "columnMeans",
  "centerRows",
] as const satisfies readonly (keyof LinalgKernels)[];
export type LinalgKernel = (typeof LINALG_KERNELS)[number];

/**
 * These numbers must equal those in assembly/linalg: the side of a block of gemm() and its scratch bytes, then rows or
 * columns per block of the other kernels.
 */
export const GEMM_BLOCK = 128;
export const GEMM_SCRATCH = (2 * 128 * 128 + 16) * 8;
export const SOLVE_ROWS = 16;
export const PIVOT_ROWS = 128;
export const MEAN_COLUMNS = 64;
export const CENTER_ROWS = 16;
/** Columns per panel of reflectPanel() and rotatePanel(), and bytes per step of recordRotations(). */
export const PANEL_COLUMNS = 8;
export const ROTATION_BYTES = 32;

export const bandTraceScratch = (b: number): number => (2 * (b + 1) * (b + 2) + 4 * (b + 1)) * 16;

/** Flags of gemm(), to be combined. */
export const LOWER = 1;
export const MIRROR = 2;
export const FROM_COLUMN = 4;
export const FROM_ROW = 8;
export const TO_ROW = 16;
export const SYMMETRIC = 32;
