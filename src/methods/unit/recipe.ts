/** What UNIT lets its users choose (../recipe.ts). */
import type { RecipeBook } from "../recipe.js";
import { networkSchema } from "./config.js";
import { methodSchema, PUBLISHED } from "./settings.js";

export const UNIT_RECIPES: RecipeBook = {
  method: "unit",
  network: networkSchema,
  training: methodSchema,
  isPerAttribute: true,
  presets: { official: { network: {}, method: PUBLISHED } },
  width: 64,
  batch: 1,
  presetOf: () => "official",
  expectSense: () => {}, // All combinations make sense.
};
