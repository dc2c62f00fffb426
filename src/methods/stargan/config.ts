/**
 * The configuration that determines StarGAN's networks (Choi et al. 2018, "StarGAN: Unified Generative Adversarial
 * Networks for Multi-Domain Image-to-Image Translation"). Loads no TensorFlow.js.
 */
import { z } from "zod";
import { networkFields } from "../parse.js";

/** Each convolution of the discriminator halves the side. */
const MAX_LAYERS = 6;

/** The choices that make the networks. */
export const networkSchema = z.object({
  /** Residual blocks of the generator; the published code has 6. */
  generatorBlocks: z.number().int().min(0).max(12).default(6),
  /** Convolutions of the discriminator before its heads; the published code has 6. */
  discriminatorLayers: z.number().int().min(1).max(MAX_LAYERS).default(MAX_LAYERS),
});

/** The published width is 64. The attributes are in the order of the labels. */
export const configSchema = networkSchema.extend({ method: z.literal("stargan"), ...networkFields });
export type StarganConfig = z.infer<typeof configSchema>;

/** Returns the side of the discriminator's patch scores, and of the filter that makes its attributes' scores. */
export function patchSide({ size, discriminatorLayers }: Pick<StarganConfig, "size" | "discriminatorLayers">): number {
  return size / 2 ** discriminatorLayers;
}
