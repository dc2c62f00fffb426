/** Entry of linalg.wasm: float64 kernels of the metrics. They own no memory: see src/kernels/linalg.ts for the contract. */
export { bandToTridiagonal, panelQr } from "./band";
export { bandInverseTraces } from "./band-trace";
export { choleskyBlock, pivotedColumn, solveRows } from "./cholesky";
export { gemm } from "./gemm";
export { centerRows, columnMeans } from "./moments";
export { reflectPanel, rotatePanel } from "./panels";
export { recordRotations, tridiagonalEigenvalues } from "./tridiagonal";
