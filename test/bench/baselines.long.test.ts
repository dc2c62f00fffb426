/** Checks that the peers of bench/baselines.ts make the same updates as our methods. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { encodeSafetensors, type NamedTensors } from "../../src/interop/safetensors.js";
import { optimizersOf } from "../../src/methods/common.js";
import type { Losses, Model, PairBatch, TrainingState } from "../../src/methods/method.js";
import { recipesOf } from "../../src/methods/recipes.js";
import { createModel } from "../../src/methods/registry.js";
import { configSchema as starganSchema } from "../../src/methods/stargan/config.js";
import { methodSchema, updateSettings } from "../../src/methods/stargan/settings.js";
import { trainIteration } from "../../src/methods/stargan/update.js";
import { configSchema as unitSchema } from "../../src/methods/unit/config.js";
import { noiseShapes, noisesFor, randomAt } from "../../src/methods/unit/noise.js";
import { newTrainingState } from "../../src/training/run.js";
import { hasTorch, runPython } from "../support/torch.js";
import { useWasm } from "../support/use-device.js";

const SIZE = 64;
const WIDTH = 8;
const PAIRS = 2;
const SEED = 3;
const ATTRIBUTES = ["Bangs", "Eyeglasses", "Male", "Mustache", "Smiling"];

/** Random numbers of an update by the names that they have in the peer. */
type Draws = Readonly<Record<string, tf.Tensor>>;

interface Setup {
  readonly model: Model;
  readonly state: TrainingState;
  readonly batch: PairBatch;
}

interface Case {
  readonly method: string;
  readonly attributes: readonly string[];
  /** StarGAN's steps 4 and 9 are those in which the generator learns; DNA-GAN's step 0 has 100 updates. */
  readonly steps: readonly number[];
  readonly drawsAt: (setup: Setup, step: number) => Draws;
  readonly update: (setup: Setup, step: number, draws: Draws) => Promise<Losses>;
}

function settingsOf(method: string) {
  return { ...recipesOf(method).presets.official.method, batch: PAIRS, seed: SEED, dataset: "test" };
}

const train = ({ model, state, batch }: Setup, step: number): Promise<Losses> =>
  model.training(settingsOf(model.method), "test").update(state, batch, { step, progress: 0 }, PAIRS);

/** StarGAN with random numbers of ours: each image gets the labels of the one before it. */
const STARGAN: Case = {
  method: "stargan",
  attributes: ATTRIBUTES,
  steps: [4, 9],
  drawsAt: ({ batch: { yA, yB } }, step) => ({
    targets: tf.gather(tf.concat([yA, yB], 0), tf.tensor1d([3, 0, 1, 2], "int32")),
    alpha: tf.randomUniform([2 * PAIRS], 0, 1, "float32", step),
  }),
  update: async ({ model, state, batch: { A, B, yA, yB } }, _, { targets, alpha }) => {
    const [generator, discriminator] = optimizersOf(state);
    const own = { config: starganSchema.parse(model.config), generator, discriminator, average: null };
    const iteration = {
      images: tf.concat([A, B], 0) as tf.Tensor4D,
      own: tf.concat([yA, yB], 0) as tf.Tensor2D,
      targets: targets as tf.Tensor2D,
      alpha: alpha as tf.Tensor1D,
    };
    const settings = updateSettings(methodSchema.parse(settingsOf("stargan")), { step: 0, progress: 0 });
    return { ...(await trainIteration(own, iteration, settings, { learns: true })) };
  },
};

const CASES: readonly Case[] = [
  STARGAN,
  { method: "cyclegan", attributes: ["Bangs"], steps: [0, 1], drawsAt: () => ({}), update: train },
  {
    method: "unit",
    attributes: ["Bangs"],
    steps: [0, 1],
    drawsAt: ({ model }, step) => ({
      ...noisesFor(randomAt(SEED, step), noiseShapes(unitSchema.parse(model.config), PAIRS)),
    }),
    update: train,
  },
  { method: "dnagan", attributes: ["Bangs"], steps: [1, 2], drawsAt: () => ({}), update: train },
];

function setUp({ method, attributes }: Case): Setup {
  const settings = settingsOf(method);
  const model = createModel(method, {
    ...recipesOf(method).presets.official.network,
    size: SIZE,
    width: WIDTH,
    attributes,
  });
  const [A, B] = [5, 6].map((seed) => tf.randomUniform([PAIRS, SIZE, SIZE, 3], -1, 1, "float32", seed) as tf.Tensor4D);
  // A has the first attribute and B does not; the others vary.
  const labels = [1, 0].map((first) =>
    Array.from({ length: PAIRS }, (_, i) => attributes.map((_, j) => (j === 0 ? first : (i + j + first) % 2))),
  );
  const [yA, yB] = labels.map((rows) => tf.tensor2d(rows));
  return {
    model,
    state: newTrainingState(model, settings),
    batch: { groups: [{ attribute: 0, pairs: PAIRS }], A, B, yA, yB },
  };
}

/** Our initial values, the batch and the random numbers, for the peer. */
function fileOf({ model, batch: { A, B, yA, yB } }: Setup, draws: ReadonlyMap<number, Draws>): Uint8Array {
  const tensors: NamedTensors = new Map();
  for (const group of model.groups) {
    for (const [name, value] of model.initial(group, SEED, settingsOf(model.method))) tensors.set(name, value);
  }
  const put = (name: string, tensor: tf.Tensor) =>
    tensors.set(name, { shape: tensor.shape, data: Float32Array.from(tensor.dataSync()) });
  for (const [name, tensor] of Object.entries({ A, B, yA, yB })) put(`input/${name}`, tensor);
  for (const [step, named] of draws) {
    for (const [name, tensor] of Object.entries(named)) put(`draw/${step}/${name}`, tensor);
  }
  return encodeSafetensors(tensors, {});
}

describe("the peers of bench:baselines", () => {
  useWasm(1);
  let folder: string;

  before(async function () {
    if (!hasTorch()) return this.skip();
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
  });

  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  for (const each of CASES) {
    it(`give the losses of ${each.method}'s first two updates, from the same weights and images`, async () => {
      const setup = setUp(each);
      const draws = new Map(each.steps.map((step) => [step, each.drawsAt(setup, step)]));
      const file = join(folder, `${each.method}.safetensors`);
      await writeFile(file, fileOf(setup, draws));
      const args = [each.method, ...[SIZE, WIDTH, PAIRS].map(String), each.steps.join(","), file];
      const expected = JSON.parse(runPython("peer_losses.py", args)) as readonly Losses[];
      for (const [i, [step, drawn]] of [...draws].entries()) {
        const ours = await each.update(setup, step, drawn);
        assert.deepEqual(Object.keys(ours).sort(), Object.keys(expected[i]).sort());
        for (const [name, value] of Object.entries(ours)) {
          const error = Math.abs(value - expected[i][name]);
          const message = `step ${step}, ${name}: ${value}, peer ${expected[i][name]}`;
          assert.ok(error <= 2e-3 * Math.max(Math.abs(value), 1e-2), message);
        }
      }
    });
  }
});
