/**
 * Runs the networks of @vladmandic/face-api on the `wasm` device of the calling thread. A web page opens that device itself
 * and also edits on it; Node.js has threads of their own for these networks (open-face-api.ts).
 *
 * The package has to use our TensorFlow.js. In a browser, the build gives it ours. In Node.js its bundle contains a second
 * copy. Both copies store the engine, the kernels and the flags in globalThis, so both use those of the copy that was
 * loaded first, which is ours.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import { readAsset } from "#platform";
import { currentDevice } from "../device/current.js";
import { rethrowAs } from "../errors.js";
import type { RgbaImage } from "../types.js";
import { registerDetectionKernels } from "./kernels.js";

export type FaceApi = typeof import("@vladmandic/face-api/dist/face-api.esm.js");
type Net =
  | InstanceType<FaceApi["SsdMobilenetv1"]>
  | InstanceType<FaceApi["FaceLandmark68Net"]>
  | InstanceType<FaceApi["FaceRecognitionNet"]>;
type NetInput = InstanceType<FaceApi["NetInput"]>;

/** Loads the package, for the `wasm` device, which must be open. @throws Error if no such device was ever opened */
export async function loadFaceApi(): Promise<FaceApi> {
  registerDetectionKernels();
  return import("@vladmandic/face-api/dist/face-api.esm.js");
}

/**
 * Loads the weights of a network onto the current device. They are lost when it closes.
 * @param name of the files
 * @throws InputError if they are missing
 */
export async function loadWeights(api: FaceApi, net: Net, name: string): Promise<void> {
  const read = (file: string): Promise<Uint8Array<ArrayBuffer>> =>
    readAsset(`@vladmandic/face-api/model/${file}`).catch(
      rethrowAs("Reading the weights of the face networks (npm ci brings them)"),
    );
  const [manifest] = JSON.parse(new TextDecoder().decode(await read(`${name}-weights_manifest.json`)));
  const { buffer, byteOffset, length } = await read(`${name}.bin`);
  const weights = api.tf.io.decodeWeights(buffer.slice(byteOffset, byteOffset + length), manifest.weights);
  net.loadFromWeightMap(weights);
  currentDevice()?.freeze(net.getParamList().map(({ tensor }) => tensor as unknown as Tensor));
}

/** Uploads an image in the form that the networks expect: [height, width, 3], 0 to 255. */
function uploadPicture(api: FaceApi, { width, height, data }: RgbaImage) {
  const rgb = new Float32Array(width * height * 3);
  for (let i = 0, to = 0; i < data.length; i += 4, to += 3) rgb.set(data.subarray(i, i + 3), to);
  return api.tf.tensor3d(rgb, [height, width, 3]);
}

/**
 * Uploads images and runs `body` on them as one batch, so that a network answers with an array. The package could make a
 * NetInput itself, but it would look for the image elements of a page, which a browser's worker does not have.
 */
export async function withInput<T>(
  api: FaceApi,
  pictures: readonly RgbaImage[],
  body: (input: NetInput) => Promise<T>,
): Promise<T> {
  const tensors = pictures.map((picture) => uploadPicture(api, picture));
  try {
    return await body(new api.NetInput(tensors, true));
  } finally {
    for (const tensor of tensors) tensor.dispose();
  }
}
