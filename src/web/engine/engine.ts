/** The engine of the page: one device, one model, and the faces that the page has given it. Runs in a Worker. */
import * as tf from "@tensorflow/tfjs-core";
import { FaceFinder } from "../../detection/face-finder.js";
import { cropFrontal } from "../../detection/find-faces.js";
import { pasteFace } from "../../detection/paste.js";
import type { Device } from "../../device/device.js";
import { openDevice } from "../../device/in-browser.js";
import { blend } from "../../editing/blend.js";
import { explain } from "../../editing/explain.js";
import {
  disposeFaces,
  encodePictures,
  exemplarOf,
  type Faces,
  prepareFace,
  reconstruct,
  toPictures,
} from "../../editing/faces.js";
import { matrixOfAttributes } from "../../editing/matrix.js";
import { decodeImage, encodePng } from "../../image/codec.js";
import { Pixels } from "../../image/pixels.js";
import { warpReduced } from "../../image/reduce.js";
import { loadModule } from "../../kernels/module.js";
import { type Generator, uploadGenerator } from "../../models/generator.js";
import { parseModelBytes } from "../../models/model-bytes.js";
import { preloadAssets, setKernelBuild } from "../../platform/browser.js";
import type { RgbaImage } from "../../types.js";
import type { Engine, EngineOptions, ShareRequest } from "../protocol.js";

/** Side in pixels of crops that are cut here, as `elegant swap --paste-back` cuts them. */
const CROP_SIZE = 256;
/** Lowest detector score that counts as a face, the default of the command line. */
const MIN_SCORE = 0.5;
/** Decoders that are not part of the bundle: progressive JPEG, WebP and AVIF. */
const CODECS = [
  "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm",
  "@jsquash/webp/codec/dec/webp_dec.wasm",
  "@jsquash/avif/codec/dec/avif_dec.wasm",
];
/** Number of edits whose median time is measured, after one that warms up. */
const TRIALS = 5;

interface Opened {
  readonly device: Device;
  /** Threads that the page may use, for the networks that find faces. */
  readonly threads: number;
  readonly pixels: Pixels;
}

/** Makes an engine that has nothing open yet. */
export function createEngine(): Engine {
  let opened: Opened | null = null;
  let model: Generator | null = null;
  let finder: Promise<FaceFinder> | null = null;
  const faces = new Map<string, Faces>();
  /** What edits of a face have in common, for the faces that were edited. */
  const prepared = new Map<string, tf.Tensor4D | null>();

  const expectOpened = (): Opened => {
    if (opened === null) throw new Error("engine: no device is open");
    return opened;
  };
  const expectModel = (): Generator => {
    if (model === null) throw new Error("engine: no model is open");
    return model;
  };
  const face = (name: string): Faces => {
    const found = faces.get(name);
    if (found === undefined) throw new Error(`engine: no face '${name}'`);
    return found;
  };
  const forget = (name: string): void => {
    const found = faces.get(name);
    if (found !== undefined) disposeFaces(found);
    faces.delete(name);
    prepared.get(name)?.dispose();
    prepared.delete(name);
  };
  const sharesOf = (requests: readonly ShareRequest[]) =>
    requests
      .filter(({ share }) => share > 0)
      .map(({ attribute, reference, share }) => ({ attribute, reference: face(reference), share }));
  const editPair = async (name: string, requests: readonly ShareRequest[]): Promise<[RgbaImage, RgbaImage]> => {
    const generator = expectModel();
    const own = face(name);
    const known = prepared.get(name) ?? prepareFace(generator, own);
    prepared.set(name, known);
    const [before, after] = tf.tidy(() => {
      return [reconstruct(generator, own), blend(generator, own, sharesOf(requests), known)];
    });
    const pictures = [await toPictures(before), await toPictures(after)];
    tf.dispose([before, after]);
    return [pictures[0][0], pictures[1][0]];
  };

  const openFinder = ({ threads }: Opened): Promise<FaceFinder> => {
    finder ??= FaceFinder.open(threads);
    finder.catch(() => {
      finder = null; // the next photo tries again
    });
    return finder;
  };

  return {
    async open({ device: choice, threads, simd }: EngineOptions) {
      setKernelBuild(simd);
      const device = await openDevice(choice, threads);
      opened = { device, threads, pixels: new Pixels(await loadModule("image")) };
      const where =
        device.threads === 0 ? "" : `, ${device.threads === 1 ? "one thread" : `${device.threads} threads`}`;
      return {
        device: choice,
        description: `${device.hardware}${where}`,
        threads: device.threads,
        isSoftware: device.kind === "software",
      };
    },

    async openModel(bytes, name) {
      const found = await parseModelBytes(bytes, name);
      exemplarOf(found);
      const next = uploadGenerator(found);
      for (const known of [...faces.keys()]) forget(known);
      model?.dispose();
      model = next;
      const { size, attributes } = next.config;
      return { method: next.model.method, size, attributes };
    },

    async readPhoto(bytes, name) {
      const opened = expectOpened();
      const { pixels } = opened;
      const photo = await decodeImage(bytes, name);
      const detector = await openFinder(opened);
      const found = await detector.detect(photo, { minScore: MIN_SCORE, all: true });
      const faces = cropFrontal(pixels, photo, found, CROP_SIZE);
      return { photo, faces, profiles: found.length - faces.length };
    },

    async readPicture(bytes, name) {
      const { width, height, data } = await decodeImage(bytes, name);
      return { width, height, data };
    },

    async cut(picture, matrix, size) {
      return warpReduced(expectOpened().pixels, picture, matrix, size);
    },

    async prepare() {
      await openFinder(expectOpened());
      await preloadAssets(CODECS);
    },

    async encode(name, crop) {
      const encoded = await encodePictures(expectModel(), [crop]);
      forget(name);
      faces.set(name, encoded);
    },

    async forget(name) {
      forget(name);
    },

    async edit(name, shares) {
      const start = performance.now();
      const [before, after] = await editPair(name, shares);
      return { before, after, milliseconds: performance.now() - start };
    },

    async grid(name, [across, down], side) {
      const edits = [across, down].map(({ attribute, reference }) => ({ attribute, reference: face(reference) }));
      const [first, second] = edits;
      const images = matrixOfAttributes(expectModel(), face(name), [first, second], { rows: side, columns: side });
      const pictures = await toPictures(images);
      images.dispose();
      return pictures;
    },

    async explain(name, { attribute, reference }) {
      return { ...(await explain(expectModel(), face(name), { attribute, reference: face(reference) })) };
    },

    async paste(picture, place, { before, after }) {
      return pasteFace(expectOpened().pixels, picture, place, before, after);
    },

    encodePng: (picture, texts) => encodePng(picture, texts),

    async measure() {
      const { size, attributes } = expectModel().config;
      const grey = { width: size, height: size, data: new Uint8ClampedArray(size * size * 4).fill(128) };
      faces.set("measure", await encodePictures(expectModel(), [grey]));
      const times: number[] = [];
      for (let trial = 0; trial <= TRIALS; trial++) {
        const start = performance.now();
        await editPair("measure", [{ attribute: attributes[0], reference: "measure", share: 1 }]);
        if (trial > 0) times.push(performance.now() - start);
      }
      forget("measure");
      return times.sort((a, b) => a - b)[TRIALS >> 1];
    },
  };
}
