/**
 * What DNA-GAN does with the pieces of codes: the images of one update, and edits with a trained model. An attribute is
 * removed by setting its piece to zero, and added by an exemplar's piece.
 */
import * as tf from "@tensorflow/tfjs-core";
import { replaceChannels, takeChannels } from "../../nn/channels.js";
import type { Parameters } from "../../nn/parameters.js";
import { type DnaganConfig, pieceOf } from "./config.js";
import { normalizeByMoving } from "./moving.js";
import { decode, encode, type Normalize } from "./networks.js";

/** Pairs of one attribute: A has it, B does not. */
export interface AttributePairs {
  readonly attribute: number;
  /** [N, S, S, 3] in [-1, 1] */
  readonly A: tf.Tensor4D;
  readonly B: tf.Tensor4D;
  /** [N, attributes] of 0 and 1 */
  readonly yA: tf.Tensor2D;
  readonly yB: tf.Tensor2D;
}

/** Images that the decoder makes of the pairs of one attribute, [N, S, S, 3] in [-1, 1]. */
export interface Generated {
  /** A from its own code. */
  readonly A2: tf.Tensor4D;
  /** B from its own code without the piece, which should say nothing of an image without the attribute. */
  readonly B2: tf.Tensor4D;
  /** A without the attribute: its piece is zero. */
  readonly Ae: tf.Tensor4D;
  /** B with the attribute: its piece is A's. */
  readonly Bx: tf.Tensor4D;
}

/** Sets the piece of an attribute to zero. @param codes [N, h, w, C] */
export function annihilate(codes: tf.Tensor4D, config: DnaganConfig, attribute: number): tf.Tensor4D {
  const [begin, end] = pieceOf(config, attribute);
  const [n, height, width] = codes.shape;
  return replaceChannels(codes, begin, tf.zeros([n, height, width, end - begin]));
}

/** Puts the piece of an attribute from the exemplars' codes into others. @param codes, exemplars [N, h, w, C] */
export function exchangePiece(
  codes: tf.Tensor4D,
  exemplars: tf.Tensor4D,
  config: DnaganConfig,
  attribute: number,
): tf.Tensor4D {
  const [begin, end] = pieceOf(config, attribute);
  return replaceChannels(codes, begin, takeChannels(exemplars, begin, end));
}

/**
 * Runs the generator on the pairs of all attributes. Batch normalization makes the order of calls matter for the moving
 * averages: A of all attributes, B of all, then A2, B2, Ae and Bx of all.
 */
export function generate(
  parameters: Parameters,
  config: DnaganConfig,
  pairs: readonly AttributePairs[],
  normalize: Normalize,
): readonly Generated[] {
  const codesA = pairs.map(({ A }) => encode(parameters, A, normalize));
  const codesB = pairs.map(({ B }) => encode(parameters, B, normalize));
  const decodeAll = (codeOf: (attribute: number, a: tf.Tensor4D, b: tf.Tensor4D) => tf.Tensor4D): tf.Tensor4D[] =>
    pairs.map(({ attribute }, i) => decode(parameters, codeOf(attribute, codesA[i], codesB[i]), normalize));
  const A2 = decodeAll((_, a) => a);
  const B2 = decodeAll((attribute, _, b) => annihilate(b, config, attribute));
  const Ae = decodeAll((attribute, a) => annihilate(a, config, attribute));
  const Bx = decodeAll((attribute, a, b) => exchangePiece(b, a, config, attribute));
  return pairs.map((_, i) => ({ A2: A2[i], B2: B2[i], Ae: Ae[i], Bx: Bx[i] }));
}

/**
 * Removes an attribute. It needs no exemplar.
 * @param parameters those of the generator, and its moving statistics
 * @param images     [N, S, S, 3] in [-1, 1]
 * @returns [N, S, S, 3] in [-1, 1]
 */
export function removeAttribute(
  parameters: Parameters,
  config: DnaganConfig,
  images: tf.Tensor4D,
  attribute: number,
): tf.Tensor4D {
  const normalize = normalizeByMoving(parameters);
  return tf.tidy(() =>
    decode(parameters, annihilate(encode(parameters, images, normalize), config, attribute), normalize),
  );
}

/**
 * Adds an attribute that exemplars have.
 * @param parameters as for removeAttribute()
 * @param images, exemplars [N, S, S, 3] in [-1, 1]
 * @returns [N, S, S, 3] in [-1, 1]
 */
export function addAttribute(
  parameters: Parameters,
  config: DnaganConfig,
  images: tf.Tensor4D,
  exemplars: tf.Tensor4D,
  attribute: number,
): tf.Tensor4D {
  const normalize = normalizeByMoving(parameters);
  return tf.tidy(() => {
    const [codes, ofExemplars] = [images, exemplars].map((each) => encode(parameters, each, normalize));
    return decode(parameters, exchangePiece(codes, ofExemplars, config, attribute), normalize);
  });
}

/** Decodes images' own codes. @param parameters as for removeAttribute() */
export function reconstruct(parameters: Parameters, images: tf.Tensor4D): tf.Tensor4D {
  const normalize = normalizeByMoving(parameters);
  return tf.tidy(() => decode(parameters, encode(parameters, images, normalize), normalize));
}
