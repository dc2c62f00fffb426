/** The fields of a golden file of training updates (elegant-s*.json). */
import { z } from "zod";
import { summarySchema } from "./compare.js";

const summaries = z.record(z.string(), summarySchema);
const scores = z.array(z.number());

const iterationSchema = z.object({
  attribute_id: z.number().int().nonnegative(),
  y_A: z.array(z.array(z.number())),
  y_B: z.array(z.array(z.number())),
  d1_A: scores,
  d1_B: scores,
  d1_C: scores,
  d1_D: scores,
  d2_A: scores,
  d2_B: scores,
  d2_C: scores,
  d2_D: scores,
  loss_D: z.number(),
  loss_G: z.number(),
  "D_loss/D1": z.number(),
  "D_loss/D2": z.number(),
  "G_loss/reconstruction": z.number(),
  "G_loss/adv1": z.number(),
  "G_loss/adv2": z.number(),
});
export type Iteration = z.infer<typeof iterationSchema>;

const firstIterationSchema = iterationSchema.extend({
  z_A: summarySchema,
  z_C: summarySchema,
  z_D: summarySchema,
  A_skip: z.array(summarySchema).length(4),
  R_A: summarySchema,
  R_B: summarySchema,
  R_C: summarySchema,
  R_D: summarySchema,
  A1: summarySchema,
  B1: summarySchema,
  C: summarySchema,
  D: summarySchema,
  "z_A-z_B": summarySchema,
  "R_C-R_A": summarySchema,
  "R_D-R_B": summarySchema,
  grad_D: summaries,
  grad_G: summaries,
});
export type FirstIteration = z.infer<typeof firstIterationSchema>;

export const elegantSchema = z.object({
  seed: z.number().int().nonnegative(),
  img_size: z.number().int(),
  batch: z.number().int().positive(),
  n_attributes: z.number().int().positive(),
  iterations: z.tuple([firstIterationSchema], iterationSchema),
  params_after: summaries,
});
export type ElegantGolden = z.infer<typeof elegantSchema>;
