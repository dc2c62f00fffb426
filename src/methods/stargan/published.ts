/** The files of StarGAN's published code: a state dict of each network, whose keys lack the network's name. */
import type { PublishedNetwork } from "../common.js";
import type { StarganConfig } from "./config.js";
import { discriminatorSpecs, generatorSpecs } from "./parameters.js";

/** The networks of `STEP-G.ckpt` and `STEP-D.ckpt`. */
export function publishedNetworks(config: StarganConfig, step: number): readonly PublishedNetwork[] {
  return [
    { file: `${step}-G.ckpt`, prefix: "G.", specs: generatorSpecs(config) },
    { file: `${step}-D.ckpt`, prefix: "D.", specs: discriminatorSpecs(config) },
  ];
}
