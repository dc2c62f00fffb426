/** The models that ship with the package, by the short names that stand for their files wherever it is installed. */
import { existsSync } from "node:fs";
import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { describeMismatch, InputError } from "../errors.js";
import { suggest } from "../suggest.js";

const asset = (file: string): string => fileURLToPath(new URL(`../../../assets/${file}`, import.meta.url));

/** Eyeglasses and Bangs at 64 px, trained on painted faces and of use for these alone (assets/README.md). */
export const PAINTED = "painted";

export const SHIPPED_MODELS: Readonly<Record<string, string>> = { [PAINTED]: asset("synth-64.safetensors") };

export interface ModelLocation {
  readonly path: string;
  readonly warnings: readonly string[];
}

/**
 * Finds a model by the short name of a shipped one or by its path. A short name always means the shipped model; `./NAME`
 * means the file or folder of that name, and a warning says so if there is one.
 * @returns a path, which need not exist unless it belongs to a shipped model
 * @throws InputError for a bare name that is neither in this folder nor a shipped model; it suggests the nearest one
 */
export function locateModel(model: string): ModelLocation {
  const names = Object.keys(SHIPPED_MODELS);
  if (names.includes(model)) {
    const warning = `model ${model}: this is the model that ships with elegant-faces. Write ./${model} for the one in this folder.`;
    return { path: SHIPPED_MODELS[model], warnings: existsSync(model) ? [warning] : [] };
  }
  const isBareName = basename(model) === model && extname(model) === "";
  if (isBareName && !existsSync(model)) {
    const expected = `a run's folder, a checkpoint, a generator file or the name of a shipped model (${names.join(", ")})`;
    const nearest = suggest(model, names);
    const remedy = nearest === null ? "Check the path." : `Did you mean '${nearest}'?`;
    throw new InputError(describeMismatch("model", expected, `'${model}', which is not there`, remedy));
  }
  return { path: model, warnings: [] };
}
