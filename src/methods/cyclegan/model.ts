/** CycleGAN as the rest of the program sees it (../method.ts). */

import { Random } from "../../random.js";
import { expectSameChoices, optimizersOf, stateDicts } from "../common.js";
import { defineMethod, groupsOf } from "../define.js";
import { directedEdits, directedSheet, type Translate } from "../directions.js";
import type { Losses, Method, Model, Training } from "../method.js";
import { parseFields, parseRunSettings } from "../parse.js";
import { CONDITIONS, CURVES } from "./conditions.js";
import { type CycleganConfig, configSchema } from "./config.js";
import { memoryNeeds } from "./memory.js";
import { translate } from "./networks.js";
import { bothDiscriminatorsSpecs, bothGeneratorsSpecs, initialParameters } from "./parameters.js";
import { type PoolDraws, poolOf, poolSpecs } from "./pool.js";
import { publishedNetworks, readPublished } from "./published.js";
import { learningRateAt, settingsSchema, updateSettings } from "./settings.js";
import { trainIteration } from "./update.js";

const SPECS = { generators: bothGeneratorsSpecs, discriminators: bothDiscriminatorsSpecs };

/** The random choices of one iteration's pools. A resumed run repeats them. */
function drawsAt(seed: number, step: number): PoolDraws {
  const random = Random.fromSeed(seed, `cyclegan/pool/${step}`);
  return { uniform: () => random.between(0, 1), below: (n) => random.below(n) };
}

function describeLosses({ D, G, cycleA, cycleB }: Losses): string {
  return `D ${D.toFixed(3)} G ${G.toFixed(3)} cycle ${((cycleA + cycleB) / 2).toFixed(3)}`;
}

/** A model of CycleGAN. */
export function cycleganModel(config: CycleganConfig): Model {
  const edit: Translate = (parameters, images, value) =>
    translate(parameters, config, value === 1 ? "G_B" : "G_A", images);
  return {
    method: "cyclegan",
    config,
    description: `CycleGAN, ${config.size} px, width ${config.width}`,
    ...groupsOf(config, SPECS, initialParameters),
    extras: poolSpecs(config),
    editExtras: [],
    expectSameLayers: (other, source) =>
      expectSameChoices(config, parseFields(configSchema, other.config, source), ["generatorBlocks"], source),
    training: (given, source): Training => {
      const settings = parseRunSettings(settingsSchema, given, source);
      return {
        settings,
        averages: settings.ema > 0,
        flip: settings.flip,
        joint: false,
        learningRate: (at) => learningRateAt(settings, at),
        update: async (state, { A, B }, at, part) => {
          const [generators, discriminators] = optimizersOf(state);
          const [poolA, poolB] = [poolOf(state.extras, "A"), poolOf(state.extras, "B")];
          const own = { config, generators, discriminators, average: state.average, poolA, poolB };
          const draws = drawsAt(settings.seed, at.step);
          return { ...(await trainIteration(own, { A, B }, updateSettings(settings, at), draws, { part })) };
        },
        describe: describeLosses,
        memory: memoryNeeds(config, settings.ema > 0),
      };
    },
    sheet: directedSheet(edit),
    files: { published: (tensors) => stateDicts(tensors, publishedNetworks(config)), onnx: null },
    edits: directedEdits(edit),
    exemplar: null,
    conditions: CONDITIONS,
    curves: CURVES,
  };
}

export const CYCLEGAN: Method = defineMethod("cyclegan", configSchema, cycleganModel, readPublished);
