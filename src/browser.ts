/**
 * The package's public interface in a browser, which bundlers choose by the condition "browser". docs/browser.md shows how to
 * use it. Functions that are not described here are those of elegant-faces in Node.js.
 * @module elegant-faces (browser)
 * @group API
 */

export type { CroppedFace } from "./detection/cropped-face.js";
export type { Choice, Device, DeviceKind, DeviceLimits, DeviceName } from "./device/device.js";
export { type BrowserDevice, openDevice } from "./device/in-browser.js";
export { ElegantError, ExitCode, InputError, RetryableError } from "./errors.js";
export { similarityFromEyes, similarityFromLandmarks } from "./image/align.js";
export { type DecodedImage, type DecodeOptions, decodeImage, encodeJpeg, encodePng } from "./image/codec.js";
export type { Decoded } from "./image/formats/damage.js";
export type { PngTexts } from "./image/formats/png-writer.js";
export type { Orientation } from "./image/orientation.js";
export { decodeSafetensors, type EncodeOptions, encodeSafetensors, type NamedTensors } from "./interop/safetensors.js";
export * from "./library.js";
export { openGenerator } from "./library-browser.js";
export { type FaceFinder, openFaceFinder, pasteFace } from "./library-faces.js";
export { setAssetFolder } from "./platform/browser.js";
export type { Affine, FivePoints, Rectangle, RgbaImage } from "./types.js";
