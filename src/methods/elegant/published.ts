/**
 * The files of the published code: a state dict for each network, `Enc_iter_123456.pth` and so on, whose keys lack the
 * network's name (`main.0.0.weight`). Other tools keep several networks in one file and begin each key with the
 * network's name (`Enc.main.0.0.weight`). Our models contain all networks, and the keys begin with their names.
 */
import { describeMismatch, InputError } from "../../errors.js";
import type { NamedTensors } from "../../interop/safetensors.js";
import { withoutWrappers } from "../../interop/wrappers.js";
import { matchParameters } from "../../nn/parameters.js";
import { formatChoice } from "../choice-words.js";
import { stateDicts } from "../common.js";
import { expectAttributes, type PublishedFile, type PublishedModel, type PublishedOptions } from "../published.js";
import { createConfig, type ModelConfig, OFFICIAL_NETWORK } from "./config.js";
import { DISCRIMINATORS, GENERATOR, type Network, networkSpecs } from "./parameters.js";

const FEATURES_KEY = "linear.0.weight";

interface Recognised extends PublishedFile {
  readonly kind: "Enc" | "Dec" | "D";
  /** The network's name according to the file or the keys; null if they give none. */
  readonly namedFor: string | null;
}

/** The layer names with which a network's keys begin. */
const FIRST_PARTS = new Set(["main", "conv", "linear"]);

/** Recognises a file's networks by their keys. @throws InputError if there is none */
function recognise({ source, tensors }: PublishedFile): readonly Recognised[] {
  const networks = new Map<string, NamedTensors>();
  const others: NamedTensors = new Map();
  for (const [name, tensor] of withoutWrappers(tensors, source)) {
    const parts = name.split(".");
    const first = parts.findIndex((part) => FIRST_PARTS.has(part));
    const prefix = parts.slice(0, first).join(".");
    const network = networks.get(prefix) ?? new Map();
    if (first < 0) others.set(name, tensor);
    else networks.set(prefix, network.set(parts.slice(first).join("."), tensor));
  }
  // A file of one network has no other tensors; a file of several may also contain an optimizer's.
  const alone = networks.get("");
  if (networks.size === 1 && alone !== undefined) for (const [name, tensor] of others) alone.set(name, tensor);
  const found = [...networks].flatMap(([prefix, named]): Recognised[] => {
    const kind = kindOf(named);
    if (kind === null) return [];
    const namedFor =
      /^(Enc|Dec|D1|D2)_iter_/.exec(source)?.[1] ?? (/(?:^|\.)(Enc|Dec|D1|D2)$/.exec(prefix)?.[1] || null);
    return [{ source: prefix === "" ? source : `${source}: ${prefix}`, tensors: named, kind, namedFor }];
  });
  if (found.length > 0) return found;
  const received = `one with ${[...tensors.keys()].slice(0, 3).join(", ")}`;
  const remedy =
    "Give the files Enc_iter_N.pth, Dec_iter_N.pth and, if you have them, D1_iter_N.pth and D2_iter_N.pth.";
  throw new InputError(describeMismatch(source, "the state dict of Enc, Dec, D1 or D2", received, remedy));
}

function kindOf(tensors: NamedTensors): Recognised["kind"] | null {
  if (tensors.has(FEATURES_KEY)) return "D";
  // The decoder's fifth block has no normalization.
  if (tensors.has("main.4.1.alpha")) return "Enc";
  return tensors.has("main.4.0.weight") ? "Dec" : null;
}

function expectOne(found: readonly Recognised[], name: string): Recognised {
  if (found.length === 1) return found[0];
  const received = found.length === 0 ? "none" : found.map(({ source }) => source).join(" and ");
  throw new InputError(describeMismatch("import", `one file of ${name}`, received, "Give each network once."));
}

/** Returns the inputs of a discriminator's linear layer, whose number grows with the picture. */
const featuresOf = ({ tensors }: PublishedFile): number => tensors.get(FEATURES_KEY)?.shape[1] ?? 0;

/**
 * Makes one model from the files of its networks, in any order.
 * @throws InputError if a network is missing or given twice, if a tensor is missing, unknown or of another shape, or if
 * the discriminators were made for another number of attributes or another size
 */
