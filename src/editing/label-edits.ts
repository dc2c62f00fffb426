/** Edits faces by label with any method: adds or removes attributes, one after the other. */
import * as tf from "@tensorflow/tfjs-core";
import { attributeIndex } from "../methods/attributes.js";
import type { EditNeeds } from "../methods/method.js";
import type { Generator } from "../models/generator.js";
import { repeatTo } from "../nn/batch.js";
import type { RgbaImage } from "../types.js";
import { toPictures, toTensor } from "./faces.js";
import { editSide } from "./side.js";
import type { Row } from "./swap-rows.js";

/** What an edit does. */
export interface LabelChange {
  /** Name of the attribute in the model. */
  readonly attribute: string;
  /** 1 to add the attribute, 0 to remove it. */
  readonly value: 0 | 1;
}

/** A change with the face that it takes the attribute from, for all inputs. */
export interface LabelEdit extends LabelChange {
  /** An image with the wanted value, of any size; null if the model needs none for this edit. */
  readonly reference: RgbaImage | null;
}

export interface LabelEditOptions {
  /** At least one, in the order in which they are made. */
  readonly edits: readonly LabelEdit[];
  /**
   * Labels of each input before the edits, 0 or 1 for each attribute of the model: [inputs][attributes]; null if the
   * model needs none.
   */
  readonly labels: readonly (readonly number[])[] | null;
  /** Receives the number of edited inputs. */
  readonly onProgress?: (done: number) => void;
}

/** What each change needs apart from the image. */
export function needsOf({ model }: Pick<Generator, "model">, changes: readonly LabelChange[]): readonly EditNeeds[] {
  return changes.map(({ value }) => model.edits.needs(value));
}

/**
 * Makes all edits on a batch, each on the result of the one before. After an edit, the attribute's label has the new
 * value.
 * @param images     [N, S, S, 3] in [-1, 1]
 * @param references one for each edit, [1, S, S, 3] in [-1, 1], or null
 * @param labels     [N][attributes], or null
 * @returns [N, S, S, 3] in [-1, 1]
 */
function editBatch(
  generator: Generator,
  images: tf.Tensor4D,
  edits: readonly LabelChange[],
  references: readonly (tf.Tensor4D | null)[],
  labels: readonly (readonly number[])[] | null,
): tf.Tensor4D {
  return tf.tidy(() => {
    let edited = images;
    let known = labels;
    for (const [i, { attribute, value }] of edits.entries()) {
      const reference = references[i];
      const repeated = reference === null ? null : repeatTo(reference, images.shape[0]);
      edited = editSide(generator, edited, { attribute, value, references: repeated, labels: known });
      const index = attributeIndex(generator.config, attribute);
      known = known?.map((row) => row.with(index, value)) ?? null;
    }
    return edited;
  });
}

/**
 * Edits faces on the current device.
 * @param inputs batches of images [n, S, S, 3] in [-1, 1], which it disposes
 * @returns a row for each input, with the references of the edits that have one
 * @throws InputError if the model does not have one of the attributes
 */
export async function editAll(
  generator: Generator,
  inputs: AsyncIterable<tf.Tensor4D>,
  { edits, labels, onProgress }: LabelEditOptions,
): Promise<Row[]> {
  const references: (tf.Tensor4D | null)[] = [];
  const shown: RgbaImage[] = [];
  for (const { reference } of edits) {
    const uploaded = reference === null ? null : await toTensor([reference], generator.config.size);
    if (uploaded !== null) shown.push(...(await toPictures(uploaded)));
    references.push(uploaded);
  }
  const rows: Row[] = [];
  for await (const images of inputs) {
    const own = labels?.slice(rows.length, rows.length + images.shape[0]) ?? null;
    const edited = editBatch(generator, images, edits, references, own);
    const [before, after] = [await toPictures(images), await toPictures(edited)];
    for (const [i, result] of after.entries()) {
      rows.push({ input: before[i], references: shown, result, back: null, unedited: null });
    }
    tf.dispose([images, edited]);
    onProgress?.(rows.length);
  }
  tf.dispose(references.filter((reference) => reference !== null));
  return rows;
}
