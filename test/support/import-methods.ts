/** Tiny runs of StarGAN, CycleGAN and UNIT that are exported for tests of `elegant import --method`. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { NamedTensors } from "../../src/interop/safetensors.js";
import type { Model } from "../../src/methods/method.js";
import { methodOf } from "../../src/methods/registry.js";
import { importRun } from "../../src/training/run.js";
import { runHere } from "./in-process.js";
import type { Ended } from "./spawn.js";

export const elegant = (...args: string[]): Promise<Ended> => runHere(args);

/** Small models of the methods whose published code saves files of PyTorch. */
export const CASES = [
  {
    method: "stargan",
    attributes: ["Bangs", "Smiling"],
    choices: { generatorBlocks: 2, discriminatorLayers: 5 },
    files: ["12-G.ckpt", "12-D.ckpt"],
    size: [],
    step: 12,
  },
  {
    method: "cyclegan",
    attributes: ["Bangs"],
    choices: { generatorBlocks: 2 },
    files: ["G_A", "G_B", "D_A", "D_B"].map((network) => `latest_net_${network}.pth`),
    size: ["--size", "64"],
    step: 0,
  },
  {
    method: "unit",
    attributes: ["Bangs"],
    choices: {},
    files: ["gen_00000012.pkl", "dis_00000012.pkl"],
    size: ["--size", "64"],
    step: 12,
  },
] as const;

export type TinyCase = (typeof CASES)[number];

function allTensors(model: Model): NamedTensors {
  return new Map(model.groups.flatMap((group) => [...model.initial(group, 3, null)]));
}

/** Makes a run of step 12 with 64 px and width 4, and exports it with --pth. */
export async function exportTiny({ method, attributes, choices }: TinyCase, folder: string): Promise<Model> {
  const model = methodOf(method).create({ size: 64, width: 4, attributes, ...choices });
  const run = join(folder, "run");
  await importRun(run, { model, tensors: allTensors(model), step: 12 }, 1);
  const { code, stderr } = await elegant("export", run, join(folder, "pth"), "--pth");
  assert.equal(code, 0, stderr);
  return model;
}

/** The options that name the method and what its files do not contain. */
export const namesOf = ({ method, attributes, size }: TinyCase): string[] => [
  ...["--method", method, "--attributes", ...attributes, ...size],
];
