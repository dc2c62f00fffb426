/** The package's public interface in a browser, which bundlers choose by the condition "browser". docs/browser.md shows its use. */
export type { Device } from "./device/device.js";
export { type BrowserDevice, openDevice } from "./device/in-browser.js";
export { ElegantError, ExitCode, InputError, RetryableError } from "./errors.js";
export { similarityFromEyes, similarityFromLandmarks } from "./image/align.js";
export { decodeImage, encodeJpeg, encodePng } from "./image/codec.js";
export { decodeSafetensors, encodeSafetensors, type NamedTensors } from "./interop/safetensors.js";
export {
  disposeFaces,
  type Edit,
  encodeFaces,
  type Faces,
  type Generator,
  type Grid,
  type ImageTensor,
  linear,
  matrixOfAttributes,
  matrixOfReferences,
  render,
  swap,
  swapMany,
  toPictures,
  toTensor,
} from "./library.js";
export { type FaceFinder, type FoundFace, openFaceFinder, openGenerator, pasteFace } from "./library-browser.js";
export { setAssetFolder } from "./platform/browser.js";
export type { Affine, FivePoints, Rectangle, RgbaImage } from "./types.js";
