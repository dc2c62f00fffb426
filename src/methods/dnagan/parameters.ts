/** The parameters of DNA-GAN's networks by their published TensorFlow names, and their initial values. */
import type { NamedTensors } from "../../interop/safetensors.js";
import type { ParameterSpec } from "../../nn/parameters.js";
import { drawParameters } from "../../nn/specs.js";
import { codeChannels, type DnaganConfig } from "./config.js";

/** Each layer but D's fully connected one has filters of this side and stride 2. */
const FILTER = 4;
/** Deviation of the initial weights. */
const DEVIATION = 0.02;

/** The layers that batch normalization follows, and their output channels. */
export interface NormalizedLayer {
  readonly name: string;
  readonly channels: number;
}

/** Lists the normalized layers of encoder and decoder, whose moving statistics serve editing. */
export function normalizedLayers({ width }: DnaganConfig): readonly NormalizedLayer[] {
  return [
    { name: "encoder/conv2", channels: 2 * width },
    { name: "encoder/conv3", channels: 4 * width },
    { name: "decoder/deconv1", channels: 4 * width },
    { name: "decoder/deconv2", channels: 2 * width },
  ];
}

/** A convolution's filter, [4, 4, in, out]. */
function conv(name: string, from: number, to: number): ParameterSpec {
  return { name: `${name}/W`, shape: [FILTER, FILTER, from, to], kind: "tensorflow", fanIn: from * FILTER ** 2 };
}

/** A transposed convolution's filter, [4, 4, out, in]. */
function deconv(name: string, from: number, to: number): ParameterSpec {
  return { name: `${name}/W`, shape: [FILTER, FILTER, to, from], kind: "tensorflow", fanIn: from * FILTER ** 2 };
}

/** Factor and offset of the batch normalization of a layer. */
function norm(name: string, channels: number): ParameterSpec[] {
  const of = { shape: [channels], fanIn: channels };
  return [
    { name: `${name}/batch_normalization/gamma`, kind: "alpha", ...of },
    { name: `${name}/batch_normalization/beta`, kind: "beta", ...of },
  ];
}

/** Lists the parameters of encoder and decoder. */
export function generatorSpecs(config: DnaganConfig): readonly ParameterSpec[] {
  const { width } = config;
  const code = codeChannels(config);
  const norms = new Map(normalizedLayers(config).map(({ name, channels }) => [name, norm(name, channels)]));
  const normalized = (filter: ParameterSpec, name: string): ParameterSpec[] => [filter, ...(norms.get(name) ?? [])];
  return [
    conv("encoder/conv1", 3, width),
    ...normalized(conv("encoder/conv2", width, 2 * width), "encoder/conv2"),
    ...normalized(conv("encoder/conv3", 2 * width, code), "encoder/conv3"),
    ...normalized(deconv("decoder/deconv1", code, code), "decoder/deconv1"),
    ...normalized(deconv("decoder/deconv2", code, 2 * width), "decoder/deconv2"),
    deconv("decoder/deconv3", 2 * width, 3),
    { name: "decoder/b", shape: [1, 1, 1, 3], kind: "bias", fanIn: 2 * width * FILTER ** 2 },
  ];
}

/** Lists the discriminator's parameters. */
export function discriminatorSpecs({ size, width, attributes }: DnaganConfig): readonly ParameterSpec[] {
  const features = 4 * width * (size / 16) ** 2;
  const [from, scores] = [3 + attributes.length, attributes.length];
  return [
    conv("D/conv1", from, width),
    conv("D/conv2", width, 2 * width),
    ...norm("D/conv2", 2 * width),
    conv("D/conv3", 2 * width, 4 * width),
    ...norm("D/conv3", 4 * width),
    conv("D/conv4", 4 * width, 4 * width),
    ...norm("D/conv4", 4 * width),
    { name: "D/fct/W", shape: [features, scores], kind: "tensorflow", fanIn: features },
    { name: "D/fct/b", shape: [scores], kind: "bias", fanIn: features },
  ];
}

/**
 * Makes initial values in TensorFlow's layout: weights N(0, 0.02), factors of norms 1, all others 0. Each parameter has
 * its own random stream, so a new parameter changes no other.
 */
export function initialParameters(specs: readonly ParameterSpec[], seed: number): NamedTensors {
  return drawParameters(specs, seed, ({ kind }, random) =>
    kind === "tensorflow" ? DEVIATION * random.normal() : kind === "alpha" ? 1 : 0,
  );
}
