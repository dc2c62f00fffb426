/** The files of StarGAN's published code: a state dict of each network, whose keys lack the network's name. */
import type { NamedTensors } from "../../interop/safetensors.js";
import { matchParameters } from "../../nn/parameters.js";
import type { StarganConfig } from "./config.js";
import { discriminatorSpecs, generatorSpecs } from "./parameters.js";

/**
 * Makes the files `STEP-G.ckpt` and, if its tensors are there, `STEP-D.ckpt`.
 * @throws InputError if a tensor is missing
 */
export function publishedFiles(
  tensors: NamedTensors,
  config: StarganConfig,
  step: number,
): readonly { readonly name: string; readonly tensors: NamedTensors }[] {
  const networks = [
    ["G", generatorSpecs(config)],
    ["D", discriminatorSpecs(config)],
  ] as const;
  return networks
    .filter(([network, [{ name }]]) => network === "G" || tensors.has(name))
    .map(([network, specs]) => {
      const matched = matchParameters(specs, tensors, "export");
      const named = matched.map(({ spec: { name, shape }, data }) => [name.slice(2), { shape, data }] as const);
      return { name: `${step}-${network}.ckpt`, tensors: new Map(named) };
    });
}
