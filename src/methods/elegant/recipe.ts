/** What ELEGANT lets its users choose (../recipe.ts). */
import { describeMismatch, InputError } from "../../errors.js";
import { formatChoice } from "../choice-words.js";
import type { RecipeBook } from "../recipe.js";
import { type NetworkChoices, networkSchema } from "./config.js";
import { type MethodSettings, methodSchema, PRESETS } from "./presets.js";

function expectSense(network: NetworkChoices, method: MethodSettings): void {
  const { edit, mask, condition } = network;
  const { reconstruction, maskWeight, r1, r1Every, others } = method;
  const rules: readonly (readonly [
    isBroken: boolean,
    name: string,
    expected: string,
    received: unknown,
    why: string,
  ])[] = [
    [
      edit === "difference" && reconstruction !== "none",
      "reconstruction",
      "none with edit=difference",
      reconstruction,
      "The reconstruction is exact there and needs no loss: set reconstruction=none.",
    ],
    [
      edit === "residual" && reconstruction === "none",
      "reconstruction",
      "squared or norm with edit=residual",
      reconstruction,
      "Without it nothing keeps a face as it is: set reconstruction=squared.",
    ],
    [
      !mask && maskWeight > 0,
      "maskWeight",
      "0 with mask=off",
      maskWeight,
      "There is no mask to weigh: set maskWeight=0.",
    ],
    [
      condition === "planes" && others > 0,
      "others",
      "0 with condition=planes",
      others,
      "Only discriminators with a score for each attribute judge the others: set others=0.",
    ],
    [r1 === 0 && r1Every !== 1, "r1Every", "1 with r1=0", r1Every, "There is no penalty to compute: set r1Every=1."],
  ];
  for (const [isBroken, name, expected, received, why] of rules) {
    if (isBroken) throw new InputError(describeMismatch(`--set ${name}`, expected, formatChoice(received), why));
  }
}

export const ELEGANT_RECIPES: RecipeBook = {
  method: "elegant",
  network: networkSchema,
  training: methodSchema,
  isPerAttribute: false,
  presets: PRESETS,
  width: 64,
  batch: 16,
  presetOf: ({ edit }) => (edit === "difference" ? "modern" : "official"),
  expectSense: ({ network, method }) => expectSense(networkSchema.parse(network), methodSchema.parse(method)),
};
