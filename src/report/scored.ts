/** score.json: the quality of a run's edits, as measured by `elegant score`. Other programs read it, too. */
import { z } from "zod";
import { parseJson } from "../json.js";

/** The file's name within a run's folder. */
export const RUN_SCORE_FILE = "score.json";

const truthFields = {
  /** PSNR against the truth minus that of the unchanged input, in dB: in the region, and over the whole image. */
  regionGain: z.number(),
  wholeGain: z.number(),
  /** PSNR of the swap against the input outside the region, in dB. */
  outside: z.number(),
  /** Share of the needed change that is right; 1 is the truth. */
  rightShare: z.number(),
};

const attributeSchema = z.object({
  name: z.string(),
  direction: z.enum(["added", "removed"]),
  /** Number of pairs on which all numbers of this row were measured. */
  pairs: z.number().int(),
  /** Noise of the change: root mean square in grey levels. */
  noise: z.number(),
  /** PSNR against the input of its own decoded latent, in dB; 68.1 is exact. */
  reconstruction: z.number(),
  ...z.object(truthFields).partial().shape,
  /** Share of swaps in which the classifier finds the wanted attribute. */
  hit: z.number().optional(),
  /** Share of the classifier's decisions on all other attributes that are the same as for the input. */
  kept: z.number().optional(),
  /** Share of pairs whose face descriptors differ by less than 0.6, and the mean distance. */
  same: z.number().optional(),
  distance: z.number().optional(),
});
export type AttributeScore = z.infer<typeof attributeSchema>;

export const runScoresSchema = z.object({
  /** The model's file, and the folder of the data. */
  model: z.string(),
  data: z.string(),
  /** Held-out images of the data. `listed` is false if they are the last tenth because there is no partition list. */
  heldOut: z.object({ pictures: z.number().int(), listed: z.boolean() }),
  pairs: z.number().int(),
  noise: z.number(),
  reconstruction: z.number(),
  truth: z.object({ pairs: z.number().int(), noise: z.number(), ...truthFields }).optional(),
  hit: z.number().optional(),
  kept: z.number().optional(),
  /**
   * One row per edited attribute. A column is the share of the classifier's decisions on its attribute that the edit
   * reverses.
   */
  leakage: z.array(z.array(z.number())).optional(),
  identity: z.object({ pairs: z.number().int(), same: z.number(), distance: z.number() }).optional(),
  fid: z
    .object({
      features: z.string(),
      dims: z.number().int(),
      comparable: z.boolean(),
      heldOut: z.boolean(),
      attributes: z.array(
        z.object({
          name: z.string(),
          pairs: z.number().int(),
          added: z.number(),
          removed: z.number(),
          /** Distance of the two sides, which is the score of doing nothing. */
          unedited: z.number(),
        }),
      ),
    })
    .optional(),
  attributes: z.array(attributeSchema),
  classifier: z
    .object({
      file: z.string(),
      seed: z.number().int(),
      updates: z.number().int(),
      /** Number of images that it was trained and tested on. */
      training: z.number().int(),
      heldOut: z.number().int(),
      /**
       * Mean of the shares of right decisions on held-out images with and without the attribute; null if one side is
       * missing.
       */
      attributes: z.array(z.object({ name: z.string(), accuracy: z.number().nullable() })),
    })
    .optional(),
});
export type RunScores = z.infer<typeof runScoresSchema>;

/** Reads score.json; null for a text that is not one, such as a file of another version. */
export function parseRunScores(text: string): RunScores | null {
  return parseJson(runScoresSchema, text);
}
