/** Adds or removes one attribute with any method: by references, by labels, or in a fixed direction. */
import * as tf from "@tensorflow/tfjs-core";
import { attributeIndex } from "../methods/attributes.js";
import type { Generator } from "../models/generator.js";

export interface SideEdit {
  /** Name of the attribute in the model. */
  readonly attribute: string;
  /** 1 to add the attribute, 0 to remove it. */
  readonly value: 0 | 1;
  /** An image with that value for each image, [N, S, S, 3] in [-1, 1]. Models that need none ignore it; null is enough. */
  readonly references: tf.Tensor4D | null;
  /**
   * Labels of each image, 0 or 1 for each attribute of the model: [N][attributes]. Models that need none ignore them;
   * null is enough.
   */
  readonly labels: readonly (readonly number[])[] | null;
}

/**
 * Edits images on the current device.
 * @param images [N, S, S, 3] in [-1, 1]
 * @returns [N, S, S, 3] in [-1, 1]
 * @throws InputError if the model does not have the attribute
 */
export function editSide(
  { model, parameters, config }: Generator,
  images: tf.Tensor4D,
  { attribute, value, references, labels }: SideEdit,
): tf.Tensor4D {
  const index = attributeIndex(config, attribute);
  return tf.tidy(() => {
    const shape: [number, number] = [images.shape[0], config.attributes.length];
    const own = labels === null ? null : tf.tensor2d(labels.flat(), shape);
    return model.edits.apply(parameters, { images, attribute: index, value, references, labels: own });
  });
}
