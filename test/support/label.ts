/** Painted faces without labels, and a labeller of them, for tests of `elegant label`. */
import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runHere } from "./in-process.js";
import type { Ended } from "./spawn.js";

export const COUNT = 60;
export const ONE = ["--device", "wasm", "--workers", "1"];
export const LIST = "list_attr_celeba.txt";
export const PROBABILITIES = "attributes_confidence.csv";

export const elegant = (...args: string[]): Promise<Ended> => runHere(args);

/** Runs a command that must end with code 0. */
export async function done(...args: string[]): Promise<Ended> {
  const ended = await elegant(...args);
  assert.equal(ended.code, 0, ended.stderr);
  return ended;
}

/**
 * Prepares a folder around the tests of a suite: COUNT painted faces as image files in `faces` and as raw pixels in `raw`, and a
 * labeller that was trained on them, `l.safetensors`.
 * @returns `at` joins names to the folder's path; `unlabelled` makes a folder in it with the faces without their labels
 */
export function useLabeller(): {
  readonly at: (...names: string[]) => string;
  readonly unlabelled: (name: string) => Promise<string>;
} {
  let folder: string;
  const at = (...names: string[]): string => join(folder, ...names);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "elegant-test-"));
    await done("synth", at("photos"), "--count", `${COUNT}`, "--seed", "4", "--workers", "2");
    for (const [format, name] of [
      ["png", "faces"],
      ["raw", "raw"],
    ] as const) {
      await done("preprocess", at("photos"), at(name), "--size", "64", "--format", format, "--workers", "1");
    }
    const trained = ["label", "--train-on", at("faces"), "--model-out", at("l.safetensors"), "--passes", "8"];
    const { stdout, stderr } = await done(...trained, ...ONE);
    assert.match(stdout, /trained on \d+ pictures in \d+ updates, tested on 12/);
    assert.match(stdout, /attribute +right +both sides +majority\n +Arched_Eyebrows/);
    assert.match(stdout, /confidence +open +right\n +0\.5 +0\.0 %/);
    assert.match(stderr, /not learned, for too few pictures with or without them: .*Attractive/);
  });
  after(() => rm(folder, { recursive: true, force: true }));
  return {
    at,
    unlabelled: async (name) => {
      await mkdir(at(name), { recursive: true });
      await symlink(at("faces/images"), at(name, "images"));
      for (const list of ["list_eval_partition.txt", "list_landmarks_celeba.txt"]) {
        await copyFile(at("faces", list), at(name, list));
      }
      return at(name);
    },
  };
}
