/**
 * The recognition network: dlib's residual network (King, 2017), with the weights of face-api. It describes a face by 128
 * numbers. Descriptors of the same person usually differ by less than SAME_PERSON.
 */
import type { RgbaImage } from "../types.js";
import { pictureInput } from "./inputs.js";
import type { Convolution, FaceLayers, Features } from "./layers.js";
import { readWeights, type WeightSource } from "./weights.js";

/** Side of the network's input in pixels. */
export const RECOGNITION_SIZE = 150;
export const DESCRIPTOR_LENGTH = 128;
/** Euclidean distance that dlib's authors use to separate one person from another. */
export const SAME_PERSON = 0.6;
/** Mean of its training images, which is subtracted. */
const MEAN = [122.782, 117.001, 104.298] as const;

/** The residual layers in order. Those whose name ends with `down` halve the image. */
const LAYERS = [
  ...["conv32_1", "conv32_2", "conv32_3"],
  ...["conv64_down", "conv64_1", "conv64_2", "conv64_3"],
  ...["conv128_down", "conv128_1", "conv128_2"],
  ...["conv256_down", "conv256_1", "conv256_2", "conv256_down_out"],
];

/** Computes the descriptors of aligned faces of RECOGNITION_SIZE pixels per side. @returns [pictures, 128] */
export type Recognizer = (pictures: readonly RgbaImage[]) => Float32Array<ArrayBuffer>;

/** A convolution with the scale that follows it, which is folded into the filter and the bias. */
function loadScaled(layers: FaceLayers, weights: WeightSource, name: string): Convolution {
  const { shape, values } = weights(`${name}/conv/filters`); // [k, k, cin, cout]
  const [factors, offsets] = [weights(`${name}/scale/weights`).values, weights(`${name}/scale/biases`).values];
  const filter = { shape, values: values.map((value, i) => value * factors[i % factors.length]) };
  const bias = weights(`${name}/conv/bias`).values.map((value, c) => value * factors[c] + offsets[c]);
  return layers.loadConvolution(filter, bias);
}

/**
 * Adds activations into larger ones from their first line, column and channel on. The missing values count as zeros.
 * @param sum [1, H, W, C] @param term [1, h, w, c] with h <= H, w <= W, c <= C
 */
function addWithin(layers: FaceLayers, sum: Features, term: Features): void {
  const [to, from] = [layers.read(sum), layers.read(term)];
  for (let y = 0; y < term.height; y++) {
    for (let x = 0; x < term.width; x++) {
      const [target, source] = [(y * sum.width + x) * sum.channels, (y * term.width + x) * term.channels];
      for (let c = 0; c < term.channels; c++) to[target + c] += from[source + c];
    }
  }
}

/** Loads the network onto the layers' memory. @throws InputError if its weights are missing */
export async function loadRecognizer(layers: FaceLayers): Promise<Recognizer> {
  const weights = await readWeights("face_recognition_model");
  const first = loadScaled(layers, weights, "conv32_down");
  const residual = LAYERS.map((name) => ({
    isHalving: name.includes("down"),
    first: loadScaled(layers, weights, `${name}/conv1`),
    second: loadScaled(layers, weights, `${name}/conv2`),
  }));
  const { shape, values } = weights("fc"); // [256, 128]
  const last = layers.loadConvolution({ shape: [1, 1, ...shape], values }, new Float32Array(DESCRIPTOR_LENGTH));

  /** relu(x + second(first(x))), or of half the size: relu(mean of 2 x 2 + second(first(x))). */
  const apply = (x: Features, layer: (typeof residual)[number]): Features => {
    const window = layer.isHalving
      ? ({ stride: 2, padding: "valid" } as const)
      : { stride: 1, padding: "same" as const };
    const inner = layers.convolution(x, layer.first, window, "relu");
    const change = layers.convolution(inner, layer.second, { stride: 1, padding: "same" }, "none");
    layers.release(inner);
    let sum = change;
    if (layer.isHalving) {
      const pooled = layers.pool(x, 2, { stride: 2, padding: "valid" }, "average");
      // The convolution may have a line and a column less, and the pooled image has fewer channels.
      sum = layers.zeros(pooled.height, pooled.width, change.channels);
      addWithin(layers, sum, pooled);
      addWithin(layers, sum, change);
    } else layers.add(sum, x);
    return layers.relu(sum);
  };

  const describe = (picture: RgbaImage): Float32Array => {
    const input = pictureInput(layers, [picture], { mean: MEAN, divisor: 255 });
    const down = layers.convolution(input, first, { stride: 2, padding: "valid" }, "relu");
    let x = layers.pool(down, 3, { stride: 2, padding: "valid" }, "max");
    for (const layer of residual) x = apply(x, layer);
    const means = layers.pool(x, x.height, { stride: x.height, padding: "valid" }, "average"); // [1, 1, 1, 256]
    return layers.read(layers.convolution(means, last, { stride: 1, padding: "valid" }, "none")).slice();
  };

  return (pictures) => {
    const descriptors = new Float32Array(pictures.length * DESCRIPTOR_LENGTH);
    for (const [i, picture] of pictures.entries()) {
      descriptors.set(
        layers.scope(() => describe(picture)),
        i * DESCRIPTOR_LENGTH,
      );
    }
    return descriptors;
  };
}
