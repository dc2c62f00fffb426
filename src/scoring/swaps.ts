/** Edits and reconstructions of images by a generator of any method. */
import { PICTURES_AT_ONCE, toPictures, toTensor } from "../editing/faces.js";
import { editSide } from "../editing/side.js";
import type { Generator } from "../models/generator.js";
import type { RgbaImage } from "../types.js";

export interface SwapInput {
  readonly attribute: string;
  /** 1 to add the attribute, 0 to remove it. */
  readonly value: 0 | 1;
  readonly input: RgbaImage;
  /** An image with that value. */
  readonly reference: RgbaImage;
  /** The input's labels, 0, 1, or 0.5 if open, for each attribute of the model. */
  readonly labels: readonly number[];
}

/** The edited inputs, in order. Neighbours with the same attribute and value share a batch. */
export async function swapAll(
  generator: Generator,
  pairs: readonly SwapInput[],
  onSwapped: (done: number) => void = () => {},
): Promise<readonly RgbaImage[]> {
  const { size } = generator.config;
  const results: RgbaImage[] = [];
  while (results.length < pairs.length) {
    const { attribute, value } = pairs[results.length];
    const some = pairs.slice(results.length, results.length + PICTURES_AT_ONCE);
    const same = some.findIndex((pair) => pair.attribute !== attribute || pair.value !== value);
    const batch = same < 0 ? some : some.slice(0, same);
    const [own, others] = [batch.map(({ input }) => input), batch.map(({ reference }) => reference)];
    const [images, references] = [await toTensor(own, size), await toTensor(others, size)];
    const labels = batch.map((pair) => pair.labels);
    const edited = editSide(generator, images, { attribute, value, references, labels });
    results.push(...(await toPictures(edited)));
    for (const tensor of [edited, images, references]) tensor.dispose();
    onSwapped(results.length);
  }
  return results;
}
