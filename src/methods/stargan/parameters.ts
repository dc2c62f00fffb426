/** The parameters of StarGAN's networks by their PyTorch names, and their initial values. */
import type { NamedTensors } from "../../interop/safetensors.js";
import type { ParameterSpec } from "../../nn/parameters.js";
import { convolutionSpecs, drawParameters, filterSpec } from "../../nn/specs.js";
import { patchSide, type StarganConfig } from "./config.js";

/** A convolution without bias and the instance norm behind it, whose weight begins at 1 and whose bias begins at 0. */
function normalized(conv: ParameterSpec, norm: string, channels: number): ParameterSpec[] {
  const of = { shape: [channels], fanIn: channels };
  return [conv, { name: `${norm}.weight`, kind: "alpha", ...of }, { name: `${norm}.bias`, kind: "beta", ...of }];
}

/** Lists the generator's parameters, in PyTorch's order. */
export function generatorSpecs({ width, attributes, generatorBlocks }: StarganConfig): readonly ParameterSpec[] {
  const at = (i: number): string => `G.main.${i}`;
  const specs = [
    ...normalized(filterSpec(at(0), "conv", 3 + attributes.length, width, 7), at(1), width),
    ...normalized(filterSpec(at(3), "conv", width, 2 * width, 4), at(4), 2 * width),
    ...normalized(filterSpec(at(6), "conv", 2 * width, 4 * width, 4), at(7), 4 * width),
  ];
  for (let block = 0; block < generatorBlocks; block++) {
    for (const layer of [0, 3]) {
      const name = `${at(9 + block)}.main`;
      const conv = filterSpec(`${name}.${layer}`, "conv", 4 * width, 4 * width, 3);
      specs.push(...normalized(conv, `${name}.${layer + 1}`, 4 * width));
    }
  }
  const up = 9 + generatorBlocks;
  return [
    ...specs,
    ...normalized(filterSpec(at(up), "transposed", 4 * width, 2 * width, 4), at(up + 1), 2 * width),
    ...normalized(filterSpec(at(up + 3), "transposed", 2 * width, width, 4), at(up + 4), width),
    filterSpec(at(up + 6), "conv", width, 3, 7),
  ];
}

/** Lists the discriminator's parameters, in PyTorch's order. */
export function discriminatorSpecs(config: StarganConfig): readonly ParameterSpec[] {
  const { width, attributes, discriminatorLayers } = config;
  const specs: ParameterSpec[] = [];
  let channels = 3;
  for (let i = 0; i < discriminatorLayers; i++) {
    const to = width * 2 ** i;
    specs.push(...convolutionSpecs(`D.main.${2 * i}`, "conv", channels, to, 4));
    channels = to;
  }
  const heads = [
    filterSpec("D.conv1", "conv", channels, 1, 3),
    filterSpec("D.conv2", "conv", channels, attributes.length, patchSide(config)),
  ];
  return [...specs, ...heads];
}

/** Makes initial values in PyTorch's layout: weights and biases U(+-1 / sqrt(fan_in)), PyTorch's defaults. */
export function initialParameters(specs: readonly ParameterSpec[], seed: number): NamedTensors {
  return drawParameters(specs, seed, ({ kind, fanIn }, random) => {
    if (kind === "alpha") return 1;
    if (kind === "beta") return 0;
    const bound = 1 / Math.sqrt(fanIn);
    return random.between(-bound, bound);
  });
}
