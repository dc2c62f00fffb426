/**
 * Entry of image.wasm: kernels for decoding, encoding, warping and resizing images. src/kernels/image.ts describes how
 * to call them.
 */
export { encodeJpegScan } from "./jpeg";
export { colourJpegWindow } from "./jpeg-colour";
export { decodeJpegScan } from "./jpeg-decode";
export { denormalizeBytes, denormalizeRgba, normalizeBytes, normalizeRgba } from "./normalize";
export { resizeAcrossRgba, resizeDownRgba } from "./resize";
export { warpAffineFloat, warpAffineRgba } from "./warp";
