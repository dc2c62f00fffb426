/** The package's public interface. Everything else may change from version to version. */
export { type FaceDataset, openDataset } from "./dataset/dataset.js";
export { type PreprocessOptions, type PreprocessReport, preprocess } from "./dataset/preprocess.js";
export { type SynthOptions, writeSynth } from "./dataset/synth/write.js";
export { DEVICES, type DeviceChoice } from "./device/choices.js";
export { type Device, openDevice } from "./device/device.js";
export { disposeFaces, encodeFaces, type Faces, render, toPictures, toTensor } from "./editing/faces.js";
export { type Generator, openGenerator } from "./editing/generator.js";
export { linear } from "./editing/linear.js";
export { matrixOfAttributes, matrixOfReferences } from "./editing/matrix.js";
export { readPicture } from "./editing/picture.js";
export { type Edit, swap, swapMany } from "./editing/swap.js";
export { ElegantError, ExitCode, InputError, InterruptedError, RetryableError } from "./errors.js";
export { similarityFromEyes, similarityFromLandmarks } from "./image/align.js";
export { decodeImage, encodeJpeg, encodePng } from "./image/codec.js";
export { decodeSafetensors, encodeSafetensors, type NamedTensors } from "./interop/safetensors.js";
export { createConfig, type ModelConfig } from "./model/config.js";
export { type TrainOptions, type TrainResult, train } from "./training/loop.js";
export type { Affine, FivePoints, OnProgress, Progress, Rectangle, RgbaImage } from "./types.js";
