/**
 * The large face detector: a Single Shot MultiBox Detector (Liu et al., 2016) on MobileNet v1 (Howard et al., 2017), with
 * the weights of face-api. It takes some hundred milliseconds, and finds faces that the small detector misses.
 */
import type { RgbaImage } from "../types.js";
import { keepBest, type ScoredBox, sigmoid } from "./boxes.js";
import { pictureInput } from "./inputs.js";
import type { Convolution, Depthwise, FaceLayers, Features } from "./layers.js";
import type { BoxDetector } from "./tiny-detector.js";
import { readWeights, type WeightSource } from "./weights.js";

/** Side of its input in pixels. */
export const SSD_SIZE = 512;
/** Bytes to [-1, 1]. */
const INPUT = { mean: [127.5, 127.5, 127.5], divisor: 127.5 } as const;
const LIMIT = { limit: 6 } as const;
/** Added to the variances of batch normalization, which is folded into the depthwise filters. */
const EPSILON = 0.001;
/** MobileNet's layers, counted from 1, that halve the image, and the one whose output the first predictor sees. */
const HALVING = [2, 4, 6, 12];
const LAYERS = 13;
const FIRST_PREDICTED = 11;
/** Layers after MobileNet. Those with an odd number halve the image, and a predictor sees their output. */
const EXTRA_LAYERS = 8;
const PREDICTORS = 6;
/** Values of a box's position, and of its classes: background, face, another one. */
const BOX = 4;
const CLASSES = 3;
const FACE = 1;
/** Scales of the positions, as in training. */
const CENTRE_SCALE = 10;
const SIZE_SCALE = 5;
/** Boxes that overlap by more are the same face, and more faces than this are never returned. */
const MOST_OVERLAP = 0.5;
const MOST_FACES = 100;

interface Layer {
  readonly depthwise: Depthwise;
  readonly pointwise: Convolution;
  readonly stride: number;
}

/** A layer of MobileNet, with its batch normalization in the filter and the bias. */
function loadLayer(layers: FaceLayers, weights: WeightSource, number: number): Layer {
  const folder = `MobilenetV1/Conv2d_${number}`;
  const norm = (name: string): Float32Array => weights(`${folder}_depthwise/BatchNorm/${name}`).values;
  const [gamma, beta, mean, variance] = ["gamma", "beta", "moving_mean", "moving_variance"].map(norm);
  const factors = gamma.map((value, c) => value / Math.sqrt(variance[c] + EPSILON));
  const { shape, values } = weights(`${folder}_depthwise/depthwise_weights`); // [3, 3, C, 1]
  const filter = { shape, values: values.map((value, i) => value * factors[i % factors.length]) };
  const bias = beta.map((value, c) => value - mean[c] * factors[c]);
  return {
    depthwise: layers.loadDepthwise(filter, bias),
    pointwise: layers.loadConvolution(
      weights(`${folder}_pointwise/weights`),
      weights(`${folder}_pointwise/convolution_bn_offset`).values,
    ),
    stride: HALVING.includes(number) ? 2 : 1,
  };
}

/** Loads the network onto the layers' memory. @throws InputError if its weights are missing */
export async function loadSsdDetector(layers: FaceLayers): Promise<BoxDetector> {
  const weights = await readWeights("ssd_mobilenetv1_model");
  const convolution = (name: string, bias = "convolution_bn_offset"): Convolution =>
    layers.loadConvolution(weights(`${name}/weights`), weights(`${name}/${bias}`).values);
  const first = convolution("MobilenetV1/Conv2d_0_pointwise");
  const mobile = Array.from({ length: LAYERS }, (_, i) => loadLayer(layers, weights, i + 1));
  const extras = Array.from({ length: EXTRA_LAYERS }, (_, i) => convolution(`Prediction/Conv2d_${i}_pointwise`));
  const predictors = Array.from({ length: PREDICTORS }, (_, i) => ({
    boxes: convolution(`Prediction/BoxPredictor_${i}/BoxEncodingPredictor`, "biases"),
    classes: convolution(`Prediction/BoxPredictor_${i}/ClassPredictor`, "biases"),
  }));
  const anchors = weights("Output/extra_dim").values; // [boxes, top, left, bottom, right], 0 to 1

  /** Calls `see` with the features of each predictor, in their order. */
  const forward = (picture: RgbaImage, see: (features: Features) => void): void => {
    let x = pictureInput(layers, [picture], INPUT, [SSD_SIZE, SSD_SIZE]);
    const replace = (y: Features): void => {
      layers.release(x);
      x = y;
    };
    replace(layers.convolution(x, first, { stride: 2, padding: "same" }, LIMIT));
    for (const [i, { depthwise, pointwise, stride }] of mobile.entries()) {
      replace(layers.separable(x, depthwise, pointwise, { stride, limit: LIMIT.limit, activation: LIMIT }));
      if (i + 1 === FIRST_PREDICTED || i + 1 === LAYERS) see(x);
    }
    for (const [i, extra] of extras.entries()) {
      replace(layers.convolution(x, extra, { stride: i % 2 === 0 ? 1 : 2, padding: "same" }, LIMIT));
      if (i % 2 === 1) see(x);
    }
  };

  return (picture, minScore) =>
    layers.scope(() => {
      const found: ScoredBox[] = [];
      let predicted = 0;
      let anchor = 0;
      forward(picture, (features) => {
        const { boxes, classes } = predictors[predicted++];
        const [places, scores] = [boxes, classes].map((predictor) => {
          return layers.read(layers.convolution(features, predictor, { stride: 1, padding: "valid" }, "none"));
        });
        for (let i = 0; i < places.length / BOX; i++, anchor++) {
          const score = sigmoid(scores[i * CLASSES + FACE]);
          if (score <= minScore) continue;
          const [top, left, bottom, right] = anchors.subarray(anchor * BOX, anchor * BOX + BOX);
          const [y, x, h, w] = places.subarray(i * BOX, i * BOX + BOX);
          const [height, width] = [
            Math.exp(h / SIZE_SCALE) * (bottom - top) * SSD_SIZE,
            Math.exp(w / SIZE_SCALE) * (right - left) * SSD_SIZE,
          ];
          const [cy, cx] = [
            ((y / CENTRE_SCALE) * (bottom - top) + (top + bottom) / 2) * SSD_SIZE,
            ((x / CENTRE_SCALE) * (right - left) + (left + right) / 2) * SSD_SIZE,
          ];
          found.push({ score, box: { x: cx - width / 2, y: cy - height / 2, width, height } });
        }
      });
      return keepBest(found, MOST_OVERLAP)
        .slice(0, MOST_FACES)
        .map(({ score, box }) => ({ score, box: cutOff(box) }));
    });
}

/** The part of a box within the input. */
function cutOff({ x, y, width, height }: ScoredBox["box"]): ScoredBox["box"] {
  const [left, top] = [Math.max(0, x), Math.max(0, y)];
  const [right, bottom] = [Math.min(SSD_SIZE, x + width), Math.min(SSD_SIZE, y + height)];
  return { x: left, y: top, width: right - left, height: bottom - top };
}