export function readPublished(files: readonly PublishedFile[], options: PublishedOptions): PublishedModel<ModelConfig> {
  const recognised = files.flatMap(recognise);
  const encoder = expectOne(
    recognised.filter(({ kind }) => kind === "Enc"),
    "Enc",
  );
  const decoder = expectOne(
    recognised.filter(({ kind }) => kind === "Dec"),
    "Dec",
  );
  const discriminators = recognised.filter(({ kind }) => kind === "D").sort((a, b) => featuresOf(b) - featuresOf(a));
  if (discriminators.length !== 0 && discriminators.length !== 2) {
    const received = discriminators.map(({ source }) => source).join(", ");
    throw new InputError(describeMismatch("import", "both D1 and D2, or neither", received, "Add the other one."));
  }
  const attributes = expectAttributes(options);
  const { size } = options;
  const width = encoder.tensors.get("main.0.0.weight")?.shape[0] ?? 0;
  const sizes = discriminators.map((file, i) => 16 * 2 ** i * Math.sqrt(featuresOf(file) / (8 * width)));
  const [side = size ?? 256] = sizes;
  if (size !== undefined && size !== side) {
    const remedy = "Omit --size: the size is read from the discriminators.";
    throw new InputError(describeMismatch("--size", `${side}, as in ${discriminators[0].source}`, `${size}`, remedy));
  }
  const config = createConfig({ ...OFFICIAL_NETWORK, size: side, width, attributes });
  for (const { source, tensors } of discriminators) {
    const count = (tensors.get("conv.0.weight")?.shape[1] ?? 0) - 3;
    if (count === attributes.length) continue;
    const received = `${attributes.length} (${attributes.join(" ")})`;
    const remedy = "Name the attributes that it was trained on, in their order.";
    throw new InputError(describeMismatch("--attributes", `${count} names, as in ${source}`, received, remedy));
  }
  const named: [Network, Recognised][] = [
    ["Enc", encoder],
    ["Dec", decoder],
    ...discriminators.map((file, i): [Network, Recognised] => [DISCRIMINATORS[i], file]),
  ];
  for (const [network, { source, namedFor }] of named) {
    // D1 of one size has the shapes of D2 of the next.
    if (namedFor !== null && namedFor !== network) {
      const remedy = "Give the files of one model.";
      throw new InputError(
        describeMismatch(source, `${network} by its shapes`, `a file named for ${namedFor}`, remedy),
      );
    }
  }
  const tensors: NamedTensors = new Map(named.flatMap(([network, file]) => [...withPrefix(network, file, config)]));
  const step = Number(/_iter_(\d+)\.(?:pth|safetensors)/.exec(encoder.source)?.[1] ?? 0);
  return { config, tensors, step };
}

/** Returns a network's tensors under our names, and checks that they are complete and no others exist. */
function withPrefix(network: Network, { source, tensors }: PublishedFile, config: ModelConfig): NamedTensors {
  const specs = networkSpecs(network, config);
  const shapes = new Map(specs.map((spec) => [spec.name, spec]));
  const named: NamedTensors = new Map();
  for (const [key, { shape, data }] of tensors) {
    const name = `${network}.${key}`;
    const spec = shapes.get(name);
    if (spec === undefined) {
      const remedy = "Is it of another version of the network?";
      throw new InputError(describeMismatch(source, `the tensors of ${network}`, `one named '${key}'`, remedy));
    }
    // Versions of PyTorch differ in the shape of a single value.
    const isScalar = data.length === 1 && (spec.kind === "alpha" || spec.kind === "beta");
    named.set(name, { shape: isScalar ? spec.shape : shape, data });
  }
  matchParameters(specs, named, source);
  return named;
}

/**
 * Makes the published code's files of a model, with names and tensors under its keys.
 * @param tensors Enc and Dec, and D1 and D2 if the model has them
 * @throws InputError for a network that the published code does not have
 */
export function publishedFiles(
  tensors: NamedTensors,
  config: ModelConfig,
  step: number,
): readonly { readonly name: string; readonly tensors: NamedTensors }[] {
  for (const [field, expected] of Object.entries(OFFICIAL_NETWORK)) {
    const received = config[field as keyof typeof OFFICIAL_NETWORK];
    if (received === expected) continue;
    const remedy = "The published code cannot load this network. Export it to a .safetensors file or with --onnx.";
    throw new InputError(describeMismatch(`--pth: ${field}`, formatChoice(expected), formatChoice(received), remedy));
  }
  const networks = [...GENERATOR, ...DISCRIMINATORS].map((network) => {
    return { file: `${network}_iter_${step}.pth`, prefix: `${network}.`, specs: networkSpecs(network, config) };
  });
  return stateDicts(tensors, networks);
}
