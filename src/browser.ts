/** The package's public interface in a browser, which bundlers choose by the condition "browser". docs/browser.md shows its use. */

export type { CroppedFace } from "./detection/cropped-face.js";
export type { Device } from "./device/device.js";
export { type BrowserDevice, openDevice } from "./device/in-browser.js";
export { ElegantError, ExitCode, InputError, RetryableError } from "./errors.js";
export { similarityFromEyes, similarityFromLandmarks } from "./image/align.js";
export { decodeImage, encodeJpeg, encodePng } from "./image/codec.js";
export { decodeSafetensors, encodeSafetensors, type NamedTensors } from "./interop/safetensors.js";
export * from "./library.js";
export { openGenerator } from "./library-browser.js";
export { type FaceFinder, openFaceFinder, pasteFace } from "./library-faces.js";
export { setAssetFolder } from "./platform/browser.js";
export type { Affine, FivePoints, Rectangle, RgbaImage } from "./types.js";
