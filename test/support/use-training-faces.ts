/** Painted faces for `elegant train` and `elegant plan`, which both measure costs and store them in a cache. */
import { useCacheHome } from "./cache.js";
import { writeFaces } from "./faces.js";
import { useFolder } from "./folder.js";
import { runHere } from "./in-process.js";
import type { Ended } from "./spawn.js";

const MODEL = "--attributes Bangs Smiling --size 64 --width 4 --batch 2 --device wasm --workers 1".split(" ");

/** The words of a training of the smallest possible model. */
export const SMALL = ["--preset", "official", ...MODEL];

/** Plans any command. */
export const plan = (...args: string[]): Promise<Ended> => runHere(["plan", ...args]);

/**
 * Writes 12 faces, and uses an empty cache, for the tests of the enclosing describe().
 * @returns paths in the folder of the tests and of the faces; a training of the smallest model on them, and its plan
 */
export function useTrainingFaces() {
  const at = useFolder();
  const data = (): string => at("faces");
  let giveBackCache: () => void;

  before(async () => {
    await writeFaces(data(), 12);
    // A training as long as the default one first measures its costs and stores them.
    giveBackCache = useCacheHome(at("cache"));
  });

  after(() => giveBackCache());

  return {
    at,
    data,
    train: (run: string, ...more: string[]): Promise<Ended> =>
      runHere(["train", data(), "--out", run, ...SMALL, ...more]),
    planTraining: (...more: string[]): Promise<Ended> => plan("train", data(), ...MODEL, ...more),
  };
}
