/**
 * Descriptors from face-api's own bundle: its own TensorFlow.js on its own `cpu` backend, in a realm that shares
 * nothing with ours.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import vm from "node:vm";
import type { RgbaImage } from "../../src/types.js";
import { fromRoot } from "./spawn.js";

const PACKAGE = fromRoot("node_modules/@vladmandic/face-api");

/** The objects that the bundle expects in a browser, and the code that describes images. Values cross the border as JSON. */
const SCRIPT = `(async () => {
  class None {}
  const make = () => new None();
  faceapi.env.setEnv({
    Canvas: None, CanvasRenderingContext2D: None, Image: None, ImageData: None, Video: None,
    createCanvasElement: make, createImageElement: make, createVideoElement: make, fetch() {}, readFile() {},
  });
  await faceapi.tf.setBackend("cpu");
  await faceapi.tf.ready();
  const net = new faceapi.FaceRecognitionNet();
  const [{ weights }] = JSON.parse(manifest);
  net.loadFromWeightMap(faceapi.tf.io.decodeWeights(Uint8Array.from(bytes).buffer, weights));
  const found = [];
  for (const { width, height, rgb } of JSON.parse(pictures)) {
    const input = faceapi.tf.tensor3d(Float32Array.from(rgb), [height, width, 3]);
    found.push(Array.from(await net.computeFaceDescriptor(input)));
  }
  return JSON.stringify({ backend: faceapi.tf.getBackend(), found });
})()`;

/** @param pictures of 150 px @returns 128 numbers each */
export async function describeOnCpu(pictures: readonly RgbaImage[]): Promise<readonly (readonly number[])[]> {
  const context = vm.createContext({
    ...{ TextEncoder, TextDecoder, performance, setTimeout, clearTimeout, setImmediate, queueMicrotask, console },
    bytes: [...(await readFile(join(PACKAGE, "model/face_recognition_model.bin")))],
    manifest: await readFile(join(PACKAGE, "model/face_recognition_model-weights_manifest.json"), "utf8"),
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
    found: number[][];
  };
  if (backend !== "cpu") throw new Error(`face-api ran on ${backend}`);
  return found;
}
