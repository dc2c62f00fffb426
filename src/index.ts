/** The package's public interface in Node.js; browser.ts is that in a browser. Everything else may change from version to version. */
export { type FaceDataset, openDataset } from "./dataset/dataset.js";
export { type AlignPhotosOptions, type AlignPhotosReport, alignOwnPhotos } from "./detection/align-photos.js";
export { DEVICES, type DeviceChoice } from "./device/choices.js";
export type { Device } from "./device/device.js";
export { openDevice } from "./device/open.js";
export { ElegantError, ExitCode, InputError, InterruptedError, RetryableError } from "./errors.js";
export { similarityFromEyes, similarityFromLandmarks } from "./image/align.js";
export { decodeImage, encodeJpeg, encodePng } from "./image/codec.js";
export { readPicture } from "./image/picture-files.js";
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
export { openGenerator, type TrainOptions, type TrainResult, train } from "./library-node.js";
export { createConfig, type ModelConfig } from "./methods/elegant/config.js";
export type { EigenDecomposition } from "./metrics/eigen.js";
export { Linalg, type Matrix } from "./metrics/linalg.js";
export { squareRoot, symmetricSquareRoot } from "./metrics/sqrtm.js";
export { symmetricEigenvectors, type ThreadOptions } from "./metrics/symmetric.js";
export { type PreprocessOptions, type PreprocessReport, preprocess } from "./preprocess/preprocess.js";
export { type SynthOptions, writeSynth } from "./synth/write.js";
export type { Affine, FivePoints, OnProgress, Progress, Rectangle, RgbaImage } from "./types.js";
