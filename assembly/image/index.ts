export { encodeJpegScan } from "./jpeg";
export { denormalizeBytes, denormalizeRgba, normalizeBytes, normalizeRgba } from "./normalize";
export { resizeAcrossRgba, resizeDownRgba } from "./resize";
export { warpAffineFloat, warpAffineRgba } from "./warp";
