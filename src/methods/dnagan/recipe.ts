/** What DNA-GAN lets its users choose (../recipe.ts). */
import type { RecipeBook } from "../recipe.js";
import { networkSchema } from "./config.js";
import { DEFAULTS, methodSchema } from "./settings.js";

export const DNAGAN_RECIPES: RecipeBook = {
  method: "dnagan",
  network: networkSchema,
  training: methodSchema,
  isPerAttribute: false,
  presets: { official: { network: { ratio: 0 }, method: DEFAULTS } },
  width: 128,
  // The published code takes 64 pairs of each attribute.
  batch: 64,
  presetOf: () => "official",
  expectSense: () => {}, // All combinations make sense.
};
