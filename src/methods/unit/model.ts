/** UNIT as the rest of the program sees it (../method.ts). */

import * as tf from "@tensorflow/tfjs-core";
import { updateAverage } from "../../nn/optimizer.js";
import { expectSameChoices, optimizersOf, stateDicts } from "../common.js";
import { defineMethod, groupsOf } from "../define.js";
import { directedEdits, directedSheet, type Translate } from "../directions.js";
import type { Losses, Method, Model, Training } from "../method.js";
import { parseFields, parseRunSettings } from "../parse.js";
import { CONDITIONS, CURVES } from "./conditions.js";
import { configSchema, type UnitConfig } from "./config.js";
import { memoryNeeds } from "./memory.js";
import { translate } from "./networks.js";
import { noiseShapes, noisesFor, randomAt } from "./noise.js";
import { discriminatorSpecs, generatorSpecs, initialParameters } from "./parameters.js";
import { publishedNetworks, readPublished } from "./published.js";
import { settingsSchema, updateSettings } from "./settings.js";
import { trainPairs } from "./update.js";

const SPECS = { generator: generatorSpecs, discriminator: discriminatorSpecs };

/** Translates without noise, as for the published test pictures. */
const edit: Translate = (parameters, images, value) =>
  translate(parameters, value === 1 ? "B" : "A", images, null).images;

function describeLosses({ D, G, cycleA, cycleB }: Losses): string {
  return `D ${D.toFixed(3)} G ${G.toFixed(2)} cycle ${((cycleA + cycleB) / 2).toFixed(3)}`;
}

/** A model of UNIT. */
export function unitModel(config: UnitConfig): Model {
  return {
    method: "unit",
    config,
    description: `UNIT, ${config.size} px, width ${config.width}`,
    ...groupsOf(config, SPECS, initialParameters),
    extras: [],
    editExtras: [],
    expectSameLayers: (other, source) =>
      expectSameChoices(config, parseFields(configSchema, other.config, source), [], source),
    training: (given, source): Training => {
      const settings = parseRunSettings(settingsSchema, given, source);
      return {
        settings,
        averages: settings.ema > 0,
        flip: settings.flip,
        joint: false,
        learningRate: () => settings.learningRate,
        update: async (state, { A, B }, { step }, part) => {
          const [generator, discriminator] = optimizersOf(state);
          const noises = noisesFor(randomAt(settings.seed, step), noiseShapes(config, A.shape[0]));
          try {
            const batch = { A, B, noises };
            const losses = await trainPairs({ generator, discriminator }, batch, updateSettings(settings), { part });
            if (state.average !== null) updateAverage(state.average, generator, settings.ema);
            return { ...losses };
          } finally {
            tf.dispose([...Object.values(noises)]);
          }
        },
        describe: describeLosses,
        memory: memoryNeeds(config, settings.ema > 0),
      };
    },
    sheet: directedSheet(edit),
    files: { published: (tensors, step) => stateDicts(tensors, publishedNetworks(config, step)), onnx: null },
    edits: directedEdits(edit),
    exemplar: null,
    conditions: CONDITIONS,
    curves: CURVES,
  };
}

export const UNIT: Method = defineMethod("unit", configSchema, unitModel, readPublished);
