/** Tiny comparisons of `elegant table`. */
import { runHere } from "./in-process.js";
import type { Ended } from "./spawn.js";

export const elegant = (...args: string[]): Promise<Ended> => runHere(args);

export const QUICK =
  "--features random-inception --dims 64 --limit 4 --pairs 2 --width 4 --device wasm --workers 2".split(" ");
