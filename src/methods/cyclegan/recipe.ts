/** What CycleGAN lets its users choose (../recipe.ts). */
import type { RecipeBook } from "../recipe.js";
import { networkSchema } from "./config.js";
import { DEFAULTS, methodSchema } from "./settings.js";

export const CYCLEGAN_RECIPES: RecipeBook = {
  method: "cyclegan",
  network: networkSchema,
  training: methodSchema,
  isPerAttribute: true,
  presets: { official: { network: { generatorBlocks: 9, poolSize: 50 }, method: DEFAULTS } },
  width: 64,
  batch: 1,
  presetOf: () => "official",
  expectSense: () => {}, // All combinations make sense.
};
