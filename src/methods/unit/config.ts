/**
 * The configuration that determines UNIT's networks (Liu, Breuel and Kautz 2017, "Unsupervised Image-to-Image
 * Translation Networks"; mingyuliutw/UNIT, branch version_02, which made the paper's results). Loads no TensorFlow.js.
 */
import { z } from "zod";
import { networkFields, oneAttribute } from "../parse.js";

/** The networks have no choices but their width. */
export const networkSchema = z.object({});

/**
 * The published width is 64. The discriminator halves the side six times. Images of domain A have the attribute, those of
 * domain B lack it; a model has only this one.
 */
export const configSchema = z.object({ method: z.literal("unit"), ...networkFields, attributes: oneAttribute });
export type UnitConfig = z.infer<typeof configSchema>;
