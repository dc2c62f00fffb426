/**
 * The files of UNIT's published code (version_02): a state dict of the generator and one of the discriminator, whose keys
 * lack the network's name.
 */
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
import { configSchema, type UnitConfig } from "./config.js";
import { discriminatorSpecs, generatorSpecs } from "./parameters.js";

/** Side of the published images. No network contains it. */
const PUBLISHED_SIZE = 128;

const FIRST_FILTERS = { gen: "encode_A.0.model.0.weight", dis: "model_A.0.model.0.weight" } as const;

/** The networks of `gen_00500000.pkl` and `dis_00500000.pkl`, for example. */
export function publishedNetworks(config: UnitConfig, step: number): readonly PublishedNetwork[] {
  const number = String(step).padStart(8, "0");
  return [
    { file: `gen_${number}.pkl`, prefix: "gen.", specs: generatorSpecs(config) },
    { file: `dis_${number}.pkl`, prefix: "dis.", specs: discriminatorSpecs(config) },
  ];
}

function networkOf(tensors: NamedTensors): "gen" | "dis" | null {
  if (tensors.has(FIRST_FILTERS.gen)) return "gen";
  return tensors.has(FIRST_FILTERS.dis) ? "dis" : null;
}

/** Reads `gen_STEP.pkl` and, if it is given, `dis_STEP.pkl` (../published.ts). */
export function readPublished(files: readonly PublishedFile[], options: PublishedOptions): PublishedModel<UnitConfig> {
  const found = recogniseFiles(files, networkOf, "gen_STEP.pkl and, if you have it, dis_STEP.pkl");
  const generator = expectNetwork(found, "gen");
  findNetwork(found, "dis"); // refuses two of them
  const read = { method: "unit", width: filterShape(generator, FIRST_FILTERS.gen)[0] };
  const chosen = { attributes: expectAttributes(options), size: options.size ?? PUBLISHED_SIZE };
  const config = readConfig(configSchema, read, chosen, generator.source);
  const specs = [...generatorSpecs(config), ...discriminatorSpecs(config)];
  return { config, tensors: namedTensors(found, specs), step: stepOf(found, /(?:gen|dis)_(\d+)/) };
}
