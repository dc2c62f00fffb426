/**
 * The generator as ONNX graphs, in NCHW with weights in PyTorch's layout. W is the width, S the side, N the batch:
 *   encoder  image [N, 3, S, S] -> latent [N, 8 W, S/32, S/32], skip1 [N, W, S/2, S/2] ... skip4 [N, 8 W, S/16, S/16]
 *   decoder  edited, own (latents), skip1 ... skip4 -> residual [N, 3, S, S] in [-2, 2], already times any soft mask
 *   swap     input [N, ...], reference [N or 1, ...], mask [N or 1, attributes] -> output [N, 3, S, S] in [-1, 1]
 * A network of four blocks has a latent of side S/16 and three skips. The input `mask` chooses attributes and is
 * unrelated to the soft mask. The graph `swap` has all views of the model's edits; encoder and decoder have one view.
 */
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from "../../interop/onnx.js";
import type { NamedTensors } from "../../interop/safetensors.js";
import { matchParameters } from "../../nn/parameters.js";
import { attributeSlice, encoderChannels, latentChannels, latentSide, type ModelConfig } from "./config.js";
import { GENERATOR, parameterSpecs } from "./parameters.js";

const LEAK = 0.2;
const EPSILON = 1e-12;

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

  /** Adds a node whose one output has the name `output`. */
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

  /** Adds alpha x / max(||x||_2, 1e-12) + beta, then the activation. */
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

  /** Adds the encoder. @param outputs names of the blocks' activated outputs, the latent last */
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

  /**
   * Adds one doubling of the decoder, like double() of networks.ts.
   * @param name the block's name, a prefix of its nodes
   */
  private double(x: string, block: string, name: string): string {
    const weights = [this.weight(`${block}.0.weight`), this.weight(`${block}.0.bias`)];
    const common = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
    if (this.config.upsampling === "transposed") {
      const doubling = { ...common, strides: [2, 2], output_padding: [1, 1] };
      return this.node("ConvTranspose", [x, ...weights], `${name}/conv`, doubling);
    }
    const scales = this.constant("scales", [4], Float32Array.of(1, 1, 2, 2));
    const repeated = this.node("Resize", [x, "", scales], `${name}/repeated`, {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    });
    return this.node("ConvTranspose", [repeated, ...weights], `${name}/conv`, { ...common, strides: [1, 1] });
  }

  /** Adds the soft mask, like softMask() of networks.ts: [N, C, S/4, S/4] -> [N, 1, S, S]. */
  private softMask(features: string, name: string): string {
    const weights = [this.weight("Dec.mask.weight"), this.weight("Dec.mask.bias")];
    const convolved = this.node("Conv", [features, ...weights], `${name}/conv`, {
      kernel_shape: [3, 3],
      strides: [1, 1],
      pads: [1, 1, 1, 1],
    });
    const scales = this.constant("mask/scales", [4], Float32Array.of(1, 1, 4, 4));
    const enlarged = this.node("Resize", [convolved, "", scales], `${name}/enlarged`, {
      mode: "linear",
      coordinate_transformation_mode: "half_pixel",
    });
    return this.node("Sigmoid", [enlarged], name);
  }

  /** Adds the decoder. @param prefix for the nodes' names, which are unique in a graph */
  decode(edited: string, own: string, skips: readonly string[], output: string, prefix = "decoder"): string {
    const { decoderActivation, generatorBlocks, mask } = this.config;
    const slope = decoderActivation === "leaky-relu" ? LEAK : 0;
    const last = generatorBlocks - 1;
    let x = this.node("Concat", [edited, own], `${prefix}/latents`, { axis: 1 });
    let features = x;
    for (let i = 0; i < last; i++) {
      const name = `${prefix}/${i}`;
      const block = `Dec.main.${i}`;
      const activated = this.normalize(this.double(x, block, name), block, slope, name);
      x = this.node("Add", [activated, skips[last - 1 - i]], `${name}/skipped`);
      if (i === last - 2) features = x;
    }
    const bounded = this.node("Tanh", [this.double(x, `Dec.main.${last}`, `${prefix}/${last}`)], `${prefix}/tanh`);
    const two = this.constant("two", [1], Float32Array.of(2));
    if (!mask) return this.node("Mul", [bounded, two], output);
    const residual = this.node("Mul", [bounded, two], `${prefix}/unmasked`);
    return this.node("Mul", [residual, this.softMask(features, `${prefix}/mask`)], output);
  }

  /** Adds the columns of images from `begin` to `end`, in steps. */
  private columns(x: string, begin: bigint, end: bigint, step: bigint, output: string): string {
    const number = (value: bigint): string => this.constant(`columns/${value}`, [1], BigInt64Array.of(value));
    return this.node("Slice", [x, number(begin), number(end), number(WIDTH_AXIS), number(step)], output);
  }

  private mirror(x: string, output: string): string {
    return this.columns(x, -1n, BEFORE_FIRST, -1n, output);
  }

  /** Moves images by one pixel, like moved() of edits.ts. */
  private move(x: string, direction: "left" | "right", output: string): string {
    const column = (begin: bigint, end: bigint, name: string): string =>
      this.columns(x, begin, end, 1n, `${output}/${name}`);
    const parts =
      direction === "left"
        ? [column(1n, PAST_LAST, "rest"), column(-1n, PAST_LAST, "edge")]
        : [column(0n, 1n, "edge"), column(0n, -1n, "rest")];
    return this.node("Concat", parts, output, { axis: Number(WIDTH_AXIS) });
  }

  /** Adds the mean of the changes that all views of the edit make to `input`, like decodeViews() of edits.ts. */
  meanChange(input: string, reference: string, mask: string, skips: readonly string[]): string {
    const { mirror, shift } = this.config;
    const mirrors = mirror ? [false, true] : [false];
    const views = (shift ? [false, true] : [false]).flatMap((isMoved) =>
      mirrors.map((isMirrored) => ({ isMoved, isMirrored })),
    );
    const changes = views.map(({ isMoved, isMirrored }) => {
      const view = `${isMoved ? "moved/" : ""}${isMirrored ? "mirrored/" : ""}`;
      const [own, other] = [input, reference].map((x) => {
        const moved = isMoved ? this.move(x, "left", `${view}left/${x}`) : x;
        return isMirrored ? this.mirror(moved, `${view}${x}`) : moved;
      });
      const change = this.change(own, other, mask, skips, view);
      const still = isMirrored ? this.mirror(change, `${view}back`) : change;
      return isMoved ? this.move(still, "right", `${view}right`) : still;
    });
    if (changes.length === 1) return changes[0];
    this.nodes.push({ op: "Mean", inputs: changes, outputs: ["mean"] });
    return "mean";
  }

  /**
   * Adds the image that is added to `input`.
   * @param view a prefix for the nodes' names, which are unique in a graph
   */
  private change(input: string, reference: string, mask: string, skips: readonly string[], view: string): string {
    const names = (prefix: string): string[] => [...skips, "latent"].map((name) => `${view}${prefix}/${name}`);
    const [own, other] = ["input", "reference"].map(names);
    this.encode(input, own);
    this.encode(reference, other);
    const ownLatent = own[skips.length];
    const exchanged = this.exchange(ownLatent, other[skips.length], mask, view);
    const edited = this.decode(exchanged, ownLatent, own, `${view}residual`, `${view}decoder`);
    if (this.config.edit === "residual") return edited;
    const unchanged = this.decode(ownLatent, ownLatent, own, `${view}unchanged`, `${view}own-decoder`);
    return this.node("Sub", [edited, unchanged], `${view}change`);
  }

  /** Adds the input's latent with the chosen attributes' slices from the reference: selected, not mixed, so exact. */
  private exchange(input: string, reference: string, mask: string, view: string): string {
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
    const taken = this.node("MatMul", [mask, slices], `${view}exchange/taken`);
    const planes = this.node("Reshape", [taken, shape], `${view}exchange/planes`);
    const chosen = this.node("Greater", [planes, half], `${view}exchange/chosen`);
    return this.node("Where", [chosen, reference, input], `${view}exchange/latent`);
  }
}

