/** ELEGANT as the rest of the program sees it (../method.ts). */

import * as tf from "@tensorflow/tfjs-core";
import { expectSameChoices, optimizersOf } from "../common.js";
import { defineMethod } from "../define.js";
import type { Curve, Losses, Method, Model, SampleSheet, Training, TrainingState } from "../method.js";
import { CONDITIONS } from "./conditions.js";
import { type ModelConfig, modelConfigSchema, parseConfig } from "./config.js";
import { countViews, exemplarEdits, sideEdits } from "./edits.js";
import { generate } from "./exchange.js";
import { memoryNeeds } from "./memory.js";
import { onnxGraphs, onnxMetadata } from "./onnx-graphs.js";
import { DISCRIMINATORS, GENERATOR, initialParameters, type Network, parameterSpecs } from "./parameters.js";
import { publishedFiles, readPublished } from "./published.js";
import { learningRateAt, parseSettings, stepSettings } from "./settings.js";
import type { ElegantState } from "./state.js";
import { trainStep } from "./update.js";

/** The groups of networks that one optimizer updates together. */
const GROUPS: Readonly<Record<string, readonly Network[]>> = { generator: GENERATOR, discriminator: DISCRIMINATORS };

/** The choices that make the generator's layers. */
const LAYERS = ["generatorBlocks", "decoderActivation", "upsampling", "edit", "mask"] as const;

const GREY_LEVELS = { name: "grey levels of 255", factor: 127.5 };
const CURVES: readonly Curve[] = [
  { key: "D", name: "discriminators", group: "Totals" },
  { key: "G", name: "generator", group: "Totals" },
  { key: "reconstruction", name: "reconstruction", group: "Reconstruction" },
  { key: "slice", name: "slices", group: "Slices found again in the edited pictures" },
  { key: "mask", name: "mask", group: "Mean of the mask" },
  { key: "change", name: "change", group: "Mean change of the edited pictures" },
  { key: "cycle", name: "cycle", group: "Distance from A and B after exchanging back" },
  { key: "accuracy1", name: "D1", group: "Pictures that the discriminators judge correctly" },
  { key: "accuracy2", name: "D2", group: "Pictures that the discriminators judge correctly" },
  { key: "exchange", name: "exchange", group: "What an exchange changes", byAttribute: true, unit: GREY_LEVELS },
];

/** A training's state by ELEGANT's own names. The optimizers are the same objects. */
export function elegantState(state: TrainingState, config: ModelConfig): ElegantState {
  const [generator, discriminator] = optimizersOf(state);
  return { config, generator, discriminator, average: state.average };
}

/** The columns A, B, A', B', C and D of the published code's sample sheets. */
function sheetOf(config: ModelConfig): SampleSheet {
  return {
    columns: ["A", "B", "A'", "B'", "C", "D"],
    caption:
      "A has the attribute, B does not; A' and B' are their reconstructions, C is A without the attribute, D is B with that of A.",
    draw: (parameters, both, attribute) => {
      const pairs = both.shape[0] / 2;
      const { reconstructed, exchanged } = generate(parameters, config, both, [{ attribute, pairs }]);
      if (countViews(config) === 1) return tf.concat([both, reconstructed, exchanged], 0);
      const [A, B] = tf.split(both, 2, 0) as [tf.Tensor4D, tf.Tensor4D];
      const { apply } = sideEdits(config);
      const C = apply(parameters, { images: A, attribute, value: 0, references: B, labels: null });
      const D = apply(parameters, { images: B, attribute, value: 1, references: A, labels: null });
      return tf.concat([both, reconstructed, C, D], 0);
    },
  };
}

function describeLosses({ D, G, reconstruction, slice = 0, exchange }: Losses): string {
  const extras =
    reconstruction === undefined
      ? `slice ${slice.toFixed(3)} change ${(GREY_LEVELS.factor * exchange).toFixed(1)}`
      : `rec ${reconstruction.toFixed(4)}`;
  return `D ${D.toFixed(3)} G ${G.toFixed(3)} ${extras}`;
}

/** A model of ELEGANT. */
export function elegantModel(config: ModelConfig): Model {
  return {
    method: "elegant",
    config,
    description: `${config.size} px, width ${config.width}`,
    groups: Object.keys(GROUPS),
    specs: (group) => parameterSpecs(config, GROUPS[group]),
    extras: [],
    editExtras: [],
    initial: (group, seed, settings) => {
      // Without norms, the published weights and biases would hide the image from the deeper layers.
      const fallback = config.discriminatorNorm === "none" ? "he" : "published";
      const initialisation = settings === null ? fallback : parseSettings(settings, "the run").initialisation;
      return initialParameters(config, GROUPS[group], seed, initialisation);
    },
    expectSameLayers: (other, source) => expectSameChoices(config, parseConfig(other.config, source), LAYERS, source),
    training: (settings, source): Training => {
      const parsed = parseSettings(settings, source);
      return {
        settings: parsed,
        averages: parsed.ema > 0,
        flip: parsed.flip,
        joint: parsed.joint,
        learningRate: ({ step, progress }) => learningRateAt(parsed, step, progress),
        update: async (state, batch, { step, progress }, part) => ({
          ...(await trainStep(elegantState(state, config), batch, stepSettings(parsed, step, progress), { part })),
        }),
        describe: describeLosses,
        memory: memoryNeeds({ config, ...parsed }),
      };
    },
    sheet: sheetOf(config),
    files: {
      published: (tensors, step) => publishedFiles(tensors, config, step),
      onnx: (tensors, source) => {
        const metadata = onnxMetadata(config, source);
        return onnxGraphs(tensors, config).map(({ file, graph }) => ({ file, graph, metadata }));
      },
    },
    edits: sideEdits(config),
    exemplar: exemplarEdits(config),
    conditions: CONDITIONS,
    curves: CURVES,
  };
}

export const ELEGANT: Method = defineMethod("elegant", modelConfigSchema, elegantModel, readPublished);
