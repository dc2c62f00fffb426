/** Painted photos and their crops for `elegant score`, in a folder of the tests. */
import assert from "node:assert/strict";
import { useFolder } from "./folder.js";
import { runHere } from "./in-process.js";
import type { Ended } from "./spawn.js";

/** Runs a command that ends with code 0. */
export async function done(...args: string[]): Promise<Ended> {
  const ended = await runHere(args);
  assert.equal(ended.code, 0, ended.stderr);
  return ended;
}

/** Makes `photos` and `faces` before the tests of the enclosing describe(). @returns what useFolder() returns */
export function useScoring(): (...names: string[]) => string {
  const at = useFolder();
  before(async () => {
    await done("synth", at("photos"), "--count", "60", "--seed", "4", "--workers", "1");
    await done("preprocess", at("photos"), at("faces"), "--size", "64", "--format", "png", "--workers", "1");
  });
  return at;
}
