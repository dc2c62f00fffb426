/**
 * The face networks as face-api's own bundle runs them: with its own TensorFlow.js on its own `cpu` backend, in a realm that
 * shares nothing with ours.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import vm from "node:vm";
import type { ScoredBox } from "../../src/detection/boxes.js";
import type { RgbaImage } from "../../src/types.js";
import { fromRoot } from "./spawn.js";

const PACKAGE = fromRoot("node_modules/@vladmandic/face-api");

/** The objects that the bundle expects in a browser, and the code that runs a network. Values cross the border as JSON. */
const SCRIPT = `(async () => {
  class None {}
  const make = () => new None();
  faceapi.env.setEnv({
    Canvas: None, CanvasRenderingContext2D: None, Image: None, ImageData: None, Video: None,
    createCanvasElement: make, createImageElement: make, createVideoElement: make, fetch() {}, readFile() {},
  });
  await faceapi.tf.setBackend("cpu");
  await faceapi.tf.ready();
  const boxes = (found) => found.map(({ score, box: { x, y, width, height } }) => ({ score, box: { x, y, width, height } }));
  const [net, run] = {
    recognition: () => {
      const net = new faceapi.FaceRecognitionNet();
      return [net, async (input) => Array.from(await net.computeFaceDescriptor(input))];
    },
    landmarks: () => {
      const net = new faceapi.FaceLandmark68Net();
      return [net, async (input) => (await net.detectLandmarks(input)).positions.map(({ x, y }) => [x, y])];
    },
    tiny: () => {
      const net = new faceapi.TinyFaceDetector();
      return [net, async (input) => boxes(await net.locateFaces(input, { inputSize: 320, scoreThreshold: 0.1 }))];
    },
    ssd: () => {
      const net = new faceapi.SsdMobilenetv1();
      return [net, async (input) => boxes(await net.locateFaces(input, { minConfidence: 0.3, maxResults: 100 }))];
    },
  }[network]();
  const [{ weights }] = JSON.parse(manifest);
  net.loadFromWeightMap(faceapi.tf.io.decodeWeights(Uint8Array.from(bytes).buffer, weights));
  const found = [];
  for (const { width, height, rgb } of JSON.parse(pictures)) {
    found.push(await run(faceapi.tf.tensor3d(Float32Array.from(rgb), [height, width, 3])));
  }
  return JSON.stringify({ backend: faceapi.tf.getBackend(), found });
})()`;

/** What each network gives for a picture. */
interface Answers {
  readonly recognition: readonly number[];
  readonly landmarks: readonly (readonly [number, number])[];
  readonly tiny: readonly ScoredBox[];
  readonly ssd: readonly ScoredBox[];
}

const FILES = {
  recognition: "face_recognition_model",
  landmarks: "face_landmark_68_model",
  tiny: "tiny_face_detector_model",
  ssd: "ssd_mobilenetv1_model",
};

/** @param pictures of the size that the network takes: 150, 112, 320 or 512 px */
export async function runFaceApi<Name extends keyof Answers>(
  network: Name,
  pictures: readonly RgbaImage[],
): Promise<readonly Answers[Name][]> {
  const context = vm.createContext({
    ...{ TextEncoder, TextDecoder, performance, setTimeout, clearTimeout, setImmediate, queueMicrotask, console },
    network,
    bytes: [...(await readFile(join(PACKAGE, `model/${FILES[network]}.bin`)))],
    manifest: await readFile(join(PACKAGE, `model/${FILES[network]}-weights_manifest.json`), "utf8"),
    pictures: JSON.stringify(
      pictures.map(({ width, height, data }) => ({ width, height, rgb: [...data].filter((_, i) => i % 4 !== 3) })),
    ),
    document: { createElement: () => ({ getContext: () => null }), addEventListener: () => {} },
    addEventListener: () => {},
    navigator: { userAgent: "" },
    location: { search: "" },
  });
  vm.runInContext("globalThis.self = globalThis.window = globalThis", context);
  vm.runInContext(await readFile(join(PACKAGE, "dist/face-api.js"), "utf8"), context);
  const { backend, found } = JSON.parse((await vm.runInContext(SCRIPT, context)) as string) as {
    backend: string;
    found: Answers[Name][];
  };
  if (backend !== "cpu") throw new Error(`face-api ran on ${backend}`);
  return found;
}
