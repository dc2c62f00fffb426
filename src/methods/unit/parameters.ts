/**
 * The parameters of UNIT's networks by their PyTorch names, and their initial values (version_02, networks COCOResGen2
 * and COCOSharedDis).
 */
import type { NamedTensors } from "../../interop/safetensors.js";
import type { ParameterSpec } from "../../nn/parameters.js";
import { convolutionSpecs, drawParameters } from "../../nn/specs.js";
import type { UnitConfig } from "./config.js";

const DOMAINS = ["A", "B"] as const;

/** Lists the parameters of a residual block: two convolutions with 3 x 3 filters. */
function block(name: string, channels: number): readonly ParameterSpec[] {
  return [0, 3].flatMap((layer) => convolutionSpecs(`${name}.model.${layer}`, "conv", channels, channels, 3));
}

/** Lists the generator's parameters, in PyTorch's order: encoders, shared blocks, decoders. */
export function generatorSpecs({ width }: UnitConfig): readonly ParameterSpec[] {
  const encoder = (name: string): readonly ParameterSpec[] => [
    ...convolutionSpecs(`${name}.0.model.0`, "conv", 3, width, 7),
    ...convolutionSpecs(`${name}.1.model.0`, "conv", width, 2 * width, 3),
    ...convolutionSpecs(`${name}.2.model.0`, "conv", 2 * width, 4 * width, 3),
    ...[3, 4, 5].flatMap((i) => block(`${name}.${i}`, 4 * width)),
  ];
  const decoder = (name: string): readonly ParameterSpec[] => [
    ...[0, 1, 2].flatMap((i) => block(`${name}.${i}`, 4 * width)),
    ...convolutionSpecs(`${name}.3.model.0`, "transposed", 4 * width, 2 * width, 3),
    ...convolutionSpecs(`${name}.4.model.0`, "transposed", 2 * width, width, 3),
    ...convolutionSpecs(`${name}.5`, "transposed", width, 3, 1),
  ];
  return [
    ...DOMAINS.flatMap((domain) => encoder(`gen.encode_${domain}`)),
    ...block("gen.enc_shared.0", 4 * width),
    ...block("gen.dec_shared.0", 4 * width),
    ...DOMAINS.flatMap((domain) => decoder(`gen.decode_${domain}`)),
  ];
}

/** Lists the discriminators' parameters, in PyTorch's order: each domain's own layers, then the shared ones. */
export function discriminatorSpecs({ width }: UnitConfig): readonly ParameterSpec[] {
  const own = (name: string): readonly ParameterSpec[] => [
    ...convolutionSpecs(`${name}.0.model.0`, "conv", 3, width, 7),
    ...convolutionSpecs(`${name}.1.model.0`, "conv", width, 2 * width, 3),
  ];
  const shared = [0, 1, 2, 3].flatMap((i) => {
    const channels = width * 2 ** (i + 1);
    return convolutionSpecs(`dis.model_S.${i}.model.0`, "conv", channels, 2 * channels, 3);
  });
  return [
    ...DOMAINS.flatMap((domain) => own(`dis.model_${domain}`)),
    ...shared,
    ...convolutionSpecs("dis.model_S.4", "conv", 32 * width, 1, 1),
  ];
}

/** Makes initial values in PyTorch's layout: weights N(0, 0.02), biases U(+-1 / sqrt(fan_in)), as published. */
export function initialParameters(specs: readonly ParameterSpec[], seed: number): NamedTensors {
  return drawParameters(specs, seed, ({ kind, fanIn }, random) => {
    if (kind !== "bias") return 0.02 * random.normal();
    const bound = 1 / Math.sqrt(fanIn);
    return random.between(-bound, bound);
  });
}
