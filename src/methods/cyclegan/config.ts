/**
 * The configuration that determines CycleGAN's networks (Zhu et al. 2017, "Unpaired Image-to-Image Translation using
 * Cycle-Consistent Adversarial Networks"). Loads no TensorFlow.js.
 */
import { z } from "zod";
import { networkFields, oneAttribute } from "../parse.js";

/** The choices that make the networks and the pools. */
export const networkSchema = z.object({
  /** Residual blocks of each generator; the published code has 9. */
  generatorBlocks: z.number().int().min(0).max(12).default(9),
  /** Translated images of each domain that are kept for the discriminators; the published code keeps 50. */
  poolSize: z.number().int().min(1).max(1000).default(50),
});

/** The published width is 64. Images of domain A have the attribute, those of domain B lack it. */
export const configSchema = networkSchema.extend({
  method: z.literal("cyclegan"),
  ...networkFields,
  attributes: oneAttribute,
});
export type CycleganConfig = z.infer<typeof configSchema>;
