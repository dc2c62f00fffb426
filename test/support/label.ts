/** Photos without labels for tests of `elegant label`. */
import assert from "node:assert/strict";
import { runHere } from "./in-process.js";
import type { Ended } from "./spawn.js";

export const COUNT = 60;

export const ONE = ["--device", "wasm", "--workers", "1"];

export const LIST = "list_attr_celeba.txt";

export const PROBABILITIES = "attributes_confidence.csv";

export const elegant = (...args: string[]): Promise<Ended> => runHere(args);

export async function done(...args: string[]): Promise<Ended> {
  const ended = await elegant(...args);
  assert.equal(ended.code, 0, ended.stderr);
  return ended;
}
