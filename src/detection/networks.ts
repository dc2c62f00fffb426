/**
 * The two networks of @vladmandic/face-api, a detector (SSD on MobileNet v1) and 68 landmarks, on our `wasm` device.
 *
 * Its bundle brings a TensorFlow.js of its own, but the engine, the kernels and the flags are kept in globalThis and are
 * found there: what is loaded first is what both use. So ours comes first, and the networks run on our kernels. That, and
 * the flags below, is why this runs in a thread of its own (worker.ts): globals are a thread's.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { openDevice } from "../device/device.js";
import { freezeWeights } from "../device/freeze.js";
import { fromSystemError } from "../errors.js";
import type { Rectangle, RgbaImage } from "../types.js";
import type { Points68 } from "./five-points.js";
import { registerDetectionKernels } from "./kernels.js";

/** Side of the detector's input; larger photos are reduced to it. */
export const DETECTOR_SIZE = 512;
/** Side of the landmark network's input. */
export const LANDMARK_SIZE = 112;

export interface ScoredBox {
  readonly score: number;
  readonly box: Rectangle;
}

export interface FaceNetworks {
  /** Faces of a picture of at most DETECTOR_SIZE pixels a side, boxes in its pixels, best score first. */
  detect(picture: RgbaImage, minScore: number): Promise<ScoredBox[]>;
  /** The 68 points of pictures of LANDMARK_SIZE x LANDMARK_SIZE with a face each, in their pixels (centres are whole). */
  landmarks(pictures: readonly RgbaImage[]): Promise<Points68[]>;
}

type FaceApi = typeof import("@vladmandic/face-api/dist/face-api.esm.js");
type Net = InstanceType<FaceApi["SsdMobilenetv1"]> | InstanceType<FaceApi["FaceLandmark68Net"]>;

async function loadWeights(api: FaceApi, net: Net, name: string): Promise<void> {
  const folder = join(dirname(createRequire(import.meta.url).resolve("@vladmandic/face-api/package.json")), "model");
  const read = (file: string): Promise<Buffer> =>
    readFile(join(folder, file)).catch((error: unknown) => {
      throw fromSystemError(error, "Reading the face detector's weights (npm ci brings them)");
    });
  const [manifest] = JSON.parse((await read(`${name}-weights_manifest.json`)).toString());
  const bytes = await read(`${name}.bin`);
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const weights = api.tf.io.decodeWeights(buffer as ArrayBuffer, manifest.weights);
  net.loadFromWeightMap(weights);
  freezeWeights(net.getParamList().map(({ tensor }) => tensor as unknown as tf.Tensor));
}

/** Opens the device and both networks; once a thread. `threads` as for openDevice(). Throws InputError without weights. */
export async function loadFaceNetworks(threads: number): Promise<FaceNetworks> {
  await openDevice("wasm", threads);
  registerDetectionKernels();
  // The bundle would set up a platform for Node with parts that it does not contain; ours is set up already.
  tf.env().set("IS_NODE", false);
  // It registers its kernels and backends anew, with a warning for each.
  tf.env().set("PROD", true);
  const api: FaceApi = await import("@vladmandic/face-api/dist/face-api.esm.js");
  const [detector, landmarker] = [new api.SsdMobilenetv1(), new api.FaceLandmark68Net()];
  await loadWeights(api, detector, "ssd_mobilenetv1_model");
  await loadWeights(api, landmarker, "face_landmark_68_model");

  // [height, width, 3], 0 to 255
  const upload = ({ width, height, data }: RgbaImage) => {
    const rgb = new Float32Array(width * height * 3);
    for (let i = 0, to = 0; i < data.length; i += 4, to += 3) rgb.set(data.subarray(i, i + 3), to);
    return api.tf.tensor3d(rgb, [height, width, 3]);
  };
  return {
    async detect(picture, minScore) {
      const input = upload(picture);
      const found = await detector.locateFaces(input, { minConfidence: minScore, maxResults: 100 });
      input.dispose();
      return found.map(({ score, box: { x, y, width, height } }) => ({ score, box: { x, y, width, height } }));
    },
    async landmarks(pictures) {
      const inputs = pictures.map(upload);
      const found = await landmarker.detectLandmarks(inputs);
      for (const input of inputs) input.dispose();
      // Its positions count from the picture's edge.
      return [found].flat().map(({ positions }) => positions.map(({ x, y }) => [x - 0.5, y - 0.5] as const));
    },
  };
}
