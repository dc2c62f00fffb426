/** Swaps and reconstructions of images by a generator, with the same functions as all editing. */
import { disposeFaces, encodeFaces, PICTURES_AT_ONCE, render, toPictures, toTensor } from "../editing/faces.js";
import { swapMany } from "../editing/swap.js";
import type { Generator } from "../models/generator.js";
import type { RgbaImage } from "../types.js";

export interface SwapInput {
  readonly attribute: string;
  readonly input: RgbaImage;
  readonly reference: RgbaImage;
}

/** Results D of all pairs, in order. Neighbouring pairs with the same attribute share a batch. */
export async function swapAll(
  generator: Generator,
  pairs: readonly SwapInput[],
  onSwapped: (done: number) => void = () => {},
): Promise<readonly RgbaImage[]> {
  const { size } = generator.config;
  const results: RgbaImage[] = [];
  while (results.length < pairs.length) {
    const { attribute } = pairs[results.length];
    const some = pairs.slice(results.length, results.length + PICTURES_AT_ONCE);
    const same = some.findIndex((pair) => pair.attribute !== attribute);
    const batch = same < 0 ? some : some.slice(0, same);
    const [own, others] = [batch.map(({ input }) => input), batch.map(({ reference }) => reference)];
    const inputs = encodeFaces(generator, await toTensor(own, size));
    const reference = encodeFaces(generator, await toTensor(others, size));
    const swapped = swapMany(generator, inputs, [{ attribute, reference }]);
    results.push(...(await toPictures(swapped)));
    swapped.dispose();
    disposeFaces(inputs);
    disposeFaces(reference);
    onSwapped(results.length);
  }
  return results;
}

/** The generator's output for each image's own latent. */
export async function reconstruct(generator: Generator, pictures: readonly RgbaImage[]): Promise<readonly RgbaImage[]> {
  const results: RgbaImage[] = [];
  for (let first = 0; first < pictures.length; first += PICTURES_AT_ONCE) {
    const some = pictures.slice(first, first + PICTURES_AT_ONCE);
    const faces = encodeFaces(generator, await toTensor(some, generator.config.size));
    const rendered = render(generator, faces, faces.latent);
    results.push(...(await toPictures(rendered)));
    rendered.dispose();
    disposeFaces(faces);
  }
  return results;
}
