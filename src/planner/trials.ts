/** Samples of the commands' work with made-up images, to compare devices: an update, an edit, features. */
import * as tf from "@tensorflow/tfjs-core";
import { disposeFaces, encodeFaces, PICTURES_AT_ONCE, toPictures } from "../editing/faces.js";
import { editSide } from "../editing/side.js";
import { swap } from "../editing/swap.js";
import type { Model, PairBatch, PairGroup } from "../methods/method.js";
import { featuresOf } from "../metrics/extract.js";
import { type ExtractorName, openExtractor } from "../metrics/extractors.js";
import { INCEPTION_SIZE, type InceptionDims } from "../metrics/inception.js";
import type { Generator } from "../models/generator.js";
import { openGenerator, readModel } from "../models/open.js";
import { planBatch } from "../training/batch-choice.js";
import { disposeBatch } from "../training/batches.js";
import { disposeState, newTrainingState } from "../training/run.js";
import type { OpenedTrial, Trial } from "./choose-device.js";
import { type TrainMethod, updateKey } from "./work/train.js";

/** Noise in [-1, 1]: [n, size, size, 3]. Its values do not change the time that a model takes. */
const noise = (n: number, size: number): tf.Tensor4D => tf.randomUniform([n, size, size, 3], -1, 1, "float32", 1);

function madeUpPairs({ config: { attributes, size } }: Model, batch: number, joint: boolean): PairBatch {
  const all = attributes.map((_, attribute): PairGroup => ({ attribute, pairs: batch / attributes.length }));
  const groups = joint ? all : [{ attribute: 0, pairs: batch }];
  const labels: [number, number] = [batch, attributes.length];
  const [A, B] = [noise(batch, size), noise(batch, size)];
  return { groups, A, B, yA: tf.ones(labels), yB: tf.zeros(labels) };
}

/** Makes a trial that updates an untrained model. */
export function updateTrial(model: Model, method: TrainMethod): Trial {
  const settings = { ...method, dataset: "" };
  const training = model.training(settings, "train");
  return {
    key: `update ${updateKey(model, method)}`,
    unit: "update",
    units: 1,
    async open() {
      const { part } = planBatch(training.memory, { batch: method.batch, reason: null }); // before anything is there
      const state = newTrainingState(model, settings);
      const pairs = madeUpPairs(model, method.batch, training.joint);
      return {
        run: () => training.update(state, pairs, { step: 0, progress: 0 }, part),
        close() {
          disposeBatch(pairs);
          disposeState(state);
        },
      };
    },
  };
}

/** Prepares edits of made-up images: swaps in both directions, or edits by label if the model has no exemplars. */
function openEdits(generator: Generator, faces: number): OpenedTrial {
  const { model, config } = generator;
  const [attribute] = config.attributes;
  const images = noise(faces, config.size);
  if (model.exemplar === null) {
    const labels = Array.from({ length: faces }, () => config.attributes.map(() => 0));
    return {
      async run() {
        const edited = editSide(generator, images, { attribute, value: 1, references: null, labels });
        await toPictures(edited);
        edited.dispose();
      },
      close: () => images.dispose(),
    };
  }
  const reference = encodeFaces(generator, noise(1, config.size));
  return {
    async run() {
      const inputs = encodeFaces(generator, tf.clone(images));
      const { C, D } = swap(generator, inputs, reference, attribute);
      await Promise.all([C, D].map(toPictures));
      tf.dispose([C, D]);
      disposeFaces(inputs);
    },
    close() {
      images.dispose();
      disposeFaces(reference);
    },
  };
}

/** Makes a trial that edits faces. @param most number of faces; the trial uses at most as many as one decoder call */
export async function editTrial(model: string, most: number): Promise<Trial> {
  const faces = Math.min(most, PICTURES_AT_ONCE);
  const { method, config } = (await readModel(model)).model;
  return {
    key: `edit ${JSON.stringify([method, config, faces])}`,
    unit: "face",
    units: faces,
    async open() {
      const generator = await openGenerator(model);
      const edits = openEdits(generator, faces);
      return {
        run: edits.run,
        close() {
          edits.close();
          generator.dispose();
        },
      };
    },
  };
}

export interface FeatureOptions {
  readonly features: ExtractorName;
  readonly dims: string;
  readonly weights?: string;
  readonly seed: number;
  readonly batch: number;
}

/** Makes a trial that computes the features of a batch of images. */
export function featureTrial({ features, dims, weights, seed, batch }: FeatureOptions): Trial {
  return {
    key: `features ${JSON.stringify([features, dims, batch])}`,
    unit: "image",
    units: batch,
    async open() {
      const { extractor, dispose } = await openExtractor(features, Number(dims) as InceptionDims, weights, seed);
      const images = new Float32Array(batch * INCEPTION_SIZE ** 2 * 3);
      return { run: () => featuresOf(extractor, images), close: dispose };
    },
  };
}
