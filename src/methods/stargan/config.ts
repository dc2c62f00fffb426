/**
 * The configuration that determines StarGAN's networks (Choi et al. 2018, "StarGAN: Unified Generative Adversarial
 * Networks for Multi-Domain Image-to-Image Translation"). Loads no TensorFlow.js.
 */
import { z } from "zod";
import { describeMismatch, InputError } from "../../errors.js";

const MAX_WIDTH = 128;
/** Each convolution of the discriminator halves the side. */
const MAX_LAYERS = 6;

const fieldsSchema = z.object({
  method: z.literal("stargan"),
  /** Side of the square images in pixels. */
  size: z.union([z.literal(64), z.literal(128), z.literal(256)]),
  /** Channels of the first layer of both networks; the published code has 64. */
  width: z.number().int().min(4).max(MAX_WIDTH).multipleOf(4),
  /** Names of the attributes, in the order of the labels. */
  attributes: z.array(z.string().min(1)).min(1),
  /** Residual blocks of the generator; the published code has 6. */
  generatorBlocks: z.number().int().min(0).max(12).default(6),
  /** Convolutions of the discriminator before its heads; the published code has 6. */
  discriminatorLayers: z.number().int().min(1).max(MAX_LAYERS).default(MAX_LAYERS),
});
export type StarganConfig = z.infer<typeof fieldsSchema>;

/**
 * Checks the configuration in a model file.
 * @param source the file's name for the message
 * @throws InputError if it is not a valid configuration
 */
export function parseConfig(config: unknown, source: string): StarganConfig {
  const parsed = fieldsSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const received = `${path.join(".")}: ${message}`;
  throw new InputError(
    describeMismatch(`${source}: config`, "StarGAN's configuration", received, "The file is damaged; fetch it again."),
  );
}

/** Returns the side of the discriminator's patch scores, and of the filter that makes its attributes' scores. */
export function patchSide({ size, discriminatorLayers }: StarganConfig): number {
  return size / 2 ** discriminatorLayers;
}
