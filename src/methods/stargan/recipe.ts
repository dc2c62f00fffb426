/** What StarGAN lets its users choose (../recipe.ts). */
import type { RecipeBook } from "../recipe.js";
import { networkSchema } from "./config.js";
import { DEFAULTS, methodSchema } from "./settings.js";

export const STARGAN_RECIPES: RecipeBook = {
  method: "stargan",
  network: networkSchema,
  training: methodSchema,
  isPerAttribute: false,
  presets: { official: { network: { generatorBlocks: 6, discriminatorLayers: 6 }, method: DEFAULTS } },
  width: 64,
  batch: 8, // 16 images
  presetOf: () => "official",
  expectSense: () => {}, // All combinations make sense.
};
