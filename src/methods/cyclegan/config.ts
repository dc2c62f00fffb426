/**
 * The configuration that determines CycleGAN's networks (Zhu et al. 2017, "Unpaired Image-to-Image Translation using
 * Cycle-Consistent Adversarial Networks"). Loads no TensorFlow.js.
 */
import { z } from "zod";
import { describeMismatch, InputError } from "../../errors.js";

const MAX_WIDTH = 128;

const fieldsSchema = z.object({
  method: z.literal("cyclegan"),
  /** Side of the square images in pixels. */
  size: z.union([z.literal(64), z.literal(128), z.literal(256)]),
  /** Channels of the first layer of all networks; the published code has 64. */
  width: z.number().int().min(4).max(MAX_WIDTH).multipleOf(4),
  /** The one attribute that separates the two domains: A has it, B does not. */
  attributes: z.tuple([z.string().min(1)]),
  /** Residual blocks of each generator; the published code has 9. */
  generatorBlocks: z.number().int().min(0).max(12).default(9),
  /** Translated images of each domain that are kept for the discriminators; the published code keeps 50. */
  poolSize: z.number().int().min(1).max(1000).default(50),
});
export type CycleganConfig = z.infer<typeof fieldsSchema>;

/**
 * Checks the configuration in a model file.
 * @param source the file's name for the message
 * @throws InputError if it is not a valid configuration
 */
export function parseConfig(config: unknown, source: string): CycleganConfig {
  const parsed = fieldsSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [{ path, message }] = parsed.error.issues;
  const received = `${path.join(".")}: ${message}`;
  throw new InputError(
    describeMismatch(`${source}: config`, "CycleGAN's configuration", received, "The file is damaged; fetch it again."),
  );
}
