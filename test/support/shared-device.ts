/** Edits on a `wasm` device, then finds faces twice and edits on one, as a web page does. Prints what came out, as JSON. */
import { inspect } from "node:util";
import * as tf from "@tensorflow/tfjs-core";
import { loadFaceApi } from "../../src/detection/face-api.js";
import { locateFaces } from "../../src/detection/locate.js";
import { loadFaceNetworks } from "../../src/detection/networks.js";
import { openFaceApi } from "../../src/detection/open-face-api.js";
import type { DetectedFace } from "../../src/detection/protocol.js";
import { openDevice } from "../../src/device/open.js";
import { encodeFaces } from "../../src/editing/faces.js";
import { swapMany } from "../../src/editing/swap.js";
import { Pixels } from "../../src/image/pixels.js";
import { loadModule } from "../../src/kernels/module.js";
import { openGenerator } from "../../src/models/open.js";
import { PAINTED, SHIPPED_MODELS } from "../../src/models/shipped.js";
import { loadPainter, renderPhoto } from "../../src/synth/raster.js";
import { sampleFace } from "../../src/synth/sample.js";
import { randomPictures } from "./model.js";

export interface SharedDeviceResults {
  /** Message of loadFaceApi() before a device is open. */
  readonly refusal: string;
  /** Pixels of the same edit: before faces were found, and afterwards. */
  readonly edits: readonly (readonly number[])[];
  /** Results of ReLU and clipping, each time. */
  readonly kernels: readonly string[];
  /** Faces of the same photo, each time. */
  readonly faces: readonly (readonly DetectedFace[])[];
  /** Number of tensors before and after a search for faces. */
  readonly tensors: readonly number[];
}

/** Values at which two forms of ReLU and of clipping may differ, for both types of numbers. */
async function activations(): Promise<string> {
  const values = [-7, -0, 0, 0.5, 7, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const inputs = [tf.tensor1d(values), tf.tensor1d([-7, 0, 3, 7], "int32")];
  const outputs = inputs.flatMap((input) => [
    tf.relu(input),
    tf.clipByValue(input, 0, 6),
    tf.clipByValue(input, -1, 1),
  ]);
  return inspect(await Promise.all(outputs.map(async (output) => [output.dtype, [...(await output.data())]])), {
    depth: null,
  });
}

async function edit(): Promise<number[]> {
  const generator = await openGenerator(SHIPPED_MODELS[PAINTED].path);
  const [input, reference] = [1, 2].map((seed) => encodeFaces(generator, randomPictures(seed, 1)));
  const [attribute] = generator.config.attributes;
  return [...(await swapMany(generator, input, [{ attribute, reference }]).data())];
}

const refusal = await loadFaceApi().then(
  () => "",
  (error) => String(error),
);
const device = await openDevice("wasm", 1);
const edits = [await edit()];
const kernels = [await activations()];
await device.close();

await loadPainter();
const photo = renderPhoto(sampleFace(1, 0));
const pixels = new Pixels(await loadModule("image"));
const networks = await loadFaceNetworks(await openFaceApi(1));
const tensors = [tf.memory().numTensors];
const faces = [await locateFaces(networks, pixels, photo, 0.3)];
tensors.push(tf.memory().numTensors);
edits.push(await edit());
kernels.push(await activations());
const again = await loadFaceNetworks(await loadFaceApi());
faces.push(await locateFaces(again, pixels, photo, 0.3));
const results: SharedDeviceResults = { refusal, edits, kernels, faces, tensors };
process.stdout.write(JSON.stringify(results));
