/** All reference implementations of image.wasm behind its interface. They are slow, and serve tests and readers. */
import type { ImageKernels } from "../image.js";
import { encodeJpegScan } from "./jpeg.js";
import { colourJpegWindow } from "./jpeg-colour.js";
import { decodeJpegScan } from "./jpeg-decode.js";
import { denormalizeBytes, denormalizeRgba, normalizeBytes, normalizeRgba } from "./normalize.js";
import { resizeAcrossRgba, resizeDownRgba } from "./resize.js";
import { warpAffineFloat, warpAffineRgba } from "./warp.js";

export function referenceImageKernels(memory: WebAssembly.Memory): ImageKernels {
  return {
    decodeJpegScan: decodeJpegScan(memory),
    colourJpegWindow: colourJpegWindow(memory),
    encodeJpegScan: encodeJpegScan(memory),
    warpAffineRgba: warpAffineRgba(memory),
    warpAffineFloat: warpAffineFloat(memory),
    resizeAcrossRgba: resizeAcrossRgba(memory),
    resizeDownRgba: resizeDownRgba(memory),
    normalizeBytes: normalizeBytes(memory),
    normalizeRgba: normalizeRgba(memory),
    denormalizeBytes: denormalizeBytes(memory),
    denormalizeRgba: denormalizeRgba(memory),
  };
}
