/** What the models of several methods share: their optimizers by name, checks of layers, and files of published code. */
import { describeMismatch, InputError } from "../errors.js";
import type { NamedTensors } from "../interop/safetensors.js";
import type { OptimizerState } from "../nn/optimizer.js";
import { matchParameters, type ParameterSpec } from "../nn/parameters.js";
import { formatChoice } from "./choice-words.js";
import type { TrainingState } from "./method.js";

/** Returns the optimizers of a training in the order of the model's groups. They are the state's own objects. */
export function optimizersOf({ model, optimizers }: TrainingState): readonly OptimizerState[] {
  return model.groups.map((group) => {
    const optimizer = optimizers.get(group);
    if (optimizer === undefined) throw new Error(`training: no optimizer for '${group}'`);
    return optimizer;
  });
}

/** Counts the values of parameters. */
export function countValues(specs: readonly Pick<ParameterSpec, "shape">[]): number {
  return specs.reduce((sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
}

/**
 * Refuses to begin a run with the editing networks of another model if they have other layers. Sizes may differ, since
 * these networks are convolutions; discriminators may differ in everything, since they begin untrained.
 * @param choices the choices that make the layers
 * @param source  names the other model in the message
 * @throws InputError that names the first difference
 */
export function expectSameChoices<Config extends { readonly width: number; readonly attributes: readonly string[] }>(
  config: Config,
  other: Config,
  choices: readonly (keyof Config & string)[],
  source: string,
): void {
  const differences = [
    ["--attributes", config.attributes.join(" "), other.attributes.join(" ")],
    ["--width", config.width, other.width],
    ...choices.map((name) => [`--set ${name}`, config[name], other[name]] as const),
  ] as const;
  for (const [name, received, expected] of differences) {
    if (received === expected) continue;
    const remedy = "A run begins only with a generator of its own layers.";
    throw new InputError(
      describeMismatch(`--from: ${name}`, `${formatChoice(expected)}, as in ${source}`, formatChoice(received), remedy),
    );
  }
}

/** A file of published code, with the prefix that our names have and its keys lack. */
export interface PublishedNetwork {
  readonly file: string;
  readonly prefix: string;
  readonly specs: readonly ParameterSpec[];
}

/**
 * Makes a state dict for each network whose tensors are there.
 * @throws InputError if a network is incomplete
 */
export function stateDicts(
  tensors: NamedTensors,
  networks: readonly PublishedNetwork[],
): readonly { readonly name: string; readonly tensors: NamedTensors }[] {
  return networks
    .filter(({ specs }) => specs.some(({ name }) => tensors.has(name)))
    .map(({ file, prefix, specs }) => {
      const matched = matchParameters(specs, tensors, "export");
      const named = matched.map(({ spec: { name, shape }, data }) => {
        return [name.slice(prefix.length), { shape, data }] as const;
      });
      return { name: file, tensors: new Map(named) };
    });
}
