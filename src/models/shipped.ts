/** The models that ship with the package, by the short names that stand for their files wherever it is installed. */
import { existsSync } from "node:fs";
import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { describeMismatch, InputError } from "../errors.js";
import { suggest } from "../suggest.js";

const asset = (file: string): string => fileURLToPath(new URL(`../../../assets/${file}`, import.meta.url));

/** Trained on painted faces, and for painted faces only. */
export const PAINTED = "painted";
/** Trained on photos of CelebA-HQ. */
export const CELEBA_HQ = "celeba-hq";

export interface ShippedModel {
  /** The generator's file. */
  readonly path: string;
  /** The terms of use, which replace the package's MIT licence; null if the licence covers the model. */
  readonly terms: string | null;
}

export const SHIPPED_MODELS: Readonly<Record<string, ShippedModel>> = {
  [PAINTED]: { path: asset("painted-64.safetensors"), terms: null },
  [CELEBA_HQ]: {
    path: asset("celeba-hq-64.safetensors"),
    terms:
      "trained on CelebA-HQ, for non-commercial research only. The MIT licence does not cover it (assets/celeba-hq-64.md)",
  },
};

export interface ModelLocation {
  readonly path: string;
  readonly warnings: readonly string[];
}

/**
 * Finds a model by the short name of a shipped one or by its path. A short name always means the shipped model; `./NAME`
 * means the file or folder of that name, and a warning says so if there is one.
 * @returns a path, which need not exist unless it belongs to a shipped model; the warnings contain a shipped model's terms
 * @throws InputError for a bare name that is neither in this folder nor a shipped model; it suggests the nearest one
 */
export function locateModel(model: string): ModelLocation {
  const names = Object.keys(SHIPPED_MODELS);
  if (names.includes(model)) {
    const { path, terms } = SHIPPED_MODELS[model];
    const warnings: string[] = [];
    if (existsSync(model)) {
      warnings.push(
        `model ${model}: this is the model that ships with elegant-faces. Write ./${model} for the one in this folder.`,
      );
    }
    if (terms !== null) warnings.push(`model ${model}: ${terms}.`);
    return { path, warnings };
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
