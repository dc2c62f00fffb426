/**
 * A method with a dozen lines of network, to show that training, resuming, exporting and scoring know none: the generator adds a
 * learned colour to a face that lacks the attribute and takes it from one that has it; the discriminator is linear.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { InputError } from "../../src/errors.js";
import type { NamedTensors } from "../../src/interop/safetensors.js";
import type { Method, Model, RunSettings, TrainingState } from "../../src/methods/method.js";
import { applyGradients, gradientsOf, type OptimizerState } from "../../src/nn/optimizer.js";
import { type ParameterSpec, type Parameters, parameter } from "../../src/nn/parameters.js";
import { Random } from "../../src/random.js";

const configSchema = z.object({ method: z.literal("toy"), size: z.number(), attributes: z.array(z.string()) });
const settingsSchema = z.looseObject({
  batch: z.number(),
  seed: z.number(),
  dataset: z.string(),
  learningRate: z.number(),
});
const ADAM = { beta1: 0.5, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
const SPECS: Readonly<Record<string, readonly ParameterSpec[]>> = {
  generator: [{ name: "colour", shape: [3], kind: "bias", fanIn: 1 }],
  discriminator: [{ name: "weight", shape: [1, 3], kind: "linear", fanIn: 3, flattened: [3, 1, 1] }],
};

/** Adds the colour, or takes it away. */
function move(parameters: Parameters, images: tf.Tensor, value: 0 | 1): tf.Tensor4D {
  const colour = parameter(parameters, "colour");
  return tf.clipByValue(value === 1 ? tf.add(images, colour) : tf.sub(images, colour), -1, 1) as tf.Tensor4D;
}

/** A without the colour and B with it: [2n, S, S, 3]. */
function exchange(parameters: Parameters, both: tf.Tensor4D): tf.Tensor4D {
  const [A, B] = tf.split(both, 2, 0);
  return tf.concat([move(parameters, A, 0), move(parameters, B, 1)], 0);
}

/** The mean colour's place on a line: [n, 1]. */
const judge = (parameters: Parameters, pictures: tf.Tensor): tf.Tensor =>
  tf.matMul(tf.mean(pictures, [1, 2]) as tf.Tensor2D, parameter(parameters, "weight") as unknown as tf.Tensor2D);

function optimizerOf({ optimizers }: TrainingState, group: string): OptimizerState {
  return optimizers.get(group) as OptimizerState;
}

function toyModel(config: z.infer<typeof configSchema>): Model {
  return {
    method: "toy",
    config,
    description: `${config.size} px`,
    groups: Object.keys(SPECS),
    specs: (group) => SPECS[group],
    extras: [{ name: "updates seen", shape: [1], kind: "bias", fanIn: 1 }],
    editExtras: [],
    initial: (group, seed) => {
      const tensors: NamedTensors = new Map();
      for (const { name, shape } of SPECS[group]) {
        const random = Random.fromSeed(seed, name);
        tensors.set(name, { shape, data: Float32Array.from({ length: 3 }, () => 0.1 * random.normal()) });
      }
      return tensors;
    },
    expectSameLayers: (other, source) => {
      if (other.method !== "toy") throw new InputError(`--from: ${source} is not a toy`);
    },
    training: (given: RunSettings) => {
      const settings = settingsSchema.parse(given);
      return {
        settings,
        averages: false,
        flip: false,
        joint: false,
        learningRate: () => settings.learningRate,
        update: async (state, { A, B }) => {
          const [generator, discriminator] = [optimizerOf(state, "generator"), optimizerOf(state, "discriminator")];
          const rate = { learningRate: settings.learningRate, adam: ADAM };
          const step = (optimizer: OptimizerState, loss: () => tf.Scalar): number => {
            const { value, gradients } = gradientsOf(optimizer, loss);
            applyGradients(optimizer, gradients, rate);
            const [number] = value.dataSync();
            tf.dispose([value, ...gradients.values()]);
            return number;
          };
          const both = tf.concat([A, B], 0) as tf.Tensor4D;
          const mean = (pictures: tf.Tensor): tf.Scalar => tf.mean(judge(discriminator.parameters, pictures));
          const D = step(discriminator, () => tf.sub(mean(B), mean(A)));
          const G = step(generator, () => {
            const [lost, gained] = tf.split(exchange(generator.parameters, both), 2, 0);
            return tf.sub(mean(lost), mean(gained));
          });
          const seen = parameter(state.extras, "updates seen");
          tf.tidy(() => seen.assign(tf.add(seen, 1)));
          both.dispose();
          return { D, G };
        },
        describe: ({ D, G }) => `D ${D.toFixed(3)} G ${G.toFixed(3)}`,
        memory: { isDivisible: true, updateBytes: (part) => part * 1e6, largestTensorBytes: (part) => part * 1e5 },
      };
    },
    sheet: {
      columns: ["A", "B", "C", "D"],
      caption: "C is A without the colour, D is B with it.",
      draw: (parameters, both) => tf.concat([both, exchange(parameters, both)], 0),
    },
    edits: {
      needs: () => "nothing",
      apply: (parameters, { images, value }) => move(parameters, images, value),
    },
    files: { published: null, onnx: null },
    exemplar: null,
    conditions: {},
    curves: [{ key: "D", name: "discriminator", group: "Totals" }],
  };
}

export const TOY: Method = {
  name: "toy",
  create: (options) => toyModel(configSchema.parse({ ...options, method: "toy" })),
  parse: (config) => toyModel(configSchema.parse(config)),
  readPublished: null,
};