/** In NCHW. */
const WIDTH_AXIS = 3n;
/** Where a slice ends that goes forwards or backwards to the end of an axis. */
const PAST_LAST = 2n ** 31n - 1n;
const BEFORE_FIRST = -(2n ** 31n);

function imageValue(name: string, batch: string, { size }: ModelConfig): OnnxValue {
  return { name, shape: [batch, 3, size, size] };
}

function latentValue(name: string, config: ModelConfig): OnnxValue {
  const side = latentSide(config);
  return { name, shape: ["batch", latentChannels(config.width), side, side] };
}

/** Returns all of the encoder's outputs except the last, which is the latent. */
function skipValues(config: ModelConfig): OnnxValue[] {
  const channels = encoderChannels(config).slice(0, -1);
  return channels.map((count, i) => {
    const side = config.size >> (i + 1);
    return { name: `skip${i + 1}`, shape: ["batch", count, side, side] };
  });
}

/**
 * Makes the three graphs.
 * @param tensors Enc and Dec in PyTorch's layout
 * @throws InputError if one is missing or does not fit
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
  const skipNames = skips.map(({ name }) => name);
  const image = imageValue("image", "batch", config);
  const mask = { name: "mask", shape: ["masks", config.attributes.length] };
  const pictures = [imageValue("input", "batch", config), imageValue("reference", "references", config), mask];
  return [
    build("encoder", [image], [latent, ...skips], (builder) => builder.encode("image", [...skipNames, "latent"])),
    build("decoder", [edited, own, ...skips], [imageValue("residual", "batch", config)], (builder) => {
      builder.decode("edited", "own", skipNames, "residual");
    }),
    build("swap", pictures, [imageValue("output", "batch", config)], (builder) => {
      const change = builder.meanChange("input", "reference", "mask", skipNames);
      const sum = builder.node("Add", ["input", change], "sum");
      const [low, high] = [-1, 1].map((bound) => builder.constant(`bound${bound}`, [], Float32Array.of(bound)));
      builder.node("Clip", [sum, low, high], "output");
    }),
  ];
}

/** Returns the metadata that a file has about its model. */
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
