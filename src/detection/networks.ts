/** The two networks that find faces, on our `wasm` device: a detector (SSD on MobileNet v1), and 68 landmarks. */
import type { Rectangle, RgbaImage } from "../types.js";
import { type FaceApi, loadWeights, withInput } from "./face-api.js";
import type { Points68 } from "./five-points.js";

/** Side of the detector's input in pixels. Larger photos are reduced to it. */
export const DETECTOR_SIZE = 512;
/** Side of the landmark network's input in pixels. */
export const LANDMARK_SIZE = 112;

export interface ScoredBox {
  readonly score: number;
  readonly box: Rectangle;
}

export interface FaceNetworks {
  /** Faces of an image of at most DETECTOR_SIZE pixels per side. Boxes are in its pixels, the best score first. */
  detect(picture: RgbaImage, minScore: number): Promise<ScoredBox[]>;
  /** The 68 points of images of LANDMARK_SIZE x LANDMARK_SIZE with one face each, in their pixels (centres are integers). */
  landmarks(pictures: readonly RgbaImage[]): Promise<Points68[]>;
}

/** Loads both networks onto the current device. They work until it closes. @throws InputError if weights are missing */
export async function loadFaceNetworks(api: FaceApi): Promise<FaceNetworks> {
  const [detector, landmarker] = [new api.SsdMobilenetv1(), new api.FaceLandmark68Net()];
  await loadWeights(api, detector, "ssd_mobilenetv1_model");
  await loadWeights(api, landmarker, "face_landmark_68_model");
  return {
    async detect(picture, minScore) {
      const options = { minConfidence: minScore, maxResults: 100 };
      const found = await withInput(api, [picture], (input) => detector.locateFaces(input, options));
      return found.map(({ score, box: { x, y, width, height } }) => ({ score, box: { x, y, width, height } }));
    },
    async landmarks(pictures) {
      const found = await withInput(api, pictures, (input) => landmarker.detectLandmarks(input));
      // The network's positions count from the image's edge.
      return [found].flat().map(({ positions }) => positions.map(({ x, y }) => [x - 0.5, y - 0.5] as const));
    },
  };
}
