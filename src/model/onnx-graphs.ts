/**
 * The generator as ONNX graphs, NCHW with the weights as PyTorch lays them out. W is the width, S the side, N the batch:
 *   encoder  image [N, 3, S, S] -> latent [N, 8 W, S/32, S/32], skip1 [N, W, S/2, S/2] ... skip4 [N, 8 W, S/16, S/16]
 *   decoder  edited, own (latents), skip1 ... skip4 -> residual [N, 3, S, S] in [-2, 2]
 *   swap     input [N, ...], reference [N or 1, ...], mask [N or 1, attributes] -> output [N, 3, S, S] in [-1, 1]
 */
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from "../interop/onnx.js";
import type { NamedTensors } from "../interop/safetensors.js";
import { attributeSlice, encoderChannels, latentChannels, latentSide, type ModelConfig } from "./config.js";
import { GENERATOR, matchParameters, parameterSpecs } from "./parameters.js";

const LEAK = 0.2;
const EPSILON = 1e-12;
const SKIPS = ["skip1", "skip2", "skip3", "skip4"] as const;

export interface NamedGraph {
  readonly file: string;
  readonly graph: OnnxGraph;
}

/** Collects nodes and the tensors that they use. */
class Builder {
  readonly nodes: OnnxNode[] = [];
  private readonly config: ModelConfig;
  private readonly parameters: ReadonlyMap<string, OnnxTensor>;
  private readonly used = new Map<string, OnnxTensor>();

  constructor(config: ModelConfig, tensors: NamedTensors) {
    this.config = config;
    const matched = matchParameters(parameterSpecs(config, GENERATOR), tensors, "export");
    this.parameters = new Map(matched.map(({ spec: { name, shape }, data }) => [name, { name, shape, data }] as const));
  }

  get initializers(): readonly OnnxTensor[] {
    return [...this.used.values()];
  }

  /** Adds a node with one output of that name. */
  node(op: string, inputs: readonly string[], output: string, attributes?: Readonly<Record<string, OnnxAttribute>>) {
    this.nodes.push({ op, inputs, outputs: [output], ...(attributes === undefined ? {} : { attributes }) });
    return output;
  }

  constant(name: string, shape: readonly number[], data: Float32Array | BigInt64Array): string {
    this.used.set(name, { name, shape, data });
    return name;
  }

  private weight(name: string): string {
    const tensor = this.parameters.get(name);
    if (tensor === undefined) throw new Error(`onnx: no '${name}'`);
    this.used.set(name, tensor);
    return name;
  }

  /** alpha x / max(||x||_2, 1e-12) + beta, then the activation. */
  private normalize(x: string, block: string, slope: number, output: string): string {
    const at = (part: string): string => `${output}/${part}`;
    const epsilon = this.constant("epsilon", [1], Float32Array.of(EPSILON));
    const length = this.node("ReduceL2", [x], at("length"), { axes: [1], keepdims: 1 });
    const safe = this.node("Max", [length, epsilon], at("safe"));
    const unit = this.node("Div", [x, safe], at("unit"));
    const scaled = this.node("Mul", [unit, this.weight(`${block}.1.alpha`)], at("scaled"));
    const shifted = this.node("Add", [scaled, this.weight(`${block}.1.beta`)], at("shifted"));
    if (slope === 0) return this.node("Relu", [shifted], output);
    return this.node("LeakyRelu", [shifted], output, { alpha: { float: slope } });
  }

  /** @param outputs names of the activated outputs of the five blocks */
  encode(image: string, outputs: readonly string[]): void {
    let x = image;
    for (const [i, output] of outputs.entries()) {
      const block = `Enc.main.${i}`;
      const inputs = [x, this.weight(`${block}.0.weight`), this.weight(`${block}.0.bias`)];
      const convolved = this.node("Conv", inputs, `${output}/conv`, {
        kernel_shape: [3, 3],
        strides: [2, 2],
        pads: [1, 1, 1, 1],
      });
      x = this.normalize(convolved, block, LEAK, output);
    }
  }

  decode(edited: string, own: string, skips: readonly string[], output: string): string {
    const { decoderActivation, upsampling } = this.config;
    let x = this.node("Concat", [edited, own], "decoder/latents", { axis: 1 });
    for (let i = 0; i < 5; i++) {
      const block = `Dec.main.${i}`;
      const weights = [this.weight(`${block}.0.weight`), this.weight(`${block}.0.bias`)];
      const common = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
      let y: string;
      if (upsampling === "resize") {
        const scales = this.constant("scales", [4], Float32Array.of(1, 1, 2, 2));
        const repeated = this.node("Resize", [x, "", scales], `decoder/${i}/repeated`, {
          mode: "nearest",
          coordinate_transformation_mode: "asymmetric",
          nearest_mode: "floor",
        });
        y = this.node("ConvTranspose", [repeated, ...weights], `decoder/${i}/conv`, { ...common, strides: [1, 1] });
      } else {
        const doubling = { ...common, strides: [2, 2], output_padding: [1, 1] };
        y = this.node("ConvTranspose", [x, ...weights], `decoder/${i}/conv`, doubling);
      }
      if (i === 4) {
        const bounded = this.node("Tanh", [y], "decoder/tanh");
        return this.node("Mul", [bounded, this.constant("two", [1], Float32Array.of(2))], output);
      }
      const slope = decoderActivation === "leaky-relu" ? LEAK : 0;
      x = this.node("Add", [this.normalize(y, block, slope, `decoder/${i}`), skips[3 - i]], `decoder/${i}/skipped`);
    }
    throw new Error("onnx: unreachable");
  }

