/** DNA-GAN as the rest of the program sees it (../method.ts). */

import * as tf from "@tensorflow/tfjs-core";
import { expectSameChoices, optimizersOf } from "../common.js";
import { defineMethod, groupsOf } from "../define.js";
import type { ExemplarEdits, Losses, Method, Model, SampleSheet, SideEdits, Training } from "../method.js";
import { parseFields, parseRunSettings } from "../parse.js";
import { CONDITIONS, CURVES } from "./conditions.js";
import { configSchema, type DnaganConfig } from "./config.js";
import { addAttribute, exchangePiece, reconstruct, removeAttribute } from "./exchange.js";
import { memoryNeeds } from "./memory.js";
import { movingSpecs, normalizeByMoving } from "./moving.js";
import { decode, encode } from "./networks.js";
import { discriminatorSpecs, generatorSpecs, initialParameters } from "./parameters.js";
import { settingsSchema, updateSettings } from "./settings.js";
import { trainIteration } from "./update.js";

const SPECS = { generator: generatorSpecs, discriminator: discriminatorSpecs };

/** Removing needs no exemplar; adding takes the piece of one. Both use the moving statistics among the parameters. */
function editsOf(config: DnaganConfig): SideEdits {
  return {
    needs: (value) => (value === 1 ? "reference" : "nothing"),
    apply: (parameters, { images, attribute, value, references }) => {
      if (value === 0) return removeAttribute(parameters, config, images, attribute);
      if (references === null) throw new Error("dnagan: no references");
      return addAttribute(parameters, config, images, references, attribute);
    },
  };
}

function exemplarOf(config: DnaganConfig): ExemplarEdits {
  return {
    encode: (parameters, images) => ({ latent: encode(parameters, images, normalizeByMoving(parameters)), skips: [] }),
    exchange: (latent, reference, attribute) => exchangePiece(latent, reference, config, attribute),
    prepare: () => null,
    apply: (parameters, _, latents) => decode(parameters, latents, normalizeByMoving(parameters)),
    mask: () => null,
    isExact: false,
  };
}

function sheetOf(config: DnaganConfig): SampleSheet {
  return {
    columns: ["A", "B", "A'", "B'", "A without", "B with"],
    caption:
      "A has the attribute, B does not; A' and B' are their reconstructions. The last two columns are A without the attribute, and B with that of A.",
    draw: (parameters, both, attribute) => {
      const [A, B] = tf.split(both, 2, 0) as [tf.Tensor4D, tf.Tensor4D];
      const without = removeAttribute(parameters, config, A, attribute);
      const having = addAttribute(parameters, config, B, A, attribute);
      return tf.concat([both, reconstruct(parameters, both), without, having], 0);
    },
  };
}

function describeLosses({ D, G, reconstructionA, reconstructionB }: Losses): string {
  return `D ${D.toFixed(4)} G ${G.toFixed(3)} rec ${(reconstructionA + reconstructionB).toFixed(3)}`;
}

/** A model of DNA-GAN. */
export function dnaganModel(config: DnaganConfig): Model {
  const moving = movingSpecs(config);
  return {
    method: "dnagan",
    config,
    description: `DNA-GAN, ${config.size} px, width ${config.width}`,
    ...groupsOf(config, SPECS, initialParameters),
    extras: moving,
    editExtras: moving,
    expectSameLayers: (other, source) =>
      expectSameChoices(config, parseFields(configSchema, other.config, source), ["ratio"], source),
    training: (given, source): Training => {
      const settings = parseRunSettings(settingsSchema, given, source);
      return {
        settings,
        averages: false,
        flip: settings.flip,
        joint: true,
        learningRate: () => settings.learningRate,
        update: async (state, batch, at) => {
          const [generator, discriminator] = optimizersOf(state);
          const own = { config, generator, discriminator, moving: state.extras };
          return { ...(await trainIteration(own, batch, updateSettings(settings, at))) };
        },
        describe: describeLosses,
        memory: memoryNeeds(config),
      };
    },
    sheet: sheetOf(config),
    files: { published: null, onnx: null },
    edits: editsOf(config),
    exemplar: exemplarOf(config),
    conditions: CONDITIONS,
    curves: CURVES,
  };
}

/** The published code is written for TensorFlow 1, whose files are not read. */
export const DNAGAN: Method = defineMethod("dnagan", configSchema, dnaganModel, null);
