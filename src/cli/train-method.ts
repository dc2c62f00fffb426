/** The options of `elegant train` that select the method: its name, a preset, and changes of its choices. */
import { type Command, Option } from "commander";
import { describeMismatch, InputError } from "../errors.js";
import { UPSAMPLINGS } from "../methods/elegant/config.js";
import type { Recipe, RecipeBook } from "../methods/recipe.js";
import { METHOD_NAMES, recipesOf } from "../methods/recipes.js";
import { parseChoices } from "./choices.js";
import { number } from "./command.js";

export interface MethodOptions {
  readonly method: string;
  readonly preset?: string;
  readonly learningRate?: number;
  /** Choices as NAME=VALUE. */
  readonly set?: readonly string[];
  readonly ema?: number;
  readonly r1?: number;
  readonly flip?: boolean;
  readonly upsampling?: (typeof UPSAMPLINGS)[number];
  /** The recipe of the run that is resumed, which is then used instead of the preset's. */
  readonly recalled?: RecalledRecipe;
}

export interface RecalledRecipe extends Recipe {
  /** True if the run was trained by this recipe, so that it refuses every change. An imported model has none yet. */
  readonly isFixed: boolean;
}

export function withMethodOptions(command: Command): Command {
  return command
    .addOption(new Option("--method <name>", "which system to train").choices(METHOD_NAMES).default("elegant"))
    .option(
      "--preset <name>",
      "elegant: modern (clean pictures), official (the published code) or paper; the others: official (default: the first)",
    )
    .option(
      "--set <choices...>",
      "change choices of the preset, as in joint=off r1Every=16; docs/training.md lists all choices",
    )
    .option("--learning-rate <x>", "learning rate at the start (default: the preset's)", number(1e-8, 1))
    .option("--ema <decay>", "decay of the generator's moving average, which edits use", number(0, 0.999999))
    .option("--r1 <gamma>", "weight of the gradient penalty on real images", number(0, 1e6))
    .option("--flip", "mirror each training image with probability 1/2")
    .addOption(
      new Option(
        "--upsampling <name>",
        "how the decoder enlarges: transposed (as published) or resize (avoids checkerboards)",
      ).choices(UPSAMPLINGS),
    );
}

const optionOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The recipe of a preset. @throws InputError if the method does not have it */
function presetOf({ method, presets }: RecipeBook, name = Object.keys(presets)[0]): Recipe {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset !== undefined) return preset;
  const remedy = "Add --help for what they are.";
  const expected = `a preset of ${method} (${Object.keys(presets).join(", ")})`;
  throw new InputError(describeMismatch("--preset", expected, `'${name}'`, remedy));
}

/**
 * The preset, or the recipe of the resumed run, with the user's changes.
 * @throws InputError for a choice that does not exist, is given twice, or makes no sense next to the others
 */
export function chooseRecipe(options: MethodOptions): Recipe {
  const { set = [], learningRate, ema, r1, flip, upsampling, recalled } = options;
  const book = recipesOf(options.method);
  const chosen = parseChoices(set, book);
  const named = Object.entries({ learningRate, ema, r1, flip, upsampling }).filter(([, value]) => value !== undefined);
  const shapes = { ...book.network.shape, ...book.training.shape };
  for (const [name] of named) {
    if (chosen.has(name)) {
      throw new InputError(describeMismatch(`--set ${name}`, `without ${optionOf(name)}`, "both", "Give one of them."));
    }
    if (!Object.hasOwn(shapes, name)) {
      const remedy = `Its choices are ${Object.keys(shapes).join(", ")}.`;
      throw new InputError(describeMismatch(optionOf(name), `a choice of ${book.method}`, name, remedy));
    }
  }
  const { network, method } = recalled ?? presetOf(book, options.preset);
  const changed = { ...network, ...method, ...Object.fromEntries([...chosen, ...named]) };
  const result = { network: book.network.parse(changed), method: book.training.parse(changed) };
  // A run that was trained by another recipe refuses it as a whole, and names the choice that differs.
  if (recalled?.isFixed !== true) book.expectSense(result);
  return result;
}