  /** The input's latent with the slices of the mask's attributes from the reference: chosen, not mixed, so exact. */
  exchange(input: string, reference: string, mask: string): string {
    const channels = latentChannels(this.config.width);
    const { length: count } = this.config.attributes;
    const owners = new Float32Array(count * channels);
    for (let i = 0; i < count; i++) {
      const [begin, end] = attributeSlice(channels, count, i);
      owners.fill(1, i * channels + begin, i * channels + end);
    }
    const slices = this.constant("slices", [count, channels], owners);
    const half = this.constant("half", [1], Float32Array.of(0.5));
    const shape = this.constant("channels", [4], BigInt64Array.of(-1n, BigInt(channels), 1n, 1n));
    const taken = this.node("MatMul", [mask, slices], "exchange/taken");
    const planes = this.node("Reshape", [taken, shape], "exchange/planes");
    const chosen = this.node("Greater", [planes, half], "exchange/chosen");
    return this.node("Where", [chosen, reference, input], "exchange/latent");
  }
}

function imageValue(name: string, batch: string, { size }: ModelConfig): OnnxValue {
  return { name, shape: [batch, 3, size, size] };
}

function latentValue(name: string, config: ModelConfig): OnnxValue {
  const side = latentSide(config);
  return { name, shape: ["batch", latentChannels(config.width), side, side] };
}

function skipValues(config: ModelConfig): OnnxValue[] {
  const { size } = config;
  const channels = encoderChannels(config);
  return SKIPS.map((name, i) => ({ name, shape: ["batch", channels[i], size >> (i + 1), size >> (i + 1)] }));
}

/**
 * The three graphs.
 * @param tensors with Enc and Dec in PyTorch's layout
 * @throws InputError when one is missing or does not fit
 */
export function onnxGraphs(tensors: NamedTensors, config: ModelConfig): readonly NamedGraph[] {
  const build = (
    name: string,
    inputs: readonly OnnxValue[],
    outputs: readonly OnnxValue[],
    body: (builder: Builder) => void,
  ): NamedGraph => {
    const builder = new Builder(config, tensors);
    body(builder);
    const { nodes, initializers } = builder;
    return { file: `${name}.onnx`, graph: { name: `elegant-${name}`, nodes, initializers, inputs, outputs } };
  };
  const [latent, edited, own] = ["latent", "edited", "own"].map((name) => latentValue(name, config));
  const skips = skipValues(config);
  const image = imageValue("image", "batch", config);
  const mask = { name: "mask", shape: ["masks", config.attributes.length] };
  const pictures = [imageValue("input", "batch", config), imageValue("reference", "references", config), mask];
  return [
    build("encoder", [image], [latent, ...skips], (builder) => builder.encode("image", [...SKIPS, "latent"])),
    build("decoder", [edited, own, ...skips], [imageValue("residual", "batch", config)], (builder) => {
      builder.decode("edited", "own", SKIPS, "residual");
    }),
    build("swap", pictures, [imageValue("output", "batch", config)], (builder) => {
      const names = (prefix: string): string[] => [...SKIPS, "latent"].map((name) => `${prefix}/${name}`);
      const [own, other] = ["input", "reference"].map(names);
      builder.encode("input", own);
      builder.encode("reference", other);
      const exchanged = builder.exchange(own[4], other[4], "mask");
      const residual = builder.decode(exchanged, own[4], own.slice(0, 4), "residual");
      const sum = builder.node("Add", ["input", residual], "sum");
      const [low, high] = [-1, 1].map((bound) => builder.constant(`bound${bound}`, [], Float32Array.of(bound)));
      builder.node("Clip", [sum, low, high], "output");
    }),
  ];
}

/** What a file says about its model. */
export function onnxMetadata(config: ModelConfig, source: string): Readonly<Record<string, string>> {
  const channels = latentChannels(config.width);
  const slices = config.attributes.map((name, i) => [name, attributeSlice(channels, config.attributes.length, i)]);
  return {
    config: JSON.stringify(config),
    slices: JSON.stringify(Object.fromEntries(slices)),
    pictures: "RGB, NCHW, float32 in [-1, 1]: level / 127.5 - 1",
    source,
  };
}
