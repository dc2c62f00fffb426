/**
 * Edits of images by a trained generator: encode, exchange slices, decode. With the choices `mirror` and `shift`, everything
 * is done for several views of an image, and the edit is the mean of theirs. The latent and the skips then have the
 * channels of all views, one view after the other, so that code that mixes latents need not know.
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

/** A view of images [N, S, S, C], and the way back for changes of the view. */
interface View {
  readonly look: (images: tf.Tensor4D) => tf.Tensor4D;
  readonly back: (changes: tf.Tensor4D) => tf.Tensor4D;
}

const AS_IT_IS: View = { look: (images) => images, back: (changes) => changes };

/** Mirrors left to right. */
const mirrored = (x: tf.Tensor4D): tf.Tensor4D => tf.reverse(x, 2);

/** Moves images by one pixel. The column at the edge is repeated. */
function moved(x: tf.Tensor4D, direction: "left" | "right"): tf.Tensor4D {
  const [n, height, width, channels] = x.shape;
  const columns = (begin: number, count: number): tf.Tensor4D =>
    tf.slice(x, [0, 0, begin, 0], [n, height, count, channels]);
  const parts =
    direction === "left" ? [columns(1, width - 1), columns(width - 1, 1)] : [columns(0, 1), columns(0, width - 1)];
  return tf.concat(parts, 2);
}

/** The views of a model's edits. The first one is the image as it is. */
function viewsOf({ mirror, shift }: Pick<ModelConfig, "mirror" | "shift">): readonly View[] {
  const still: readonly View[] = mirror ? [AS_IT_IS, { look: mirrored, back: mirrored }] : [AS_IT_IS];
  if (!shift) return still;
  const shifted = still.map(({ look, back }) => ({
    look: (images: tf.Tensor4D) => look(moved(images, "left")),
    back: (changes: tf.Tensor4D) => moved(back(changes), "right"),
  }));
  return [...still, ...shifted];
}

/** Counts the views of an edit: 1, 2 or 4. */
export function countViews(config: Pick<ModelConfig, "mirror" | "shift">): number {
  return viewsOf(config).length;
}

/** Returns the channels of each view. */
function splitViews(x: tf.Tensor4D, config: ModelConfig): tf.Tensor4D[] {
  const count = countViews(config);
  return count === 1 ? [x] : tf.split(x, count, LAST_AXIS);
}

function encodeViews(parameters: Parameters, config: ModelConfig, images: tf.Tensor4D): Encoded {
  const views = viewsOf(config);
  if (views.length === 1) return encode(parameters, config, images);
  const seen = views.map(({ look }) => look(images));
  const { latent, skips } = encode(parameters, config, tf.concat(seen, 0));
  const join = (all: tf.Tensor4D): tf.Tensor4D => tf.concat(tf.split(all, views.length, 0), LAST_AXIS);
  return { latent: join(latent), skips: skips.map(join) };
}

function exchangeViews(latent: tf.Tensor4D, reference: tf.Tensor4D, config: ModelConfig, attribute: number) {
  const references = splitViews(reference, config);
  const views = splitViews(latent, config).map((own, i) => exchangeSlice(own, references[i], config, attribute));
  return tf.concat(views, LAST_AXIS) as tf.Tensor4D;
}

/**
 * Decodes edited latents. The decoder's second input and its skips are the face's own.
 * @param faces  one face for all latents, or one for each
 * @param edited latents [K, h, w, C]
 * @returns residuals [K, S, S, 3] and masks [K, S, S, 1] or null: the means of all views
 */
function decodeViews(parameters: Parameters, config: ModelConfig, faces: Faces, edited: tf.Tensor4D): Decoded {
  const [n] = edited.shape;
  const own = splitViews(faces.latent, config);
  const skips = faces.skips.map((skip) => splitViews(skip, config));
  const latents = splitViews(edited, config);
  const views = viewsOf(config).map(({ back }, view) => {
    const ownSkips = skips.map((all) => all[view]);
    const { residual, mask } = decode(parameters, config, latents[view], repeatTo(own[view], n), ownSkips);
    return { residual: back(residual), mask: mask && back(mask) };
  });
  const mean = (parts: tf.Tensor4D[]): tf.Tensor4D =>
    parts.length === 1 ? parts[0] : tf.mul(tf.addN(parts), 1 / parts.length);
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
