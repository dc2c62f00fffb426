/** The parameters of ELEGANT's networks by their PyTorch names, and their initial values. */
import type { NamedTensors } from "../../interop/safetensors.js";
import type { ParameterKind, ParameterSpec } from "../../nn/parameters.js";
import { Random } from "../../random.js";
import {
  decoderChannels,
  discriminatorChannels,
  discriminatorScores,
  encoderChannels,
  type Initialisation,
  latentChannels,
  type ModelConfig,
} from "./config.js";

export type Network = "Enc" | "Dec" | "D1" | "D2";
export const GENERATOR: readonly Network[] = ["Enc", "Dec"];
export const DISCRIMINATORS: readonly Network[] = ["D1", "D2"];

function block(
  prefix: string,
  conv: string,
  norm: string | null,
  kind: ParameterKind,
  from: number,
  to: number,
): ParameterSpec[] {
  const shape = kind === "conv" ? [to, from, 3, 3] : [from, to, 3, 3];
  // PyTorch takes the fan of a transposed convolution from dimension 1 of its weight, which is the output.
  const fanIn = 9 * shape[1];
  const specs: ParameterSpec[] = [
    { name: `${prefix}.${conv}.weight`, shape, kind, fanIn },
    { name: `${prefix}.${conv}.bias`, shape: [to], kind: "bias", fanIn },
  ];
  if (norm !== null) {
    specs.push({ name: `${prefix}.${norm}.alpha`, shape: [1], kind: "alpha", fanIn });
    specs.push({ name: `${prefix}.${norm}.beta`, shape: [1], kind: "beta", fanIn });
  }
  return specs;
}

/** Lists all parameters of one network, in PyTorch's order. */
export function networkSpecs(network: Network, config: ModelConfig): readonly ParameterSpec[] {
  const { size, width, attributes, mask, discriminatorNorm, condition } = config;
  if (network === "Enc") {
    const channels = [3, ...encoderChannels(config)];
    return channels.slice(1).flatMap((to, i) => block("Enc.main", `${i}.0`, `${i}.1`, "conv", channels[i], to));
  }
  if (network === "Dec") {
    const outputs = decoderChannels(config);
    const channels = [2 * latentChannels(width), ...outputs];
    const specs = outputs.flatMap((to, i) => {
      const norm = i < outputs.length - 1 ? `${i}.1` : null;
      return block("Dec.main", `${i}.0`, norm, "transposed", channels[i], to);
    });
    // The mask is computed from the features at a quarter of the side, two blocks before the last.
    return mask ? [...specs, ...block("Dec", "mask", null, "conv", outputs[outputs.length - 3], 1)] : specs;
  }
  const channels = [3 + (condition === "planes" ? attributes.length : 0), ...discriminatorChannels(config)];
  const specs = channels.slice(1).flatMap((to, i) => {
    const norm = discriminatorNorm === "none" ? null : `${3 * i + 1}`;
    return block(`${network}.conv`, `${3 * i}`, norm, "conv", channels[i], to);
  });
  const side = size / 2 ** config.discriminatorBlocks / (network === "D1" ? 1 : 2);
  const features = 8 * width * side * side;
  const flattened = [8 * width, side, side] as const;
  const scores = discriminatorScores(config);
  const shape = [scores, features];
  specs.push({ name: `${network}.linear.0.weight`, shape, kind: "linear", fanIn: features, flattened });
  specs.push({ name: `${network}.linear.0.bias`, shape: [scores], kind: "bias", fanIn: features });
  return specs;
}

export function parameterSpecs(config: ModelConfig, networks: readonly Network[]): readonly ParameterSpec[] {
  return networks.flatMap((network) => networkSpecs(network, config));
}

/** Returns the deviation of He's initial weights. If stride 2 doubles, a quarter of the taps reaches each output. */
function heDeviation({ name, kind, shape, fanIn }: ParameterSpec, config: ModelConfig): number {
  if (name === `Dec.main.${config.generatorBlocks - 1}.0.weight`) return 0;
  const taps = kind === "transposed" ? (9 * shape[0]) / (config.upsampling === "transposed" ? 4 : 1) : fanIn;
  return Math.sqrt(2 / 1.04 / taps) * (kind === "linear" ? 0.1 : 1);
}

/**
 * Makes initial values in PyTorch's layout; alpha is 1, beta 0. Each parameter has its own random stream, so a new
 * parameter changes no other.
 */
export function initialParameters(
  config: ModelConfig,
  networks: readonly Network[],
  seed: number,
  initialisation: Initialisation = "published",
): NamedTensors {
  const tensors: NamedTensors = new Map();
  for (const spec of parameterSpecs(config, networks)) {
    const random = Random.fromSeed(seed, `init/${spec.name}`);
    const data = new Float32Array(spec.shape.reduce((size, extent) => size * extent, 1));
    const bound = 1 / Math.sqrt(spec.fanIn);
    const isHe = initialisation === "he";
    const deviation = isHe ? heDeviation(spec, config) : 0.02;
    const isZeroBias = isHe || spec.name.endsWith("linear.0.bias");
    for (let i = 0; i < data.length; i++) {
      if (spec.kind === "alpha") data[i] = 1;
      else if (spec.kind === "beta") data[i] = 0;
      else if (spec.kind === "bias") data[i] = isZeroBias ? 0 : random.between(-bound, bound);
      else data[i] = deviation * random.normal();
    }
    tensors.set(spec.name, { shape: spec.shape, data });
  }
  return tensors;
}
