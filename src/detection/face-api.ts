/**
 * Runs the networks of @vladmandic/face-api on our `wasm` device.
 *
 * Its bundle contains a second TensorFlow.js. Both copies store the engine, the kernels and the flags in globalThis, so
 * both use the copy that was loaded first. We load ours first, and the networks run on our kernels. Each thread has
 * globals of its own, so these networks run in separate threads (worker.ts, descriptor-worker.ts), where they and the
 * flags below disturb nothing else.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { currentDevice } from "../device/current.js";
import { openDevice } from "../device/open.js";
import { rethrowAs } from "../errors.js";
import type { RgbaImage } from "../types.js";
import { registerDetectionKernels } from "./kernels.js";

export type FaceApi = typeof import("@vladmandic/face-api/dist/face-api.esm.js");
type Net =
  | InstanceType<FaceApi["SsdMobilenetv1"]>
  | InstanceType<FaceApi["FaceLandmark68Net"]>
  | InstanceType<FaceApi["FaceRecognitionNet"]>;

/** The folder with the weights of the package's networks. */
export function faceApiModels(): string {
  return join(dirname(createRequire(import.meta.url).resolve("@vladmandic/face-api/package.json")), "model");
}

/** Opens the device and the package. Call it once per thread. @param threads as for openDevice() */
export async function openFaceApi(threads: number): Promise<FaceApi> {
  await openDevice("wasm", threads);
  registerDetectionKernels();
  // The bundle would set up a platform for Node with parts that it does not contain. Ours is set up already.
  tf.env().set("IS_NODE", false);
  // The bundle registers its kernels and backends again, with a warning for each.
  tf.env().set("PROD", true);
  return import("@vladmandic/face-api/dist/face-api.esm.js");
}

/** Loads the weights of a network. @param name of the files @throws InputError if they are missing */
export async function loadWeights(api: FaceApi, net: Net, name: string): Promise<void> {
  const read = (file: string): Promise<Buffer> =>
    readFile(join(faceApiModels(), file)).catch(
      rethrowAs("Reading the weights of the face networks (npm ci brings them)"),
    );
  const [manifest] = JSON.parse((await read(`${name}-weights_manifest.json`)).toString());
  const bytes = await read(`${name}.bin`);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const weights = api.tf.io.decodeWeights(buffer as ArrayBuffer, manifest.weights);
  net.loadFromWeightMap(weights);
  currentDevice()?.freeze(net.getParamList().map(({ tensor }) => tensor as unknown as tf.Tensor));
}

/** Uploads an image in the form that the networks expect: [height, width, 3], 0 to 255. */
export function uploadPicture(api: FaceApi, { width, height, data }: RgbaImage) {
  const rgb = new Float32Array(width * height * 3);
  for (let i = 0, to = 0; i < data.length; i += 4, to += 3) rgb.set(data.subarray(i, i + 3), to);
  return api.tf.tensor3d(rgb, [height, width, 3]);
}
