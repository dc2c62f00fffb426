/** Entry of linalg.wasm: the metrics' float64 kernels. They own no memory; src/kernels/linalg.ts describes how to call them. */
export { bandToTridiagonal, panelQr } from "./band";
export { bandInverseTraces } from "./band-trace";
export { choleskyBlock, pivotedColumn, solveRows } from "./cholesky";
export { gemm } from "./gemm";
export { centerRows, columnMeans } from "./moments";
export { reflectPanel, rotatePanel } from "./panels";
export { recordRotations, tridiagonalEigenvalues } from "./tridiagonal";
