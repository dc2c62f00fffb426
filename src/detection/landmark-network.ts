/**
 * The landmark network: 68 points of a face, by four dense blocks of separable convolutions, with the weights of face-api.
 */
import type { RgbaImage } from "../types.js";
import type { Points68 } from "./five-points.js";
import { pictureInput } from "./inputs.js";
import type { Convolution, Depthwise, FaceLayers, Features } from "./layers.js";
import { readWeights } from "./weights.js";

/** Side of its input in pixels. */
export const LANDMARK_SIZE = 112;
/** Mean of its training images, which is subtracted. */
const MEAN = [122.782, 117.001, 104.298] as const;
const BLOCKS = 4;
const POINTS = 68;

/** Finds the 68 points of images of LANDMARK_SIZE x LANDMARK_SIZE with one face each, in their pixels (centres are integers). */
export type Landmarker = (pictures: readonly RgbaImage[]) => Points68[];

interface Separable {
  readonly depthwise: Depthwise;
  readonly pointwise: Convolution;
}

/** Loads the network onto the layers' memory. @throws InputError if its weights are missing */
export async function loadLandmarker(layers: FaceLayers): Promise<Landmarker> {
  const weights = await readWeights("face_landmark_68_model");
  const separable = (name: string): Separable => ({
    depthwise: layers.loadDepthwise(weights(`${name}/depthwise_filter`), null),
    pointwise: layers.loadConvolution(weights(`${name}/pointwise_filter`), weights(`${name}/bias`).values),
  });
  const first = layers.loadConvolution(weights("dense0/conv0/filters"), weights("dense0/conv0/bias").values);
  const blocks = Array.from({ length: BLOCKS }, (_, block) => ({
    halving: block === 0 ? null : separable(`dense${block}/conv0`),
    rest: [1, 2, 3].map((i) => separable(`dense${block}/conv${i}`)),
  }));
  const { shape, values } = weights("fc/weights"); // [256, 136]
  const last = layers.loadConvolution({ shape: [1, 1, ...shape], values }, weights("fc/bias").values);

  const apply = (x: Features, { depthwise, pointwise }: Separable, stride: number, activation: "relu" | "none") =>
    layers.separable(x, depthwise, pointwise, { stride, limit: 0, activation });

  return (pictures) =>
    layers.scope(() => {
      let x = pictureInput(layers, pictures, { mean: MEAN, divisor: 255 });
      for (const { halving, rest } of blocks) {
        // The sum of the block's layers so far. Each layer sees its positive part.
        const sum =
          halving === null
            ? layers.convolution(x, first, { stride: 2, padding: "same" }, "relu")
            : apply(x, halving, 2, "relu");
        layers.release(x);
        for (const layer of rest) {
          const positive = layers.relu(sum);
          const term = apply(positive, layer, 1, "none");
          layers.add(sum, term);
          layers.release(positive);
          layers.release(term);
        }
        x = layers.relu(sum);
        layers.release(sum);
      }
      const means = layers.pool(x, x.height, { stride: x.height, padding: "valid" }, "average"); // [N, 1, 1, 256]
      const found = layers.read(layers.convolution(means, last, { stride: 1, padding: "valid" }, "none"));
      // Positions are shares of the side, counted from the image's edge.
      const position = (i: number): number => found[i] * LANDMARK_SIZE - 0.5;
      return pictures.map((_, n) =>
        Array.from({ length: POINTS }, (_, i) => {
          const at = (n * POINTS + i) * 2;
          return [position(at), position(at + 1)] as const;
        }),
      );
    });
}
