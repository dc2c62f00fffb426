/** Small generator files of every method. */
import { chooseRecipe } from "../../src/cli/train-method.js";
import { createModel } from "../../src/methods/registry.js";
import { editSpecs, exportGenerator } from "../../src/models/generator-file.js";

/** Choices that make a method's networks smaller than published. */
const FEWER_LAYERS: Readonly<Record<string, readonly string[]>> = {
  stargan: ["generatorBlocks=1"],
  cyclegan: ["generatorBlocks=6"],
};

/**
 * The bytes of an untrained generator of 64 px and width 4.
 * @param attributes a single one for cyclegan and unit
 */
export function smallGenerator(method: string, attributes: readonly string[]): Uint8Array {
  const { network } = chooseRecipe({ method, set: FEWER_LAYERS[method] ?? [] });
  const model = createModel(method, { ...network, size: 64, width: 4, attributes });
  const tensors = model.initial(model.groups[0], 5, null);
  for (const { name, shape } of editSpecs(model)) {
    if (tensors.has(name)) continue;
    // Further state starts at 0, as in a training.
    tensors.set(name, { shape, data: new Float32Array(shape.reduce((product, extent) => product * extent, 1)) });
  }
  return exportGenerator(tensors, model, { dtype: "F32" });
}
