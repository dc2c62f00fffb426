/**
 * The small face detector: a Tiny YOLO v2 with separable convolutions (Redmon and Farhadi, 2017), with the weights of
 * face-api's tiny face detector. It takes some milliseconds, and misses small or turned faces more often than the large
 * detector (ssd-detector.ts).
 */
import type { RgbaImage } from "../types.js";
import { keepBest, type ScoredBox, sigmoid } from "./boxes.js";
import { pictureInput } from "./inputs.js";
import type { FaceLayers, Features } from "./layers.js";
import { readWeights } from "./weights.js";

/** Pixels of the input that a cell of the output stands for, along each axis. */
const CELL = 32;
/** The network's five typical boxes, [width, height] in cells. */
const ANCHORS = [
  [1.603231, 2.094468],
  [6.041143, 7.080126],
  [2.882459, 3.518061],
  [4.266906, 5.178857],
  [9.041765, 10.66308],
] as const;
/** Mean of its training images, which is subtracted. */
const MEAN = [117.001, 114.697, 97.404] as const;
const LEAK = { slope: 0.1 } as const;
/** Boxes that overlap by more are the same face. */
const MOST_OVERLAP = 0.4;
const SEPARABLE_LAYERS = 5;
/** Values of a box in the output: x, y, width, height, score. */
const VALUES = 5;

/** Finds faces in an image. Boxes are in its pixels, the best score first. */
export type BoxDetector = (picture: RgbaImage, minScore: number) => ScoredBox[];

/** Loads the network onto the layers' memory. @throws InputError if its weights are missing */
export async function loadTinyDetector(layers: FaceLayers): Promise<BoxDetector> {
  const weights = await readWeights("tiny_face_detector_model");
  const first = layers.loadConvolution(weights("conv0/filters"), weights("conv0/bias").values);
  const blocks = Array.from({ length: SEPARABLE_LAYERS }, (_, i) => ({
    depthwise: layers.loadDepthwise(weights(`conv${i + 1}/depthwise_filter`), null),
    pointwise: layers.loadConvolution(weights(`conv${i + 1}/pointwise_filter`), weights(`conv${i + 1}/bias`).values),
  }));
  const last = layers.loadConvolution(weights("conv8/filters"), weights("conv8/bias").values);

  const forward = (picture: RgbaImage): Features => {
    // Black is added at the right and at the bottom up to whole cells.
    const wholeCells = (side: number): number => Math.ceil(side / CELL) * CELL;
    const size = [wholeCells(picture.width), wholeCells(picture.height)] as const;
    let x = pictureInput(layers, [picture], { mean: MEAN, divisor: 255 }, size);
    const replace = (y: Features): void => {
      layers.release(x);
      x = y;
    };
    replace(layers.convolution(x, first, { stride: 1, padding: "valid" }, LEAK));
    for (const { depthwise, pointwise } of blocks) {
      replace(layers.pool(x, 2, { stride: 2, padding: "same" }, "max"));
      replace(layers.separable(x, depthwise, pointwise, { stride: 1, limit: 0, activation: LEAK }));
    }
    replace(layers.pool(x, 2, { stride: 1, padding: "same" }, "max"));
    replace(layers.convolution(x, last, { stride: 1, padding: "valid" }, "none"));
    return x; // [1, rows, columns, 5 anchors x 5 values]
  };

  return (picture, minScore) =>
    layers.scope(() => {
      const { height: rows, width: columns, ...output } = forward(picture);
      const values = layers.read({ height: rows, width: columns, ...output });
      const found: ScoredBox[] = [];
      for (let at = 0; at < values.length; at += VALUES) {
        const score = sigmoid(values[at + 4]);
        if (score < minScore) continue;
        const cell = Math.floor(at / (VALUES * ANCHORS.length));
        const [anchorWidth, anchorHeight] = ANCHORS[(at / VALUES) % ANCHORS.length];
        const [x, y] = [(cell % columns) + sigmoid(values[at]), Math.floor(cell / columns) + sigmoid(values[at + 1])];
        const [width, height] = [Math.exp(values[at + 2]) * anchorWidth, Math.exp(values[at + 3]) * anchorHeight];
        const box = { x: x - width / 2, y: y - height / 2, width, height };
        found.push({
          score,
          box: { x: box.x * CELL, y: box.y * CELL, width: box.width * CELL, height: box.height * CELL },
        });
      }
      return keepBest(found, MOST_OVERLAP);
    });
}
