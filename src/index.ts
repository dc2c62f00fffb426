/**
 * The package's public interface in Node.js: devices, models, edits, pictures, data sets, training and linear algebra. Everything that
 * is not listed here may change from version to version. For the interface in a browser, see elegant-faces (browser).
 * @module elegant-faces
 * @group API
 */
export { type FaceDataset, openDataset } from "./dataset/dataset.js";
export type { AttributeTable, LandmarkTable, PartitionTable } from "./dataset/lists.js";
export type { DatasetFormat } from "./dataset/store.js";
export { type AlignPhotosOptions, type AlignPhotosReport, alignOwnPhotos } from "./detection/align-photos.js";
export type { CroppedFace } from "./detection/cropped-face.js";
export { readOwnPhoto as readPhoto } from "./detection/own-photo.js";
export type { AlignedFace } from "./detection/transforms.js";
export { DEVICES, type DeviceChoice } from "./device/choices.js";
export type { Choice, Device, DeviceKind, DeviceLimits, DeviceName } from "./device/device.js";
export { openDevice } from "./device/open.js";
export { ElegantError, ExitCode, InputError, InterruptedError, RetryableError } from "./errors.js";
export { similarityFromEyes, similarityFromLandmarks } from "./image/align.js";
export { type DecodedImage, type DecodeOptions, decodeImage, encodeJpeg, encodePng } from "./image/codec.js";
export type { Decoded } from "./image/formats/damage.js";
export type { PngTexts } from "./image/formats/png-writer.js";
export type { Orientation } from "./image/orientation.js";
export { readPicture } from "./image/picture-files.js";
export type { StageSeconds } from "./image/stage-times.js";
export type { CropFormat, LandmarkFrame } from "./image/tasks.js";
export { decodeSafetensors, type EncodeOptions, encodeSafetensors, type NamedTensors } from "./interop/safetensors.js";
export * from "./library.js";
export { type FaceFinder, openFaceFinder, pasteFace } from "./library-faces.js";
export { type Fid, type FidOptions, type FidSide, openFid } from "./library-metrics.js";
export { openGenerator, type TrainOptions, type TrainResult, train } from "./library-node.js";
export { createConfig, type ModelConfig } from "./methods/elegant/config.js";
export { PRESETS, type Preset, type PresetChoices } from "./methods/elegant/presets.js";
export type { EigenDecomposition } from "./metrics/eigen.js";
export { Linalg, type Matrix, type Operand, type ProductOptions } from "./metrics/linalg.js";
export { squareRoot, symmetricSquareRoot } from "./metrics/sqrtm.js";
export { symmetricEigenvectors, type ThreadOptions } from "./metrics/symmetric.js";
export type { Part } from "./part.js";
export type { FaceChoice } from "./preprocess/face-choice.js";
export type { OutputFormat } from "./preprocess/output-format.js";
export type { Failure } from "./preprocess/outputs.js";
export { type PreprocessOptions, type PreprocessReport, preprocess } from "./preprocess/preprocess.js";
export type { DetectSettings } from "./preprocess/tasks.js";
export { type SynthOptions, type SynthResult, writeSynth } from "./synth/write.js";
export type { Affine, FivePoints, OnProgress, Progress, Rectangle, RgbaImage } from "./types.js";
