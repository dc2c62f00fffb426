/**
 * The files of CycleGAN's published code: a state dict of each network, whose keys lack the network's name. Both
 * generators have the same shapes, and so have both discriminators. Only the files' names say which one they contain.
 */
import { describeMismatch, InputError } from "../../errors.js";
import type { NamedTensors } from "../../interop/safetensors.js";
import type { PublishedNetwork } from "../common.js";
import {
  expectAttributes,
  expectNetwork,
  filterShape,
  findNetwork,
  namedTensors,
  type PublishedFile,
  type PublishedModel,
  type PublishedOptions,
  readConfig,
  recogniseFiles,
  stepOf,
} from "../published.js";
import { type CycleganConfig, configSchema } from "./config.js";
import { bothDiscriminatorsSpecs, bothGeneratorsSpecs } from "./parameters.js";

const NETWORKS = ["G_A", "G_B", "D_A", "D_B"] as const;
type Network = (typeof NETWORKS)[number];

/** Side of the published images. No network contains it. */
const PUBLISHED_SIZE = 256;

const specsOf = (config: CycleganConfig) => [...bothGeneratorsSpecs(config), ...bothDiscriminatorsSpecs(config)];

/** The networks of `latest_net_G_A.pth` and so on. */
export function publishedNetworks(config: CycleganConfig): readonly PublishedNetwork[] {
  return NETWORKS.map((network) => {
    const specs = specsOf(config).filter(({ name }) => name.startsWith(`${network}.`));
    return { file: `latest_net_${network}.pth`, prefix: `${network}.`, specs };
  });
}

/** A generator's first layer pads, so its first convolution is model.1; a discriminator's is model.0. */
function kindOf(tensors: NamedTensors): "G" | "D" | null {
  if (tensors.has("model.1.weight")) return "G";
  return tensors.has("model.0.weight") ? "D" : null;
}

/** Finds a network by its keys and its file's name. @throws InputError if the name does not say which one it is */
function networkOf(tensors: NamedTensors, source: string): Network | null {
  const kind = kindOf(tensors);
  if (kind === null) return null;
  const named = NETWORKS.filter((network) => new RegExp(`${network}(?![A-Za-z])`).test(source));
  if (named.length === 1 && named[0].startsWith(kind)) return named[0];
  const [generators, discriminators] = ["G_A (removes the attribute) or G_B (adds it)", "D_A or D_B"];
  const expected = `a name with ${kind === "G" ? generators : discriminators}`;
  const received = named.length === 0 ? "a name with neither" : `a name with ${named.join(" and ")}`;
  const remedy = `Rename the file as in latest_net_${kind}_A.pth.`;
  throw new InputError(describeMismatch(source, expected, received, remedy));
}

/** Reads `latest_net_G_A.pth` and `_G_B.pth` and, if they are given, `_D_A.pth` and `_D_B.pth` (../published.ts). */
export function readPublished(
  files: readonly PublishedFile[],
  options: PublishedOptions,
): PublishedModel<CycleganConfig> {
  const expected = "latest_net_G_A.pth, latest_net_G_B.pth and, if you have them, latest_net_D_A.pth and ..._D_B.pth";
  const found = recogniseFiles(files, networkOf, expected);
  const [generator] = [expectNetwork(found, "G_A"), expectNetwork(found, "G_B")];
  const discriminators = [findNetwork(found, "D_A"), findNetwork(found, "D_B")].filter((file) => file !== null);
  if (discriminators.length === 1) {
    const [{ source }] = discriminators;
    throw new InputError(describeMismatch("import", "both D_A and D_B, or neither", source, "Add the other one."));
  }
  const read = {
    method: "cyclegan",
    width: filterShape(generator, "model.1.weight")[0],
    generatorBlocks: [...generator.tensors.keys()].filter((key) => key.endsWith(".conv_block.1.weight")).length,
  };
  const chosen = { attributes: expectAttributes(options), size: options.size ?? PUBLISHED_SIZE };
  const config = readConfig(configSchema, read, chosen, generator.source);
  // The published code saves by epochs (200_net_G_A.pth), which are no steps, or by images (iter_5000_net_G_A.pth).
  return { config, tensors: namedTensors(found, specsOf(config)), step: stepOf(found, /\biter_(\d+)_/) };
}
