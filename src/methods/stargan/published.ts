/** The files of StarGAN's published code: a state dict of each network, whose keys lack the network's name. */
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
import { configSchema, type StarganConfig } from "./config.js";
import { discriminatorSpecs, generatorSpecs } from "./parameters.js";

/** Side of the published images. Generators do not contain it. */
const PUBLISHED_SIZE = 128;

/** The networks of `STEP-G.ckpt` and `STEP-D.ckpt`. */
export function publishedNetworks(config: StarganConfig, step: number): readonly PublishedNetwork[] {
  return [
    { file: `${step}-G.ckpt`, prefix: "G.", specs: generatorSpecs(config) },
    { file: `${step}-D.ckpt`, prefix: "D.", specs: discriminatorSpecs(config) },
  ];
}

/** Only a discriminator has heads. A generator's first norm is always there; the residual blocks may be none. */
function networkOf(tensors: NamedTensors): "G" | "D" | null {
  if (tensors.has("conv2.weight")) return "D";
  return tensors.has("main.9.main.0.weight") || tensors.has("main.1.weight") ? "G" : null;
}

/** Counts a file's keys that a pattern matches. */
function count({ tensors }: PublishedFile, pattern: RegExp): number {
  return [...tensors.keys()].filter((key) => pattern.test(key)).length;
}

/** Returns what the discriminator's shapes say about the model. The filter of `conv2` has the side S / 2^layers. */
function readDiscriminator(file: PublishedFile) {
  const discriminatorLayers = count(file, /^main\.\d+\.weight$/);
  return { discriminatorLayers, size: filterShape(file, "conv2.weight")[2] * 2 ** discriminatorLayers };
}

/** Refuses another number of attributes than a network has. @param source the network's file @throws InputError */
function expectCount(attributes: readonly string[], expected: number, source: string): void {
  if (attributes.length === expected) return;
  const received = `${attributes.length} (${attributes.join(" ")})`;
  const remedy = "Name the attributes that it was trained on, in their order.";
  throw new InputError(describeMismatch("--attributes", `${expected} names, as in ${source}`, received, remedy));
}

/** Reads `STEP-G.ckpt` and, if it is given, `STEP-D.ckpt` (../published.ts). */
export function readPublished(
  files: readonly PublishedFile[],
  options: PublishedOptions,
): PublishedModel<StarganConfig> {
  const found = recogniseFiles(files, networkOf, "STEP-G.ckpt and, if you have it, STEP-D.ckpt");
  const [generator, discriminator] = [expectNetwork(found, "G"), findNetwork(found, "D")];
  const attributes = expectAttributes(options);
  const [width, channels] = filterShape(generator, "main.0.weight");
  expectCount(attributes, channels - 3, generator.source);
  if (discriminator !== null) {
    expectCount(attributes, filterShape(discriminator, "conv2.weight")[0], discriminator.source);
  }
  const judged = discriminator === null ? null : readDiscriminator(discriminator);
  if (judged !== null && options.size !== undefined && options.size !== judged.size) {
    const expected = `${judged.size}, as in ${discriminator?.source}`;
    const remedy = "Omit --size: the size is read from the discriminator.";
    throw new InputError(describeMismatch("--size", expected, `${options.size}`, remedy));
  }
  const generatorBlocks = count(generator, /^main\.\d+\.main\.0\.weight$/);
  const read = { method: "stargan", width, generatorBlocks, ...judged };
  const chosen = { attributes, size: options.size ?? PUBLISHED_SIZE };
  const config = readConfig(configSchema, read, chosen, found.map(({ source }) => source).join(" and "));
  const specs = [...generatorSpecs(config), ...discriminatorSpecs(config)];
  return { config, tensors: namedTensors(found, specs), step: stepOf(found, /(\d+)-[GD]\b/) };
}
