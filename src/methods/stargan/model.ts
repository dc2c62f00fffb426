/** StarGAN as the rest of the program sees it (../method.ts). */

import * as tf from "@tensorflow/tfjs-core";
import { attributeRow } from "../../nn/labels.js";
import { Random } from "../../random.js";
import { expectSameChoices, optimizersOf, stateDicts } from "../common.js";
import { defineMethod, groupsOf } from "../define.js";
import { THERE_AND_BACK } from "../directions.js";
import type { Losses, Method, Model, PairBatch, SampleSheet, SideEdits, Training, TrainingState } from "../method.js";
import { parseFields, parseRunSettings } from "../parse.js";
import { CONDITIONS, CURVES } from "./conditions.js";
import { configSchema, type StarganConfig } from "./config.js";
import { memoryNeeds } from "./memory.js";
import { translate } from "./networks.js";
import { discriminatorSpecs, generatorSpecs, initialParameters } from "./parameters.js";
import { publishedNetworks, readPublished } from "./published.js";
import { learningRateAt, settingsSchema, updateSettings } from "./settings.js";
import { type Iteration, type StarganState, trainIteration } from "./update.js";

const SPECS = { generator: generatorSpecs, discriminator: discriminatorSpecs };

/** A training's state by StarGAN's own names. The optimizers are the same objects. */
function starganState(state: TrainingState, config: StarganConfig): StarganState {
  const [generator, discriminator] = optimizersOf(state);
  return { config, generator, discriminator, average: state.average };
}

/**
 * An iteration's images: both sides of the pairs. Each image is translated to the labels of another one, as in the
 * published code, so that all combinations of labels are plausible. The draws depend only on seed and step, so a resumed
 * run repeats them.
 */
function iterationOf({ A, B, yA, yB }: PairBatch, seed: number, step: number): Iteration {
  const random = Random.fromSeed(seed, `stargan/${step}`);
  const count = 2 * A.shape[0];
  const order = random.shuffle(Array.from({ length: count }, (_, i) => i));
  const alpha = Array.from({ length: count }, () => random.between(0, 1));
  return tf.tidy(() => {
    const own = tf.concat([yA, yB], 0) as tf.Tensor2D;
    const targets = tf.gather(own, tf.tensor1d(order, "int32"));
    return { images: tf.concat([A, B], 0) as tf.Tensor4D, own, targets, alpha: tf.tensor1d(alpha) };
  });
}

/** Returns labels in which one attribute has the value. @param labels [N, attributes] */
function withValue(labels: tf.Tensor2D, attribute: number, value: number): tf.Tensor2D {
  const count = labels.shape[1];
  const chosen = tf.tensor2d([attributeRow(attribute, count)]);
  return tf.add(tf.mul(labels, tf.sub(1, chosen)), tf.mul(chosen, value));
}

function editsOf(config: StarganConfig): SideEdits {
  return {
    needs: () => "labels",
    apply: (parameters, { images, attribute, value, labels }) => {
      if (labels === null) throw new Error("stargan: no labels");
      return translate(parameters, config, images, withValue(labels, attribute, value));
    },
  };
}

/** The columns of a sheet: both translations, and what leads back from them. */
function sheetOf(config: StarganConfig): SampleSheet {
  return {
    ...THERE_AND_BACK,
    draw: (parameters, both, attribute, labels) => {
      const values = tf.slice(labels, [0, attribute], [-1, 1]); // 1 for A, 0 for B
      const own = tf.tensor2d([attributeRow(attribute, config.attributes.length)]);
      const turned = tf.add(tf.mul(labels, tf.sub(1, own)), tf.mul(tf.sub(1, values), own)) as tf.Tensor2D;
      const translated = translate(parameters, config, both, turned);
      return tf.concat([both, translated, translate(parameters, config, translated, labels)], 0);
    },
  };
}

/** The generator's losses are those of the last update that it took part in; most updates have none. */
function describeLosses({ D, G, classificationD, reconstruction }: Losses): string {
  const generator = G === undefined ? "" : ` G ${G.toFixed(3)} rec ${reconstruction.toFixed(4)}`;
  return `D ${D.toFixed(3)} cls ${classificationD.toFixed(3)}${generator}`;
}

/** A model of StarGAN. */
export function starganModel(config: StarganConfig): Model {
  return {
    method: "stargan",
    config,
    description: `StarGAN, ${config.size} px, width ${config.width}`,
    ...groupsOf(config, SPECS, initialParameters),
    extras: [],
    editExtras: [],
    expectSameLayers: (other, source) =>
      expectSameChoices(config, parseFields(configSchema, other.config, source), ["generatorBlocks"], source),
    training: (given, source): Training => {
      const settings = parseRunSettings(settingsSchema, given, source);
      return {
        settings,
        averages: settings.ema > 0,
        flip: settings.flip,
        joint: true,
        learningRate: (at) => learningRateAt(settings, at),
        update: async (state, batch, at, part) => {
          const iteration = iterationOf(batch, settings.seed, at.step);
          try {
            const learns = (at.step + 1) % settings.discriminatorUpdates === 0;
            const options = { learns, part: 2 * part };
            return {
              ...(await trainIteration(starganState(state, config), iteration, updateSettings(settings, at), options)),
            };
          } finally {
            tf.dispose([iteration.images, iteration.own, iteration.targets, iteration.alpha]);
          }
        },
        describe: describeLosses,
        memory: memoryNeeds(config, settings.ema > 0),
      };
    },
    sheet: sheetOf(config),
    files: { published: (tensors, step) => stateDicts(tensors, publishedNetworks(config, step)), onnx: null },
    edits: editsOf(config),
    exemplar: null,
    conditions: CONDITIONS,
    curves: CURVES,
  };
}

export const STARGAN: Method = defineMethod("stargan", configSchema, starganModel, readPublished);
