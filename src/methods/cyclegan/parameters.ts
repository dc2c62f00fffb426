/**
 * The parameters of CycleGAN's networks by their PyTorch names, and their initial values. G_A translates from A to B and
 * G_B from B to A; D_A judges images of B and D_B those of A.
 */
import type { NamedTensors } from "../../interop/safetensors.js";
import type { ParameterSpec } from "../../nn/parameters.js";
import { convolutionSpecs, drawParameters } from "../../nn/specs.js";
import type { CycleganConfig } from "./config.js";

export type Generator = "G_A" | "G_B";
export type Discriminator = "D_A" | "D_B";

const INITIAL_DEVIATION = 0.02;

/** Lists one generator's parameters, in PyTorch's order. */
function generatorSpecs(network: Generator, { width, generatorBlocks }: CycleganConfig): ParameterSpec[] {
  const at = (i: number): string => `${network}.model.${i}`;
  const specs = [
    ...convolutionSpecs(at(1), "conv", 3, width, 7),
    ...convolutionSpecs(at(4), "conv", width, 2 * width, 3),
    ...convolutionSpecs(at(7), "conv", 2 * width, 4 * width, 3),
  ];
  for (let block = 0; block < generatorBlocks; block++) {
    for (const layer of [1, 5]) {
      specs.push(...convolutionSpecs(`${at(10 + block)}.conv_block.${layer}`, "conv", 4 * width, 4 * width, 3));
    }
  }
  const up = 10 + generatorBlocks;
  return [
    ...specs,
    ...convolutionSpecs(at(up), "transposed", 4 * width, 2 * width, 3),
    ...convolutionSpecs(at(up + 3), "transposed", 2 * width, width, 3),
    ...convolutionSpecs(at(up + 7), "conv", width, 3, 7),
  ];
}

/** Lists one discriminator's parameters, in PyTorch's order. */
function discriminatorSpecs(network: Discriminator, { width }: CycleganConfig): ParameterSpec[] {
  const channels = [3, width, 2 * width, 4 * width, 8 * width, 1];
  return [0, 2, 5, 8, 11].flatMap((layer, i) =>
    convolutionSpecs(`${network}.model.${layer}`, "conv", channels[i], channels[i + 1], 4),
  );
}

/** Lists the parameters of both generators, which one optimizer updates. */
export function bothGeneratorsSpecs(config: CycleganConfig): readonly ParameterSpec[] {
  return (["G_A", "G_B"] as const).flatMap((network) => generatorSpecs(network, config));
}

/** Lists the parameters of both discriminators, which one optimizer updates. */
export function bothDiscriminatorsSpecs(config: CycleganConfig): readonly ParameterSpec[] {
  return (["D_A", "D_B"] as const).flatMap((network) => discriminatorSpecs(network, config));
}

/** Makes initial values in PyTorch's layout: weights N(0, 0.02), as the published code has them, and biases of 0. */
export function initialParameters(specs: readonly ParameterSpec[], seed: number): NamedTensors {
  return drawParameters(specs, seed, ({ kind }, random) => (kind === "bias" ? 0 : INITIAL_DEVIATION * random.normal()));
}
