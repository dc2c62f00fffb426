/**
 * Edits of images by a trained generator: encode, exchange slices, decode. With the choice `mirror`, everything is done
 * for the image and for its mirror image. The latent and the skips then have both views' channels, one view after the
 * other, so that whoever mixes latents need not know.
 */
import * as tf from "@tensorflow/tfjs-core";
import { applyResidual } from "../../device/ops/residual.js";
import { repeatTo } from "../../nn/batch.js";
import type { Parameters } from "../../nn/parameters.js";
import type { Encoded, ExemplarEdits, Faces, SideEdits } from "../method.js";
import type { ModelConfig } from "./config.js";
import { exchangeSlice } from "./exchange.js";
import { type Decoded, decode, encode } from "./networks.js";

const LAST_AXIS = 3;

/** Mirrors images or features left to right, [N, H, W, C]. */
const mirrored = (x: tf.Tensor4D): tf.Tensor4D => tf.reverse(x, 2);

/** Returns the parts of a tensor that belong to the image, and, with `mirror`, to its mirror image. */
function viewsOf(x: tf.Tensor4D, { mirror }: ModelConfig): tf.Tensor4D[] {
  return mirror ? tf.split(x, 2, LAST_AXIS) : [x];
}

/** Puts two views' channels after one another. @param both the images, then their mirror images: [2N, h, w, C] */
function joinViews(both: tf.Tensor4D): tf.Tensor4D {
  return tf.concat(tf.split(both, 2, 0), LAST_AXIS) as tf.Tensor4D;
}

function encodeViews(parameters: Parameters, config: ModelConfig, images: tf.Tensor4D): Encoded {
  if (!config.mirror) return encode(parameters, config, images);
  const both = tf.concat([images, mirrored(images)], 0);
  const { latent, skips } = encode(parameters, config, both);
  return { latent: joinViews(latent), skips: skips.map(joinViews) };
}

function exchangeViews(latent: tf.Tensor4D, reference: tf.Tensor4D, config: ModelConfig, attribute: number) {
  const references = viewsOf(reference, config);
  const views = viewsOf(latent, config).map((own, i) => exchangeSlice(own, references[i], config, attribute));
  return tf.concat(views, LAST_AXIS) as tf.Tensor4D;
}

/**
 * Decodes edited latents. The decoder's second input and its skips are the face's own.
 * @param faces  one face for all latents, or one for each
 * @param edited latents [K, h, w, C]
 * @returns residuals [K, S, S, 3] and masks [K, S, S, 1] or null; with `mirror`, the means of both views
 */
function decodeViews(parameters: Parameters, config: ModelConfig, faces: Faces, edited: tf.Tensor4D): Decoded {
  const [n] = edited.shape;
  const own = viewsOf(faces.latent, config);
  const skips = faces.skips.map((skip) => viewsOf(skip, config));
  const views = viewsOf(edited, config).map((latent, view) => {
    const ownSkips = skips.map((all) => all[view]);
    const { residual, mask } = decode(parameters, config, latent, repeatTo(own[view], n), ownSkips);
    return view === 0 ? { residual, mask } : { residual: mirrored(residual), mask: mask && mirrored(mask) };
  });
  const mean = (parts: tf.Tensor4D[]): tf.Tensor4D => (parts.length === 1 ? parts[0] : tf.mul(tf.addN(parts), 0.5));
  const masks = views.flatMap(({ mask }) => mask ?? []);
  return { residual: mean(views.map(({ residual }) => residual)), mask: masks.length === 0 ? null : mean(masks) };
}

/** The residuals of decodeViews(). */
function residualOf(parameters: Parameters, config: ModelConfig, faces: Faces, edited: tf.Tensor4D): tf.Tensor4D {
  return decodeViews(parameters, config, faces, edited).residual;
}

/** Computes R(z), which the edit "difference" subtracts from R(z'); null for a network that edits by R(z') alone. */
function ownResidual(parameters: Parameters, config: ModelConfig, faces: Faces): tf.Tensor4D | null {
  return config.edit === "residual" ? null : residualOf(parameters, config, faces, faces.latent);
}

/**
 * Decodes edited latents of faces.
 * @param faces  one face for all latents, or one for each
 * @param edited latents [K, h, w, C]
 * @param own    result of ownResidual() for the faces, if the caller has it already
 * @returns images [K, S, S, 3] in [-1, 1]; with the edit "difference" an unchanged latent gives the picture itself
 */
function applyLatents(
  parameters: Parameters,
  config: ModelConfig,
  faces: Faces,
  edited: tf.Tensor4D,
  own = ownResidual(parameters, config, faces),
): tf.Tensor4D {
  const residual = residualOf(parameters, config, faces, edited);
  return applyResidual(faces.images, own === null ? residual : tf.sub(residual, repeatTo(own, edited.shape[0])));
}

/** Editing by slices of a reference's latent. */
export function exemplarEdits(config: ModelConfig): ExemplarEdits {
  return {
    encode: (parameters, images) => encodeViews(parameters, config, images),
    exchange: (latent, reference, attribute) => exchangeViews(latent, reference, config, attribute),
    prepare: (parameters, faces) => ownResidual(parameters, config, faces),
    apply: (parameters, faces, latents, prepared) => applyLatents(parameters, config, faces, latents, prepared),
    mask: (parameters, faces, latents) => decodeViews(parameters, config, faces, latents).mask,
    isExact: config.edit === "difference",
  };
}

/** Edits in both directions by the reference's slice of the latent. */
export function sideEdits(config: ModelConfig): SideEdits {
  return {
    needs: () => "reference",
    apply: (parameters, { images, attribute, references }) => {
      if (references === null) throw new Error("elegant: no references");
      const faces = { images, ...encodeViews(parameters, config, images) };
      const { latent } = encodeViews(parameters, config, references);
      return applyLatents(parameters, config, faces, exchangeViews(faces.latent, latent, config, attribute));
    },
  };
}
