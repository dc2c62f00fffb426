/** What `elegant table` trains: the systems, their models and their share of the time. Loads no TensorFlow.js. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { describeMismatch, InputError } from "../errors.js";
import { ensureDir, writeFileAtomic } from "../files.js";
import { parseJson } from "../json.js";
import type { Choices } from "../methods/recipe.js";
import { METHOD_NAMES, recipesOf } from "../methods/recipes.js";
import { suggest } from "../suggest.js";

const PLAN_FILE = "plan.json";

const planSchema = z.object({
  data: z.string(),
  attributes: z.array(z.string()),
  systems: z.array(z.string()),
  size: z.number(),
  width: z.number().nullable(),
  seed: z.number(),
  /** Seconds of updates for each system, or updates; the other one is null. */
  seconds: z.number().nullable(),
  updates: z.number().nullable(),
});
/** Everything that decides what the folder's runs are. */
export type ComparisonPlan = z.infer<typeof planSchema>;

/** A model to train. */
export interface PlannedModel {
  readonly attributes: readonly string[];
  /** The run's folder. */
  readonly folder: string;
  /** Its share of the system's budget. */
  readonly share: number;
}

/** A row of the table: a method with a preset. */
export interface PlannedSystem {
  /** As the user named it: "cyclegan", or "elegant:official". */
  readonly name: string;
  readonly method: string;
  readonly width: number;
  readonly batch: number;
  readonly network: Choices;
  readonly training: Choices;
  readonly models: readonly PlannedModel[];
}

/**
 * Finds the system that a user names: a method, or a method and one of its presets.
 * @throws InputError for an unknown one
 */
function findSystem(name: string): { readonly method: string; readonly preset: string } {
  const [method, preset, ...rest] = name.split(":");
  if (!METHOD_NAMES.includes(method) || rest.length > 0) {
    const meant = suggest(method, METHOD_NAMES);
    const remedy = meant === null ? `Systems are ${METHOD_NAMES.join(", ")}.` : `Did you mean ${meant}?`;
    throw new InputError(describeMismatch("--systems", "the name of a system, or NAME:PRESET", `'${name}'`, remedy));
  }
  const presets = Object.keys(recipesOf(method).presets);
  const chosen = preset ?? presets[0];
  if (presets.includes(chosen)) return { method, preset: chosen };
  throw new InputError(
    describeMismatch(`--systems ${name}`, `a preset of ${method}`, `'${chosen}'`, `It has ${presets.join(", ")}.`),
  );
}

/**
 * Plans the systems' models. CycleGAN and UNIT have one for each attribute, which share the system's budget.
 * @param folder the comparison's
 * @throws InputError for an unknown system or one that is named twice
 */
export function planSystems(plan: ComparisonPlan, folder: string): readonly PlannedSystem[] {
  const twice = plan.systems.find((name, i) => plan.systems.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new InputError(describeMismatch("--systems", "each one once", `'${twice}' twice`, "Remove one."));
  }
  return plan.systems.map((name) => {
    const { method, preset } = findSystem(name);
    const book = recipesOf(method);
    const runs = join(folder, "runs", name.replace(":", "-"));
    const models = book.isPerAttribute
      ? plan.attributes.map((attribute) => ({
          attributes: [attribute],
          folder: join(runs, attribute),
          share: 1 / plan.attributes.length,
        }))
      : [{ attributes: plan.attributes, folder: runs, share: 1 }];
    const { network, method: training } = book.presets[preset];
    return { name, method, width: plan.width ?? book.width, batch: book.batch, network, training, models };
  });
}

/**
 * Keeps the plan in the folder, or checks that it is the one of the work that was begun there.
 * @throws InputError that names the first difference
 */
export async function keepPlan(folder: string, plan: ComparisonPlan): Promise<void> {
  const path = join(folder, PLAN_FILE);
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) {
    await ensureDir(folder);
    await writeFileAtomic(path, `${JSON.stringify(plan, null, 1)}\n`);
    return;
  }
  const saved = parseJson(planSchema, text);
  if (saved === null) {
    throw new InputError(describeMismatch(path, "the plan of a table", "something else", "Choose another --out."));
  }
  for (const [key, expected] of Object.entries(saved)) {
    const received = plan[key as keyof ComparisonPlan];
    if (JSON.stringify(received) === JSON.stringify(expected)) continue;
    const words = (value: unknown): string => (value === null ? "none" : `${value}`);
    const remedy = "Give the options with which it was begun, or choose another --out.";
    throw new InputError(describeMismatch(`--out ${folder}: ${key}`, words(expected), words(received), remedy));
  }
}
